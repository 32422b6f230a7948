"""A virtual camera on the wire: real players play it, everybody else is told no in RTSP's own words."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from urllib.parse import quote

import psutil
import pytest

from camera.relay.rtsp import StreamError
from simulator.rtsp import connection
from simulator.rtsp.message import BadRequestError, Parser
from simulator.rtsp.rtp import Sender
from simulator.rtsp.server import MOST_CONNECTIONS, RtspCamera
from telemetry.readings import ReasonCode
from tests.simulator.cameras import PASSWORD, USER, Client, address, camera, until, watched
from tests.simulator.conftest import command

LOGIN = f"{USER}:{quote(PASSWORD)}"


@pytest.fixture
async def there() -> AsyncIterator[RtspCamera]:
    opened = camera()
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
async def client(there: RtspCamera) -> AsyncIterator[Client]:
    made = await Client.to(there.port)
    yield made
    made.close()


@pytest.mark.peer("ffprobe")
@pytest.mark.parametrize(("path", "width", "height"), [("main", 1280, 720), ("sub", 640, 360)])
async def test_ffmpeg_plays_it_without_an_error(
    there: RtspCamera, peer: Callable[[str], str], path: str, width: int, height: int
) -> None:
    url = f"rtsp://{LOGIN}@127.0.0.1:{there.port}/{path}"
    told = ("-v", "error", "-rtsp_transport", "tcp", "-print_format", "json", "-show_streams", "-show_packets")
    status, said = await command(peer("ffprobe"), *told, "-read_intervals", "%+3", url)
    assert status == 0
    seen = json.loads(said)
    stream = seen["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", width, height)
    times = [float(packet["pts_time"]) for packet in seen["packets"] if "pts_time" in packet]
    rate = (len(times) - 1) / (max(times) - min(times))
    bits = sum(int(packet["size"]) for packet in seen["packets"]) * 8 / (max(times) - min(times))
    print(f"{path}: {rate:.1f} pictures/s, {bits / 1e3:.0f} kbit/s")  # noqa: T201
    assert rate == pytest.approx(25.0, abs=1.0)
    status, said = await command(
        peer("ffmpeg"), "-v", "warning", "-xerror", "-err_detect", "explode", "-rtsp_transport", "tcp", "-i", url,
        "-t", 2, "-f", "null", "-",
    )  # fmt: skip
    assert (status, said) == (0, "")


async def test_the_relay_gets_every_picture_with_the_present_time_in_it(there: RtspCamera) -> None:
    pictures = await asyncio.to_thread(watched, address(there.port), 4.0)
    assert len(pictures) > 50
    late = [came - shown for came, shown, _ in pictures if shown is not None]
    assert len(late) == len(pictures), "a picture without a readable clock"
    steps = sorted(
        after - before for before, after in pairwise([shown for _, shown, _ in pictures if shown is not None])
    )
    print(f"glass to decoder: median {sorted(late)[len(late) // 2]:.0f} ms, most {max(late):.0f} ms")  # noqa: T201
    assert 0 <= sorted(late)[len(late) // 2] < 200
    assert 35 <= steps[len(steps) // 2] <= 45
    assert all(step >= 0 for step in steps)  # a camera that catches up makes several in one millisecond


@pytest.mark.parametrize("path", ["main", "sub"])
async def test_a_wrong_password_gets_401_and_nothing_else(there: RtspCamera, client: Client, path: str) -> None:
    with pytest.raises(StreamError) as refused:
        await asyncio.to_thread(watched, address(there.port, path, "x"), 2.0)
    assert refused.value.reason.code == ReasonCode.WRONG_CREDENTIALS
    for method in ("DESCRIBE", "SETUP", "PLAY"):
        status, said = await client.ask(method, path, password="x")
        assert status == 401
        assert "sprop" not in said
        assert "Session" not in said
    assert there.streams[path].viewers == 0


async def test_guessing_goes_on_for_five_tries_in_one_connection(client: Client) -> None:
    for _ in range(5):
        assert (await client.ask("DESCRIBE", "main", password="x"))[0] == 401
    assert await client.reader.read() == b""


async def test_a_password_in_the_clear_is_taken_only_where_that_is_allowed(there: RtspCamera) -> None:
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    old = camera(basic=True)
    old.open()
    try:
        for server, expected in ((there, 401), (old, 200)):
            one = await Client.to(server.port)
            assert (await one.ask("DESCRIBE", "main", f"Authorization: Basic {basic}"))[0] == expected
            for wrong in ("!!", base64.b64encode(b"wardwatch:x").decode()):
                assert (await one.ask("DESCRIBE", "sub", f"Authorization: Basic {wrong}", password=None))[0] == 401
            one.close()
    finally:
        old.close()


async def test_describe_offers_the_parameter_sets_and_costs_no_picture(there: RtspCamera, client: Client) -> None:
    assert (await client.ask("OPTIONS", "main"))[0] == 200
    assert (await client.ask("DESCRIBE", "main"))[0] == 401
    status, said = await client.ask("DESCRIBE", "main")
    assert status == 200
    assert "packetization-mode=1" in said
    assert "sprop-parameter-sets=" in said
    assert "a=framerate:25" in said
    assert not any(stream.film.has(number) for stream in there.streams.values() for number in range(10))


async def test_a_new_viewer_waits_for_the_keyframe_and_gets_whole_pictures(there: RtspCamera, client: Client) -> None:
    early = await Client.to(there.port)
    await early.ask("DESCRIBE", "sub")
    await early.play("sub")
    await early.packet()
    await client.ask("DESCRIBE", "sub")
    await client.play("sub", channels="4-5")
    sequences, markers, kinds = [], 0, []
    while markers < 3:
        channel, packet = await client.packet()
        if channel == 5:
            continue
        assert channel == 4
        flags, sequence, _, source = struct.unpack_from(">xBHII", packet)
        assert source == there.streams["sub"].ssrc
        sequences.append(sequence)
        kinds.append(packet[12] & 0x1F)
        markers += flags >> 7
    assert kinds[:2] == [7, 8]
    assert [(after - before) % 65536 for before, after in pairwise(sequences)] == [1] * (len(sequences) - 1)
    early.close()


async def test_sender_reports_tell_the_wall_time(client: Client) -> None:
    await client.ask("DESCRIBE", "sub")
    await client.play("sub")
    while (got := await client.packet())[0] != 1:
        pass
    kind, _, source, seconds = struct.unpack_from(">xBHII", got[1])
    assert kind == 200
    assert source
    assert abs(seconds - 2_208_988_800 - time.time()) < 2


async def test_states_and_addresses_that_do_not_fit_have_their_own_answers(client: Client) -> None:
    await client.ask("DESCRIBE", "main")
    tcp = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
    assert (await client.ask("DESCRIBE", "cellar"))[0] == 404
    assert (await client.ask("PLAY", "main"))[0] == 454
    assert (await client.ask("SETUP", "main/trackID=1", "Transport: RTP/AVP;unicast;client_port=5000-5001"))[0] == 461
    assert (await client.ask("SETUP", "main/trackID=1", "Transport: RTP/AVP/TCP;interleaved=255-256"))[0] == 461
    assert (await client.ask("RECORD", "main"))[0] == 501
    assert (await client.ask("SETUP", "main/trackID=1", tcp))[0] == 200
    assert (await client.ask("SETUP", "main/trackID=1", tcp))[0] == 455
    assert (await client.ask("PLAY", "main/"))[0] == 200
    assert (await client.ask("GET_PARAMETER", "main/"))[0] == 200
    assert (await client.ask("PAUSE", "main/"))[0] == 200
    assert (await client.ask("PLAY", "main/"))[0] == 200
    assert (await client.ask("TEARDOWN", "main/"))[0] == 200
    assert (await client.ask("GET_PARAMETER", "main/"))[0] == 454


async def test_nobody_watching_means_nothing_is_encoded(there: RtspCamera, client: Client) -> None:
    await client.ask("DESCRIBE", "sub")
    await client.play("sub")
    await client.packet()
    assert there.streams["sub"].viewers == 1
    client.close()
    await until(lambda: there.connections == 0)
    assert there.streams["sub"].viewers == 0
    assert there.streams["sub"]._task is None


async def test_a_session_that_says_nothing_ends(
    there: RtspCamera, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SESSION_SECONDS", 0.3)
    await client.ask("DESCRIBE", "sub")
    await client.play("sub")
    async with asyncio.timeout(5.0):
        while await client.reader.read(65536):
            pass
    assert there.connections == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\x01\x02\x03" * 100,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"DESCRIBE rtsp://x/main RTSP/2.0\r\nCSeq: 1\r\n\r\n",
        b"DESCRIBE rtsp://[/main RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Digest \xff\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n",
        b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n",
        b"A" * 20000,
    ],
)
async def test_garbage_is_refused_and_the_camera_lives(there: RtspCamera, client: Client, garbage: bytes) -> None:
    stranger = await Client.to(there.port)
    stranger.writer.write(garbage)
    async with asyncio.timeout(5.0):
        said = await stranger.reader.read()
    assert said.startswith((b"RTSP/1.0 400", b"RTSP/1.0 505"))
    assert (await client.ask("OPTIONS", "main"))[0] == 200
    stranger.close()


def test_whatever_bytes_come_the_parser_ends_or_refuses(seed: int) -> None:
    chance = random.Random(seed)
    whole = b"OPTIONS rtsp://x/main RTSP/1.0\r\nCSeq: 7\r\nContent-Length: 3\r\n\r\nabc$\x01\x00\x02zz"
    outcomes = {"request": 0, "refused": 0}
    for _ in range(2000):
        data = bytearray(whole * 3)
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        parser = Parser()
        try:
            at = 0
            while at < len(data):
                step = chance.randrange(1, 40)
                outcomes["request"] += len(list(parser.feed(bytes(data[at : at + step]))))
                at += step
        except BadRequestError:
            outcomes["refused"] += 1
    assert outcomes["request"] > 2000
    assert outcomes["refused"] > 100


async def test_fifty_viewers_see_the_same_and_a_crowd_is_turned_away(there: RtspCamera) -> None:
    before = psutil.Process().memory_info().rss
    crowd = [await Client.to(there.port) for _ in range(50)]
    for one in crowd:
        await one.ask("DESCRIBE", "sub")
    await asyncio.gather(*(one.play("sub") for one in crowd))
    heads = await asyncio.gather(*(one.packet() for one in crowd))
    assert {packet[12] & 0x1F for _, packet in heads} == {7}
    grown = (psutil.Process().memory_info().rss - before) / 1e6
    print(f"50 viewers: {grown:.0f} MB more")  # noqa: T201
    assert grown < 120
    crowd += [await Client.to(there.port) for _ in range(MOST_CONNECTIONS - 50)]
    for one in crowd[50:]:
        assert (await one.ask("OPTIONS", "sub"))[0] == 200
    late = await Client.to(there.port)
    assert (await late.answer())[0] == 503
    crowd[-1].close()
    await until(lambda: there.connections < MOST_CONNECTIONS)
    again = await Client.to(there.port)
    assert (await again.ask("OPTIONS", "sub"))[0] == 200
    for one in (*crowd, late, again):
        one.close()


async def test_a_viewer_that_stops_reading_is_skipped_then_dropped_and_holds_no_memory(
    there: RtspCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_WAITING_BYTES", 64 * 1024)
    monkeypatch.setattr(connection, "_STALLED_SECONDS", 0.5)
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", there.port))
    reader, writer = await asyncio.open_connection(sock=plain, limit=2048)
    lazy = Client(reader, writer, there.port)
    await lazy.ask("DESCRIBE", "main")
    await lazy.play("main")
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    served = next(one for one in there._connections.values() if one is not None)
    most = 0
    # It goes on sending as fast as it can, whatever the pace of the pictures: the bound must hold for any.
    sender = Sender(1, 1)
    async with asyncio.timeout(20.0):
        while there.connections:
            served.picture(sender.packets([b"\x65" + bytes(30000)], 0, keyframe=True))
            most = max(most, served.waiting_bytes)
            await asyncio.sleep(0.005)
    print(f"at most {most} bytes waited")  # noqa: T201
    assert 64 * 1024 < most < 64 * 1024 + 40000
    assert there.streams["main"].viewers == 0
    lazy.close()
