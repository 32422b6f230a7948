"""The relay at GStreamer's RTSP server: what comes out is decoded by FFmpeg's decoder and counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import av
import pytest

from camera.relay import rtsp
from camera.relay.annexb import PPS, SPS, nal_units
from camera.relay.assemble import AccessUnit
from camera.relay.rtsp import CameraStream, StreamAddress, StreamError, read
from telemetry.readings import ReasonCode
from tests.camera.conftest import Film, Serve
from tests.camera.peers import PASSWORD, USERNAME, Footage, GstreamerCamera

SECONDS = 15.0
PLAIN = Footage()
SUB = Footage(160, 90, fps=25, kbps=100)


def address(camera: GstreamerCamera, path: str = "/main", password: str = PASSWORD) -> StreamAddress:
    return StreamAddress(camera.url(path), USERNAME, password)


def take(where: StreamAddress, count: int) -> list[AccessUnit]:
    """The first so many access units."""
    units: list[AccessUnit] = []
    deadline = time.monotonic() + SECONDS
    for unit in read(where, lambda: time.monotonic() > deadline):
        units.append(unit)
        if len(units) == count:
            return units
    raise AssertionError(f"{len(units)} access units in {SECONDS:.0f} s")


def decoded(units: list[AccessUnit]) -> list[tuple[int, int]]:
    """The sizes of the pictures that a decoder makes of them, one access unit at a time."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    assert isinstance(decoder, av.VideoCodecContext)
    pictures = [picture for unit in units for picture in decoder.decode(av.Packet(unit.data))]
    return [(picture.width, picture.height) for picture in [*pictures, *decoder.decode(None)]]


def failure(where: StreamAddress) -> StreamError:
    with pytest.raises(StreamError) as caught:
        take(where, 10_000)
    return caught.value


@pytest.mark.parametrize("packed", ["avc", "byte-stream"])
@pytest.mark.parametrize("interval", ["0", "-1", "1"])
@pytest.mark.parametrize("slices", [1, 4])
def test_each_picture_is_one_access_unit_however_it_is_packed(
    film: Film, serve: Serve, packed: str, interval: str, slices: int
) -> None:
    footage = Footage(slices=slices)
    camera = serve({"/main": film(footage)}, "--config-interval", interval, "--packed", packed)
    units = take(StreamAddress(camera.url()), 60)
    assert decoded(units) == [(footage.width, footage.height)] * 60
    for unit in units:
        kinds = [kind for kind, _ in nal_units(unit.data)]
        assert sum(kind in (1, 5) for kind in kinds) == slices
        assert not unit.keyframe or kinds.index(SPS) < kinds.index(PPS) < kinds.index(5)
    assert [unit.keyframe for unit in units].count(True) in (2, 3)
    assert units[0].sets is not None and all(unit.sets is None for unit in units[1:])
    steps = [after.timestamp_us - before.timestamp_us for before, after in pairwise(units)]
    assert all(abs(step - 40_000) < 20 for step in steps), steps


def test_the_first_access_unit_is_the_first_that_the_camera_sends(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(Footage(keyframe_every=4.0))})
    started = time.monotonic()
    take(StreamAddress(camera.url()), 1)
    assert time.monotonic() - started < 3.0  # and not the next keyframe, four seconds later


def test_main_and_sub_stream_are_read_with_digest_authentication(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN), "/sub": film(SUB)}, login=True)
    for path, footage in (("/main", PLAIN), ("/sub", SUB)):
        sets = take(address(camera, path), 3)[0].sets
        assert sets is not None and (sets.width, sets.height) == (footage.width, footage.height)
        assert sets.codec.startswith("avc1.")


def test_a_wrong_password_is_told_as_such(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN)}, login=True)
    wrong = failure(address(camera, password="guess"))
    assert wrong.reason.code is ReasonCode.WRONG_CREDENTIALS
    assert "guess" not in str(wrong) and failure(StreamAddress(camera.url())).reason.code is wrong.reason.code


def test_a_path_that_is_not_there_is_unsupported_and_says_404(film: Film, serve: Serve) -> None:
    reason = failure(StreamAddress(serve({"/main": film(PLAIN)}).url("/other"))).reason
    assert reason.code is ReasonCode.UNSUPPORTED and "404" in reason.detail


def test_h265_is_refused_by_its_name(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(Footage(codec="h265"))})
    reason = failure(StreamAddress(camera.url())).reason
    assert reason.code is ReasonCode.UNSUPPORTED and "H265" in reason.detail


def test_a_size_that_changes_in_mid_stream_is_told_with_its_keyframe(
    film: Film, serve: Serve, tmp_path: object
) -> None:
    small, large = film(Footage(seconds=1.0)), film(Footage(480, 270, seconds=1.0))
    both = small.with_name("both.h264")
    both.write_bytes(small.read_bytes() + large.read_bytes())
    units = take(StreamAddress(serve({"/main": both}).url()), 80)
    told = [(unit.sets.width, unit.sets.height) for unit in units if unit.sets is not None]
    assert told == [(320, 180), (480, 270), (320, 180), (480, 270)]
    assert len(decoded(units)) == 80


def test_a_camera_that_dies_is_told_and_read_again_when_it_is_back(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN)})
    units = read(StreamAddress(camera.url()), lambda: False)
    next(units)
    camera.kill()
    with pytest.raises(StreamError) as caught:
        list(units)
    assert caught.value.reason.code is ReasonCode.NO_ANSWER
    assert failure(StreamAddress(camera.url())).reason.code is ReasonCode.PORT_CLOSED
    camera.start()
    assert len(decoded(take(StreamAddress(camera.url()), 10))) == 10


def test_a_stream_that_stalls_without_a_word_is_noticed(
    film: Film, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtsp, "SILENCE_SECONDS", 1.0)
    camera = serve({"/main": film(PLAIN)}, "--stall-after", "1")
    started = time.monotonic()
    reason = failure(StreamAddress(camera.url())).reason
    assert (reason.code, reason.detail) == (ReasonCode.NO_ANSWER, "no picture for 1 s")
    assert time.monotonic() - started < 8


def test_reading_ends_soon_after_stopped_says_so(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN)}, "--stall-after", "1")
    stop = threading.Event()
    units = read(StreamAddress(camera.url()), stop.is_set)
    next(units)
    threading.Timer(0.5, stop.set).start()
    started = time.monotonic()
    list(units)
    assert time.monotonic() - started < 2.5


def test_a_session_is_kept_alive_while_its_pictures_come(
    film: Film, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    from camera.relay import session

    asked: list[str] = []
    send: Callable[[session.Session, bytes], None] = session.Session._send

    def noted(self: session.Session, data: bytes) -> None:
        asked.append(data.decode().split()[0])
        send(self, data)

    monkeypatch.setattr(session, "_KEEP_ALIVE_SECONDS", (0.3, 0.3))
    monkeypatch.setattr(session.Session, "_send", noted)
    camera = serve({"/main": film(PLAIN)}, login=True)
    units = take(address(camera), 50)
    assert len(decoded(units)) == 50
    assert asked[-1] == "GET_PARAMETER" and asked.count("GET_PARAMETER") >= 3


def test_a_stream_is_closed_at_the_camera(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN)})
    stream = CameraStream.open(StreamAddress(camera.url()), lambda: False)
    assert stream is not None
    stream.close()
    with pytest.raises(StreamError):
        stream.take(time.monotonic())


def test_opening_is_given_up_when_nobody_wants_it_any_more(film: Film, serve: Serve) -> None:
    camera = serve({"/main": film(PLAIN)})
    assert CameraStream.open(StreamAddress(camera.url()), lambda: True) is None
