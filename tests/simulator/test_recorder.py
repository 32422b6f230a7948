"""The recorder of the virtual ward: its index, what faults do to it, and footage that shows the moment asked for."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import av
import pytest

from simulator import faults
from simulator.recorder.tape import DAY, HOUR, SECOND, VIETNAM, Span, Tape
from simulator.rtsp.source import clock_text
from simulator.scene.clock_code import DAY_MS, read_clock
from simulator.services.recorder import RecorderService
from telemetry.clock import SystemClock
from tests.simulator.cameras import Client
from tests.simulator.conftest import Lived
from tests.simulator.test_onvif import RECORDERS

NOW = 1_764_050_400 * SECOND  # Tuesday 25 November 2025, 13:00 in Vietnam
_NTP_1900 = 2_208_988_800


@pytest.fixture
async def small(start: Callable[..., Awaitable[Lived]]) -> Lived:
    """Two cameras and their recorder, on the day of today."""
    lived = await start(ward=RECORDERS)
    lived.clock.step_wall(SystemClock().wall_us() / 1e6 - lived.clock.wall_us() / 1e6)
    lived.simulation.show()
    return lived


def service(lived: Lived) -> RecorderService:
    found = lived.simulation.devices["nvr-1"].service
    assert isinstance(found, RecorderService)
    return found


def spans(lived: Lived, channel: int = 1) -> list[Span]:
    return service(lived).book.spans(channel)


def missing(found: list[Span]) -> list[Span]:
    return [Span(before.end_us, after.begin_us) for before, after in pairwise(found)]


def test_the_past_is_made_up_the_same_each_time_and_has_short_breaks_at_night_only() -> None:
    tape, again, other = (Tape("a", camera, NOW) for camera in ("cam-1", "cam-1", "cam-2"))
    found = tape.spans(NOW, 34, gap=False, locked_clip=False)
    assert found == again.spans(NOW, 34, gap=False, locked_clip=False) != other.spans(NOW, 34, False, False)
    assert NOW - found[0].begin_us >= 34 * DAY
    assert found[-1].end_us == NOW
    breaks = missing(found)
    assert breaks
    assert all(hole.end_us - hole.begin_us <= 150 * SECOND for hole in breaks)
    assert all(1 <= datetime.fromtimestamp(hole.begin_us / 1e6, VIETNAM).hour < 5 for hole in breaks)


async def test_faults_make_the_index_what_they_say(small: Lived) -> None:
    now = small.clock.wall_us()
    sound = spans(small)
    for fault, first_days, holes in (
        ("recorder-gap", 34, 1),
        ("recorder-short", 12, 0),
        ("recorder-locked-clip", 40, 1),
    ):
        faults.switch(small.ward, fault, "nvr-1", True)
        found = spans(small)
        assert (now - found[0].begin_us) // DAY in (first_days, first_days - 1), fault
        long = [hole for hole in missing(found) if hole.end_us - hole.begin_us > HOUR]
        assert len(long) == holes, fault
        faults.switch(small.ward, fault, "nvr-1", False)
        assert spans(small) == sound, fault


async def test_what_is_missed_while_it_does_not_record_stays_missing(small: Lived) -> None:
    begun = small.clock.wall_us()
    small.pass_time(60.0)
    faults.switch(small.ward, "recorder-stop", "nvr-1", True)
    small.simulation.show()
    small.pass_time(600.0)
    assert spans(small)[-1].end_us == begun + 60 * SECOND
    assert not service(small).book.recording(1)
    faults.switch(small.ward, "recorder-stop", "nvr-1", False)
    small.simulation.show()
    small.pass_time(60.0)
    assert missing(spans(small))[-1] == Span(begun + 60 * SECOND, begun + 660 * SECOND)
    faults.switch(small.ward, "camera-offline", "cam-2", True)
    small.simulation.show()
    small.pass_time(120.0)
    assert (service(small).book.recording(1), service(small).book.recording(2)) == (True, False)
    assert spans(small, 2)[-1].end_us == begun + 720 * SECOND
    assert spans(small, 1)[-1].end_us == begun + 840 * SECOND


@dataclass(frozen=True)
class Shown:
    """A replayed picture: when it was taken by its header, and by the clock in it (ms of the day, UTC)."""

    taken_us: int
    clock_ms: int | None
    clean: bool
    discontinuity: bool


async def replayed(client: Client, path: str, *told: str, most: int = 30) -> tuple[str, list[Shown]]:
    """The answer to PLAY, and the pictures until there are `most` or it says goodbye."""
    await client.ask("DESCRIBE", path)
    transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
    status, text = await client.ask("SETUP", f"{path}/trackID=1", transport, "Require: onvif-replay")
    assert status == 200, text
    status, text = await client.ask("PLAY", path, "Require: onvif-replay", *told)
    assert status == 200, text
    pictures: list[Shown] = []
    codec, unit, extension = av.CodecContext.create("h264", "r"), bytearray(), b""
    while len(pictures) < most:
        channel, packet = await client.packet()
        if channel == 1:
            if packet[9] == 203:  # goodbye
                break
            continue
        payload = packet[12:]
        if packet[0] & 0x10:
            assert payload[:4] == struct.pack(">HH", 0xABAC, 3)
            extension, payload = payload[4:16], payload[16:]
        unit += _unit(payload)
        if packet[1] & 0x80:
            for frame in codec.decode(av.Packet(bytes(unit))):
                pictures.append(_shown(frame, extension))
            unit.clear()
    return text, pictures


def _unit(payload: bytes) -> bytes:
    if payload[0] & 0x1F != 28:
        return b"\x00\x00\x00\x01" + payload
    first = payload[1] & 0x80
    head = b"\x00\x00\x00\x01" + bytes([payload[0] & 0xE0 | payload[1] & 0x1F]) if first else b""
    return head + payload[2:]


def _shown(frame: av.VideoFrame, extension: bytes) -> Shown:
    plane = frame.planes[0]
    data, step = bytes(plane), plane.line_size
    rows = [data[line * step : line * step + frame.width] for line in range(frame.height)]
    seconds, fraction = struct.unpack(">II", extension[:8])
    taken = (seconds - _NTP_1900) * SECOND + round(fraction * SECOND / 2**32)
    return Shown(taken, read_clock(rows), bool(extension[8] & 0x80), bool(extension[8] & 0x20))


async def player(lived: Lived) -> Client:
    service_ = service(lived)
    assert service_.rtsp is not None
    client = await Client.to(service_.rtsp.port)
    client.password = lived.running.secrets.password("nvr-1")
    client.realm = service_.rtsp.gate.realm
    return client


def ms_of_day(wall_us: int) -> int:
    return wall_us // 1000 % DAY_MS


async def test_a_moment_of_three_weeks_ago_is_replayed_with_its_own_clock_in_it(small: Lived) -> None:
    asked = datetime.now(UTC).replace(microsecond=0) - timedelta(days=21, hours=3)
    asked_us = round(asked.timestamp()) * SECOND
    client = await player(small)
    told = (f"Range: clock={asked:%Y%m%dT%H%M%S}Z-", "Rate-Control: no")
    answer, pictures = await replayed(client, "replay/2", *told, most=60)
    client.close()
    assert f"Range: clock={clock_text(asked_us)}-" in answer
    assert "Rate-Control: no" in answer
    assert [one.taken_us for one in pictures] == [asked_us + index * 40_000 for index in range(60)]
    assert [one.clock_ms for one in pictures] == [ms_of_day(one.taken_us) for one in pictures]
    assert [index for index, one in enumerate(pictures) if one.clean] == [0, 25, 50]
    assert [one.discontinuity for one in pictures[:26]] == [True] + [False] * 25
    client = await player(small)
    began = asyncio.get_running_loop().time()
    assert (await replayed(client, "replay/2", *told, most=60))[1] == pictures
    assert asyncio.get_running_loop().time() - began < 2.4, "as fast as it is taken, not in real time"
    client.close()


async def test_a_moment_in_a_hole_is_answered_by_what_comes_after_it(small: Lived) -> None:
    faults.switch(small.ward, "recorder-gap", "nvr-1", True)
    hole = max(missing(spans(small)), key=lambda one: one.end_us - one.begin_us)
    client = await player(small)
    begin = f"Range: clock={clock_text(hole.begin_us - 2 * SECOND)}-{clock_text(hole.end_us + SECOND)}"
    _, pictures = await replayed(client, "replay/1", begin, "Rate-Control: no", "Frames: intra")
    client.close()
    before, after = hole.begin_us, hole.end_us
    assert [one.taken_us for one in pictures] == [before - 2 * SECOND, before - SECOND, after]
    assert [one.discontinuity for one in pictures] == [True, False, True]


async def test_a_recorder_whose_clock_is_wrong_gives_what_was_true_at_another_time(small: Lived) -> None:
    faults.switch(small.ward, "clock-drift", "nvr-1", True)
    asked_us = (small.clock.wall_us() - 5 * DAY) // SECOND * SECOND
    client = await player(small)
    told = (f"Range: clock={clock_text(asked_us)}-", "Rate-Control: no")
    _, pictures = await replayed(client, "replay/1", *told, most=2)
    client.close()
    assert pictures[0].taken_us == asked_us, "by its own clock it is what was asked for"
    assert pictures[0].clock_ms == ms_of_day(asked_us - 420 * SECOND)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("Range: clock=20990101T000000Z-", 457),
        ("Range: clock=yesterday", 457),
        ("Range: clock=20250101T000000Z-20250102T000000Z", 457),
        ("Require: com.example.time-travel", 551),
    ],
)
async def test_what_there_is_not_is_refused(small: Lived, told: str, status: int) -> None:
    client = await player(small)
    await client.ask("DESCRIBE", "replay/1")
    transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
    assert (await client.ask("SETUP", "replay/1/trackID=1", transport))[0] == 200
    assert (await client.ask("PLAY", "replay/1", told))[0] == status
    client.close()


async def test_a_channel_is_seen_live_through_the_recorder_while_its_camera_is_there(small: Lived) -> None:
    client = await player(small)
    await client.ask("DESCRIBE", "live/1/sub")
    transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
    assert (await client.ask("SETUP", "live/1/sub/trackID=1", transport))[0] == 200
    assert (await client.ask("PLAY", "live/1/sub"))[0] == 200
    assert (await client.packet())[0] in (0, 1)
    faults.switch(small.ward, "camera-offline", "cam-1", True)
    small.simulation.show()
    loop = asyncio.get_running_loop()
    last = loop.time()
    with pytest.raises(TimeoutError):
        while loop.time() - last < 5.0:
            await asyncio.wait_for(client.packet(), 1.0)  # a picture is due each 40 ms
            last = loop.time()
    faults.switch(small.ward, "camera-offline", "cam-1", False)
    small.pass_time(6.0)
    assert (await client.packet())[0] in (0, 1)
    client.close()
