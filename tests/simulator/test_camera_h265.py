"""A camera that was set to H.265: players play it, it shows the present time, and who watched must ask anew."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import quote

import av
import pytest

from simulator.scene.clock_code import DAY_MS, read_clock
from simulator.scene.lens import Lens
from tests.simulator.cameras import PASSWORD, USER, Client, camera
from tests.simulator.conftest import command


@pytest.mark.peer("ffprobe")
async def test_it_is_h265_to_ffmpeg_and_shows_the_present_time(peer: Callable[[str], str]) -> None:
    there = camera()
    there.open()
    watching = await Client.to(there.port)
    await watching.ask("DESCRIBE", "sub")
    await watching.play("sub")
    there.set_hevc(True)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        while True:
            await watching.packet()
    url = f"rtsp://{USER}:{quote(PASSWORD)}@127.0.0.1:{there.port}/sub"
    told = ("-v", "error", "-rtsp_transport", "tcp", "-print_format", "json", "-show_streams", url)
    status, said = await command(peer("ffprobe"), *told)
    assert status == 0, said
    stream = json.loads(said)["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("hevc", 640, 360)
    late = await asyncio.to_thread(_late_ms, url, 30)
    print(f"glass to decoder: {late}")  # noqa: T201
    assert len(late) == 30
    assert -100 < sorted(late)[15] < 1000
    there.set_lens(Lens(dark=True))
    there.set_hevc(False)
    _, described = await (client := await Client.to(there.port)).ask("DESCRIBE", "sub")
    _, described = await client.ask("DESCRIBE", "sub")
    assert "H264/90000" in described
    client.close()
    there.close()


def _late_ms(url: str, most: int) -> list[float]:
    """Of each picture: how much later it was decoded than its own clock says."""
    late: list[float] = []
    with av.open(url, options={"rtsp_transport": "tcp"}) as opened:
        for frame in opened.decode(video=0):
            plane = frame.planes[0]
            data, step = bytes(plane), plane.line_size
            shown = read_clock([data[line * step : line * step + frame.width] for line in range(frame.height)])
            assert shown is not None
            late.append((time.time() * 1000 - shown) % DAY_MS)
            if len(late) == most:
                break
    return [one - DAY_MS if one > DAY_MS / 2 else one for one in late]
