"""A camera's stream is watched without decoding it: that it lives, what it brings, and once for all who look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from camera.refusals import Refusals
from camera.relay.pump import Pump
from camera.relay.rtsp import StreamAddress, StreamError
from camera.watch.stream_watch import (
    WAIT_FOR_KEYFRAME_SECONDS,
    Keyframe,
    Rhythm,
    StreamWatch,
    WatchMeans,
    WatchState,
)
from telemetry.clock import SystemClock
from telemetry.readings import ReasonCode
from tests.camera.conftest import Film, Serve
from tests.camera.peers import PASSWORD, USERNAME, Footage, RtspServer, response

H265 = Footage(codec="h265")


@pytest.fixture
def watching() -> Iterator[Callable[..., tuple[StreamWatch, list[Keyframe]]]]:
    """watching(url): a watch that runs, and the keyframes that it hands on."""
    running: list[StreamWatch] = []
    clock = SystemClock()
    means = WatchMeans(Pump(), Refusals(clock), clock)

    def start(url: str, rhythm: Rhythm | None = None, password: str = PASSWORD) -> tuple[StreamWatch, list[Keyframe]]:
        taken: list[Keyframe] = []
        address = StreamAddress(url, USERNAME, password)
        running.append(StreamWatch("cam-1", address, means, taken.append, rhythm))
        running[-1].start()
        return running[-1], taken

    yield start
    for watch in running:
        watch.stop()
    assert all(watch.join(10) for watch in running)


def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def settled(watch: StreamWatch) -> WatchState:
    """Once there are rates."""
    until(lambda: watch.state().figures.frame_rate_hz is not None and watch.state().figures.bits_per_second is not None)
    until(lambda: watch.state().figures.keyframe_interval_seconds is not None)
    time.sleep(1.5)
    return watch.state()


@pytest.mark.parametrize(
    ("footage", "codec", "profile"),
    [
        (Footage(), "h264", "Constrained Baseline"),
        (Footage(slices=4, extra=":cabac=1"), "h264", "Main"),
        (Footage(extra=":cabac=1:8x8dct=1"), "h264", "High"),
        (H265, "h265", "Main"),
    ],
)
def test_what_a_stream_brings_is_measured_and_read_off_its_bitstream(
    film: Film,
    serve: Serve,
    watching: Callable[..., tuple[StreamWatch, list[Keyframe]]],
    *,
    footage: Footage,
    codec: str,
    profile: str,
) -> None:
    camera = serve({"/main": film(footage)}, login=True)
    watch, keyframes = watching(camera.url(), Rhythm(keyframe_every=1.0))
    state = settled(watch)
    assert state.up and state.reason is None
    assert state.facts is not None
    assert (state.facts.codec, state.facts.profile, state.facts.width, state.facts.height) == (codec, profile, 320, 180)
    assert state.figures.frame_rate_hz == pytest.approx(25, rel=0.15)
    assert state.figures.keyframe_interval_seconds == pytest.approx(1.0, abs=0.25)
    assert state.figures.bits_per_second == pytest.approx(300_000, rel=0.6)
    assert state.figures.timestamp_jumps == 0
    assert decoded(keyframes[-1]) == (320, 180)


def decoded(keyframe: Keyframe) -> tuple[int, int]:
    import av

    context = av.CodecContext.create("hevc" if keyframe.codec == "h265" else "h264", "r")
    frames = [*context.decode(av.Packet(keyframe.data)), *context.decode(None)]
    assert len(frames) == 1
    return frames[0].width, frames[0].height


def test_a_camera_that_falls_silent_is_told_within_four_seconds_and_found_again(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage())}, "--stall-after", "2")
    watch, _ = watching(camera.url())
    until(lambda: watch.state().up)
    began = time.monotonic()
    until(lambda: not watch.state().up)
    assert time.monotonic() - began < 6.5  # two seconds of pictures, three of silence
    reason = watch.state().reason
    assert reason is not None and reason.code is ReasonCode.STREAM_STALLED
    until(lambda: watch.state().up)  # its media begins anew for a new client
    assert watch.state().connections >= 2


def test_a_camera_that_is_gone_is_told_by_silence_and_why(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage())})
    watch, _ = watching(camera.url())
    until(lambda: watch.state().up)
    camera.kill()
    gone = time.monotonic()
    until(lambda: not watch.state().up)
    assert time.monotonic() - gone < 4.0
    until(lambda: watch.state().reason is not None and watch.state().reason.code is ReasonCode.PORT_CLOSED)  # type: ignore[union-attr]
    camera.start()
    until(lambda: watch.state().up, 40)


def test_who_shows_a_watched_stream_opens_it_no_second_time(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage(keyframe_every=4.0))})
    watch, keyframes = watching(camera.url())
    until(lambda: bool(keyframes))
    time.sleep(0.5)
    began = time.monotonic()
    taps = [watch.tap(lambda: False), watch.tap(lambda: False)]
    for tap in taps:
        assert tap is not None
        first = tap.take(time.monotonic())
        assert first[0].keyframe and first[0].sets is not None
        assert len(first) > 5  # what came since the keyframe, at once
    assert time.monotonic() - began < 1.0
    tap = taps[0]
    assert tap is not None
    more = []
    until(lambda: bool(more.extend(tap.take(time.monotonic())) or len(more) > 20))
    assert watch.state().connections == 1
    for tap in taps:
        assert tap is not None
        tap.close()


def test_who_shows_a_stream_that_is_lost_is_told(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage())})
    watch, _ = watching(camera.url())
    tap = watch.tap(lambda: False)
    assert tap is not None
    camera.kill()

    def lost() -> bool:
        try:
            tap.take(time.monotonic())
        except StreamError:
            return True
        return False

    until(lost)
    tap.close()
    with pytest.raises(StreamError):
        watch.tap(lambda: False)


def test_a_sampled_camera_is_let_go_between_its_looks(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage())})
    watch, keyframes = watching(camera.url(), Rhythm(look=2.5, every=3.0))
    until(lambda: watch.state().connected)
    until(lambda: not watch.state().connected)
    assert watch.state().up and keyframes
    time.sleep(3.0)  # it is let go: that is no silence
    assert watch.state().reason is None
    until(lambda: watch.state().connections == 2)


def test_a_look_waits_for_a_keyframe_that_is_late() -> None:
    clock = SystemClock()
    means = WatchMeans(Pump(), Refusals(clock), clock)
    watch = StreamWatch("cam-1", StreamAddress("rtsp://127.0.0.1/"), means, lambda _: None, Rhythm(look=4.0))

    def is_over(seconds: float, *, tapped: bool = False, has_keyframe: bool = True) -> bool:
        return watch.is_over(100.0 + seconds, 100.0, tapped=tapped, has_keyframe=has_keyframe)

    assert (is_over(3.9), is_over(4.1), is_over(60.0, tapped=True)) == (False, True, False)
    assert not is_over(WAIT_FOR_KEYFRAME_SECONDS + 3.9, has_keyframe=False)
    assert is_over(WAIT_FOR_KEYFRAME_SECONDS + 4.1, has_keyframe=False)


def test_who_is_asked_to_look_hands_on_the_next_keyframe(
    film: Film, serve: Serve, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]]
) -> None:
    camera = serve({"/main": film(Footage())})
    held, of_held = watching(camera.url(), Rhythm(keyframe_every=600.0))
    sampled, of_sampled = watching(camera.url(), Rhythm(keyframe_every=600.0, look=2.5, every=600.0))
    until(lambda: len(of_held) == 1 and len(of_sampled) == 1 and not sampled.state().connected)
    held.look_now()
    sampled.look_now()
    until(lambda: len(of_held) == 2 and len(of_sampled) == 2)
    assert held.state().connections == 1
    assert sampled.state().connections == 2
    until(lambda: not sampled.state().connected)
    assert (len(of_held), len(of_sampled)) == (2, 2)


def test_a_wrong_password_is_tried_once(
    film: Film, watching: Callable[..., tuple[StreamWatch, list[Keyframe]]], answering: Callable[..., RtspServer]
) -> None:
    challenge = 'WWW-Authenticate: Digest realm="cam", nonce="n1"'

    def answer(request: str) -> bytes:
        if request.startswith("OPTIONS"):
            return response(request, "200 OK", ["Public: OPTIONS, DESCRIBE"])
        return response(request, "401 Unauthorized", [challenge])

    server = answering(answer)
    watch, _ = watching(server.url, password="wrong")
    until(lambda: watch.state().reason is not None and watch.state().reason.code is ReasonCode.WRONG_CREDENTIALS)  # type: ignore[union-attr]
    threading.Event().wait(2.0)
    assert len(server.logins()) == 1
    assert not watch.state().up


def test_a_camera_that_hangs_up_after_each_description_is_asked_less_and_less(
    watching: Callable[..., tuple[StreamWatch, list[Keyframe]]], answering: Callable[..., RtspServer]
) -> None:
    server = answering(lambda request: response(request, "200 OK") if request.startswith("OPTIONS") else None)
    watch, _ = watching(server.url)
    until(lambda: not watch.state().up and watch.state().reason is not None)
    time.sleep(4.5)
    assert 2 <= server.connections <= 6
    reason = watch.state().reason
    assert reason is not None and reason.code is ReasonCode.NO_ANSWER
