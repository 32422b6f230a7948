"""Streams that are none: what they lack has a name, and nothing grows or hangs because of them."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from camera.bitstream.stream_facts import stream_facts
from camera.picture.conditions import PictureCondition
from camera.refusals import Refusals
from camera.relay.pump import Pump
from camera.relay.rtsp import StreamAddress
from camera.watch.keyframe_group import MOST_GROUP_BYTES, KeyframeGroup
from camera.watch.picture_watch import PictureWatch
from camera.watch.stream_watch import Keyframe, Rhythm, StreamWatch, WatchMeans
from telemetry.clock import SystemClock
from telemetry.readings import ReasonCode
from tests.camera.drawn_films import FPS, encode, office
from tests.camera.peers import RtspServer, response

SDP = "v=0\r\na=framerate:0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
SLICE, IDR = b"\x41", b"\x65"


class Clock(SystemClock):
    later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


def playing(request: str) -> bytes:
    method = request.partition(" ")[0]
    headers = {
        "SETUP": ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60"],
        "PLAY": ["Session: 1"],
    }
    return response(request, "200 OK", headers.get(method, []), SDP if method == "DESCRIBE" else "")


def rtp(sequence: int, payload: bytes, frame: int) -> bytes:
    return struct.pack(">BBHII", 0x80, 0x80 | 96, sequence & 0xFFFF, frame * 3600, 1) + payload


def interleaved(packet: bytes) -> bytes:
    return struct.pack(">BBH", 0x24, 0, len(packet)) + packet


class Sender:
    """Pictures of one packet each, 25 a second, until it is told to stop."""

    def __init__(self, server: RtspServer, payload: Callable[[int], bytes]) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(server, payload), daemon=True)
        self._thread.start()

    def _run(self, server: RtspServer, payload: Callable[[int], bytes]) -> None:
        number = 0
        while not self._stop.wait(0.04):
            number += 1
            if any(request.startswith("PLAY") for request in server.requests):
                server.push(interleaved(rtp(number, payload(number), number)))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def watching(server: RtspServer, clock: Clock) -> tuple[StreamWatch, list[Keyframe]]:
    taken: list[Keyframe] = []
    means = WatchMeans(Pump(), Refusals(clock), clock)
    watch = StreamWatch("cam-1", StreamAddress(server.url), means, taken.append, Rhythm(keyframe_every=0.5))
    watch.start()
    return watch, taken


def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_minute_without_a_keyframe_has_a_name(answering: Callable[..., RtspServer]) -> None:
    server, clock = answering(playing), Clock()
    watch, keyframes = watching(server, clock)
    sender = Sender(server, lambda number: SLICE + bytes(200))
    try:
        until(lambda: watch.state().up)
        assert watch.state().reason is None
        clock.later = 61.0
        until(lambda: watch.state().up and watch.state().reason is not None)
        reason = watch.state().reason
        assert reason is not None and reason.code is ReasonCode.NO_KEYFRAME
        interval = watch.state().figures.keyframe_interval_seconds
        assert interval is not None and interval > 60
        assert not keyframes
    finally:
        sender.stop()
        watch.stop()
    assert watch.join(10)


def test_claimed_to_send_no_frames_a_second_it_is_measured_by_what_comes(answering: Callable[..., RtspServer]) -> None:
    assert "a=framerate:0" in SDP
    server, clock = answering(playing), Clock()
    watch, keyframes = watching(server, clock)
    sender = Sender(server, lambda number: (IDR if number % 10 == 1 else SLICE) + bytes(200))
    try:
        until(lambda: keyframes and watch.state().figures.frame_rate_hz is not None)
        state = watch.state()
        assert state.up and state.reason is None
        rate = state.figures.frame_rate_hz
        assert rate is not None and 1 < rate < 60  # it sends 25 a second, on a machine that has the time
    finally:
        sender.stop()
        watch.stop()
    assert watch.join(10)


def test_garbage_units_are_pictures_that_cannot_be_decoded(answering: Callable[..., RtspServer]) -> None:
    chance = random.Random(5)
    server, clock = answering(playing), Clock()
    watch, keyframes = watching(server, clock)
    sender = Sender(server, lambda number: (IDR if number % 5 == 0 else SLICE) + chance.randbytes(300))
    try:
        until(lambda: keyframes)
    finally:
        sender.stop()
        watch.stop()
    assert watch.join(10)
    judged = PictureWatch("cam-1", (), None, clock).judge(keyframes[0])
    assert judged.undecodable and not judged.scores and not judged.jpeg


def test_a_picture_without_an_end_is_let_go() -> None:
    group = KeyframeGroup("H264", 96)
    packet = memoryview(rtp(0, b"\x7c\x85" + bytes(1398), 1))
    for number in range(2 * MOST_GROUP_BYTES // 1400):
        struct.pack_into(">H", data := bytearray(packet), 2, number & 0xFFFF)
        group.take(memoryview(data), 0, len(data))
    assert sum(map(len, group.packets)) <= MOST_GROUP_BYTES + 1500
    assert group.keyframe() is None


def test_random_packets_never_raise_and_never_grow() -> None:
    chance = random.Random(11)
    for codec in ("H264", "H265", "JPEG"):
        group = KeyframeGroup(codec, 96)
        for _ in range(5000):
            head = struct.pack(">BBHII", chance.choice([0x80, 0x90, 0xA0, 0x85]), 96, chance.randrange(65536), 7, 1)
            data = (
                head[: chance.randrange(13)] if chance.random() < 0.1 else head + chance.randbytes(chance.randrange(60))
            )
            group.take(memoryview(data), 0, len(data))
            group.keyframe()
        assert sum(map(len, group.packets)) <= MOST_GROUP_BYTES


@pytest.fixture(scope="module")
def sizes(peer: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A keyframe of each of two sizes."""
    import subprocess

    folder = tmp_path_factory.mktemp("sizes")
    large = encode(peer("ffmpeg"), folder / "large", office(1))
    small = folder / "small.h264"
    scale = ["-vf", "scale=320:180", "-c:v", "libx264", "-x264-params", f"keyint={FPS}:bframes=0", str(small)]
    subprocess.run([peer("ffmpeg"), "-y", "-loglevel", "error", "-i", str(large), *scale], check=True)
    return [first_picture(path) for path in (large, small)]


def first_picture(path: Path) -> bytes:
    import av

    with av.open(str(path)) as film:
        return bytes(next(packet for packet in film.demux(video=0) if packet.size))


def test_another_size_in_mid_stream_is_neither_frozen_nor_moved(sizes: list[bytes]) -> None:
    watch = PictureWatch("cam-1", (), None, SystemClock())
    for number in range(12):
        data = sizes[number // 4 % 2]
        judged = watch.judge(Keyframe(data, "h264", number * 0.5, None))
        assert not judged.undecodable
        assert judged.scores[PictureCondition.MOVED] < 0.5
        assert judged.scores[PictureCondition.FROZEN] < 0.5
    facts = [stream_facts(data, "h264") for data in sizes]
    assert [(each.width, each.height) for each in facts if each is not None] == [(640, 360), (320, 180)]
