"""What the district is answered, how many streams there may be, and that one stream's trouble is its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from camera.relay.annexb import ParameterSets
from camera.relay.assemble import AccessUnit
from camera.relay.rtsp import StreamAddress, StreamError
from edge_agent.live.streams import MOST_STREAMS, Streams
from telemetry.live import LiveNoteType, StreamName
from telemetry.readings import Reason, ReasonCode
from tests.edge_agent.live.conftest import PATH
from tests.edge_agent.live.hub import TestHub, wait_for

Make = Callable[..., Streams]
MAIN, SUB = StreamName.MAIN, StreamName.SUB
ADDRESS = StreamAddress("rtsp://10.0.0.9/main", "watch", "secret")
SETS = ParameterSets(b"\0\0\0\1\x67\0\0\0\1\x68", "avc1.42c00c", 320, 180)


class FakeCamera:
    """Gives a keyframe for each byte that is put into it; `defect` is raised instead."""

    def __init__(self) -> None:
        self._in, self._out = socket.socketpair()
        self.defect: Exception | None = None
        self.closed = threading.Event()
        self._time_us = 0

    def shoot(self, count: int = 1) -> None:
        self._in.send(b"x" * count)

    def fileno(self) -> int:
        return self._out.fileno()

    def take(self, now: float) -> list[AccessUnit]:
        if self.defect is not None:
            raise self.defect
        count = len(self._out.recv(4096, socket.MSG_DONTWAIT)) if self._readable() else 0
        times = [self._time_us + 40_000 * n for n in range(1, count + 1)]
        self._time_us += 40_000 * count
        return [
            AccessUnit(SETS.annexb + b"\0\0\0\1\x65picture", at, True, SETS if at == 40_000 else None) for at in times
        ]

    def tick(self, now: float) -> None:
        """Is never silent."""

    def close(self) -> None:
        self._in.close()
        self._out.close()
        self.closed.set()

    def _readable(self) -> bool:
        try:
            return bool(self._out.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False


class Ward:
    """Cameras by device, opened in turn; what was opened."""

    def __init__(self) -> None:
        self.opened: list[FakeCamera] = []
        self._lock = threading.Lock()

    def open(self, address: StreamAddress, stopped: Callable[[], bool]) -> FakeCamera:
        with self._lock:
            self.opened.append(FakeCamera())
            return self.opened[-1]


@pytest.fixture
def ward() -> Iterator[Ward]:
    yield Ward()


def test_a_request_that_cannot_be_met_is_answered_with_its_reason(hub: TestHub, make_streams: Make) -> None:
    streams = make_streams(hub.url, {"cam-1": {MAIN: ADDRESS}, "ups-1": {}})
    refused = {
        ("cam-9", "main", PATH): "no device 'cam-9' here",
        ("ups-1", "main", PATH): "'ups-1' is no camera with a stream of its own",
        ("cam-1", "large", PATH): "'large' is not a valid StreamName",
        ("cam-1", "main", "wss://elsewhere.example/"): "the request names another place than the configured hub",
    }
    for (device, stream, url), why in refused.items():
        assert streams.start(device, stream, "ticket-1", url) == Reason(ReasonCode.UNSUPPORTED, why)
    alone = make_streams(None, {"cam-1": {MAIN: ADDRESS}})
    assert alone.start("cam-1", "main", "t", PATH) == Reason(
        ReasonCode.UNSUPPORTED, "this ward has no [uplink] hub configured"
    )
    assert streams.running() == [] and hub.publishings == []


def test_a_camera_without_a_sub_stream_gives_its_main_one_and_says_so(
    ward: Ward, hub: TestHub, make_streams: Make
) -> None:
    streams = make_streams(hub.url, {"cam-1": {MAIN: ADDRESS}}, ward.open)
    assert streams.start("cam-1", "sub", "ticket-1", PATH) is None
    wait_for(lambda: ward.opened)
    ward.opened[0].shoot()
    wait_for(lambda: hub.publishing().frames)
    assert hub.publishing().query["stream"] == "sub"
    assert "main" in hub.publishing().notes(LiveNoteType.STREAM)[0].detail


def test_there_are_only_so_many_streams_at_once(ward: Ward, hub: TestHub, make_streams: Make) -> None:
    names = [f"cam-{number}" for number in range(MOST_STREAMS + 1)]
    streams = make_streams(hub.url, {name: {MAIN: ADDRESS} for name in names}, ward.open)
    answers = [streams.start(name, "main", f"ticket-{number}", PATH) for number, name in enumerate(names)]
    assert answers[:-1] == [None] * MOST_STREAMS
    assert answers[-1] is not None and str(MOST_STREAMS) in answers[-1].detail
    wait_for(lambda: len(ward.opened) == MOST_STREAMS)
    for camera in ward.opened:
        camera.shoot(3)
    wait_for(lambda: sum(len(each.frames) for each in hub.publishings) == 3 * MOST_STREAMS)
    assert threading.active_count() < 4 * MOST_STREAMS + 20
    streams.stop(names[0], "main")
    assert streams.start(names[-1], "main", "ticket-40", PATH) is None
    started = time.monotonic()
    streams.close()
    assert time.monotonic() - started < 1.5
    wait_for(lambda: all(camera.closed.is_set() for camera in ward.opened), 3)


def test_one_stream_s_defect_ends_that_stream_alone(ward: Ward, hub: TestHub, make_streams: Make) -> None:
    streams = make_streams(hub.url, {"cam-1": {MAIN: ADDRESS}, "cam-2": {MAIN: ADDRESS}}, ward.open)
    streams.start("cam-1", "main", "ticket-1", PATH)
    wait_for(lambda: len(ward.opened) == 1)
    streams.start("cam-2", "main", "ticket-2", PATH)
    wait_for(lambda: len(ward.opened) == 2)
    bad, good = ward.opened
    bad.defect = ValueError("a defect of ours")
    bad.shoot()
    assert bad.closed.wait(2)
    good.shoot(5)
    wait_for(lambda: any(len(each.frames) == 5 and each.query["device"] == "cam-2" for each in hub.publishings))
    good.defect = StreamError(Reason(ReasonCode.NO_ANSWER, "the camera hung up"))
    good.shoot()
    wait_for(lambda: any(each.troubles == ["no_answer"] for each in hub.publishings))


def test_a_picture_waits_only_for_its_own_packets(ward: Ward, hub: TestHub, make_streams: Make) -> None:
    """Also those of many cameras at once are with the hub within a fraction of a picture's time."""
    names = [f"cam-{number}" for number in range(8)]
    streams = make_streams(hub.url, {name: {MAIN: ADDRESS} for name in names}, ward.open)
    for number, name in enumerate(names):
        streams.start(name, "main", f"ticket-{number}", PATH)
    wait_for(lambda: len(ward.opened) == 8)
    delays = []
    for count in range(1, 26):
        shot = time.monotonic()
        for camera in ward.opened:
            camera.shoot()
        wait_for(lambda wanted=count: all(len(each.frames) == wanted for each in hub.publishings))  # type: ignore[misc]
        delays.append(max(each.heard_at[-1] for each in hub.publishings) - shot)
    print(f"all eight at the hub after {sorted(delays)[12] * 1000:.1f} ms (median)")  # noqa: T201
    assert sorted(delays)[12] < 0.04


def test_stopping_what_does_not_run_is_no_fault(make_streams: Make, hub: TestHub) -> None:
    streams = make_streams(hub.url, {"cam-1": {MAIN: ADDRESS, SUB: ADDRESS}})
    streams.stop("cam-1", "main")
    streams.stop("cam-9", "nonsense")
    assert streams.running() == []
