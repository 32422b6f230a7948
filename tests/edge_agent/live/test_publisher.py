"""From a camera to the hub: pictures, troubles, reconnects, ends; over real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from camera.refusals import FIRST_SECONDS, Refusals
from camera.relay import rtsp
from camera.relay.rtsp import StreamAddress
from edge_agent.live import publisher
from edge_agent.live.streams import Streams
from telemetry.clock import SystemClock
from telemetry.live import Frame, LiveNoteType, StreamName
from tests.camera.conftest import Film, Serve
from tests.camera.peers import PASSWORD, USERNAME, Footage, GstreamerCamera, RtspServer, response
from tests.edge_agent.live.conftest import PATH, WARD
from tests.edge_agent.live.hub import Publishing, TestHub, wait_for

Make = Callable[..., Streams]
MAIN = StreamName.MAIN
FOOTAGE = Footage()


def cameras(camera: GstreamerCamera, password: str = PASSWORD) -> dict[str, dict[StreamName, StreamAddress]]:
    return {"cam-1": {MAIN: StreamAddress(camera.url(), USERNAME, password)}}


def check_stream(publishing: Publishing) -> None:
    """What every hub may rely on."""
    sequences = [frame.sequence for frame in publishing.frames]
    assert sequences == sorted(set(sequences))
    times = [frame.timestamp_us for frame in publishing.frames]
    assert times == sorted(set(times))
    first_frame = next(n for n, each in enumerate(publishing.heard) if isinstance(each, Frame))
    first_note = publishing.heard[0]
    assert not isinstance(first_note, Frame) and first_note.type is LiveNoteType.STREAM and first_frame == 1
    assert publishing.frames[0].keyframe
    for before, after in pairwise(publishing.frames):
        assert after.sequence == before.sequence + 1 or (after.keyframe and after.dropped_before)


def decoded(publishing: Publishing) -> int:
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    pictures = sum(len(decoder.decode(av.Packet(bytes(frame.access_unit)))) for frame in publishing.frames)
    return pictures + len(decoder.decode(None))


def test_a_picture_comes_through_as_the_contract_says(
    film: Film, serve: Serve, hub: TestHub, make_streams: Make
) -> None:
    camera = serve({"/main": film(FOOTAGE)}, login=True)
    streams = make_streams(hub.url, cameras(camera))
    started = time.monotonic()
    assert streams.start("cam-1", "main", "ticket-1", PATH) is None
    assert time.monotonic() - started < 0.5
    publishing = hub.publishing()
    assert publishing.query == {"ticket": "ticket-1", "ward": WARD, "device": "cam-1", "stream": "main"}
    wait_for(lambda: len(publishing.frames) >= 60)
    check_stream(publishing)
    note = publishing.notes(LiveNoteType.STREAM)[0]
    assert (note.width, note.height, note.codec[:5]) == (320, 180, "avc1.")
    started = time.monotonic()
    streams.stop("cam-1", "main")
    assert publishing.ended.wait(1.0) and time.monotonic() - started < 1.0
    wait_for(lambda: not streams.running(), 2.0)
    assert decoded(publishing) == len(publishing.frames)


def test_the_same_over_tls(film: Film, serve: Serve, secure_hub: tuple[TestHub, Path], make_streams: Make) -> None:
    hub, ca_file = secure_hub
    streams = make_streams(hub.url, cameras(serve({"/main": film(FOOTAGE)}, login=True)), ca_file=ca_file)
    assert streams.start("cam-1", "main", "ticket-1", PATH) is None
    publishing = hub.publishing()
    wait_for(lambda: len(publishing.frames) >= 30)
    check_stream(publishing)
    streams.stop("cam-1", "main")
    assert publishing.ended.wait(1.0)


def test_a_camera_that_reboots_is_told_and_its_picture_goes_on_by_itself(
    film: Film, serve: Serve, hub: TestHub, make_streams: Make
) -> None:
    camera = serve({"/main": film(FOOTAGE)}, login=True)
    make_streams(hub.url, cameras(camera)).start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: len(publishing.frames) >= 20)
    camera.kill()
    wait_for(lambda: "port_closed" in publishing.troubles)
    assert publishing.troubles[0] == "no_answer"
    before = publishing.frames[-1]
    camera.start()
    wait_for(lambda: publishing.frames[-1].sequence >= before.sequence + 20)
    assert len(hub.publishings) == 1 and len(publishing.notes(LiveNoteType.STREAM)) == 2
    check_stream(publishing)
    again = next(frame for frame in publishing.frames if frame.sequence > before.sequence)
    assert again.keyframe and again.timestamp_us - before.timestamp_us > 500_000  # as long as the break was


def test_a_picture_that_lasted_and_broke_off_is_told_by_what_the_next_attempt_finds(
    film: Film, serve: Serve, hub: TestHub, make_streams: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "LASTED_SECONDS", 0.0)
    camera = serve({"/main": film(FOOTAGE)}, login=True)
    make_streams(hub.url, cameras(camera)).start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: len(publishing.frames) >= 20)
    camera.kill()
    wait_for(lambda: publishing.troubles)
    assert set(publishing.troubles) == {"port_closed"}


def test_trouble_is_told_again_while_it_lasts_and_attempts_become_fewer(
    hub: TestHub, make_streams: Make, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(publisher, "TROUBLE_AGAIN_SECONDS", 0.3)
    tried: list[float] = []

    def no_camera(address: StreamAddress, stopped: Callable[[], bool]) -> None:
        tried.append(time.monotonic())
        rtsp.CameraStream.open(address, stopped)

    where = {"cam-1": {MAIN: StreamAddress(f"rtsp://127.0.0.1:{free_port()}/main")}}
    make_streams(hub.url, where, no_camera).start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: len(tried) >= 5)
    gaps = [round(after - before, 1) for before, after in pairwise(tried)]
    assert gaps == pytest.approx([0.2, 0.4, 0.8, 1.6], abs=0.25)
    assert set(publishing.troubles) == {"port_closed"} and len(publishing.troubles) > len(tried)
    spoken = publishing.heard_at
    assert max(after - before for before, after in pairwise(spoken)) < 0.8


def test_a_wrong_password_is_tried_once_and_told_while_the_publisher_stays(
    answering: Callable[..., RtspServer], hub: TestHub, make_streams: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "TROUBLE_AGAIN_SECONDS", 0.2)
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n"'
    server = answering(lambda request: response(request, "401 Unauthorized", [challenge]))
    refusals = Refusals(SystemClock())
    where = StreamAddress(server.url, USERNAME, "wrong-secret")
    streams = make_streams(hub.url, {"cam-1": {MAIN: where, StreamName.SUB: where}}, refusals=refusals)
    streams.start("cam-1", "main", "ticket-1", PATH)
    streams.start("cam-1", "sub", "ticket-2", PATH)
    for number in (0, 1):
        wait_for(lambda at=number: len(hub.publishing(at).troubles) >= 4)  # type: ignore[misc]
    streams.start("cam-1", "main", "ticket-3", PATH)  # and a new request is no reason to try it again either
    wait_for(lambda: hub.publishing(2).troubles)
    assert {reason for each in hub.publishings for reason in each.troubles} == {"wrong_credentials"}
    assert len(server.logins()) == 1
    assert 0 < refusals.wait(where) <= FIRST_SECONDS
    started = time.monotonic()
    streams.stop("cam-1", "sub")
    assert hub.publishing(1).ended.wait(1.0) and time.monotonic() - started < 1.0


def test_h265_is_told_as_unsupported_and_seldom_asked_for_again(
    film: Film, serve: Serve, hub: TestHub, make_streams: Make
) -> None:
    camera = serve({"/main": film(Footage(codec="h265"))}, login=True)
    make_streams(hub.url, cameras(camera)).start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: publishing.troubles)
    note = publishing.notes(LiveNoteType.TROUBLE)[0]
    assert note.reason == "unsupported" and "H265" in note.detail
    time.sleep(1.5)
    assert len(publishing.troubles) == 1 and not publishing.frames


def test_a_stream_ends_when_the_hub_closes_it(film: Film, serve: Serve, hub: TestHub, make_streams: Make) -> None:
    streams = make_streams(hub.url, cameras(serve({"/main": film(FOOTAGE)}, login=True)))
    streams.start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: publishing.frames)
    publishing.connection.close(4410, "nobody watches any more")
    wait_for(lambda: not streams.running(), 2.0)
    assert len(hub.publishings) == 1


def test_a_second_request_replaces_the_first(film: Film, serve: Serve, hub: TestHub, make_streams: Make) -> None:
    streams = make_streams(hub.url, cameras(serve({"/main": film(FOOTAGE)}, login=True)))
    streams.start("cam-1", "main", "ticket-1", PATH)
    wait_for(lambda: hub.publishing().frames)
    streams.start("cam-1", "main", "ticket-2", PATH)
    assert hub.publishing(0).ended.wait(1.0)
    wait_for(lambda: hub.publishing(1).frames)
    check_stream(hub.publishing(1))
    assert streams.running() == [("cam-1", MAIN)]


def test_a_refused_ticket_ends_it_and_the_camera_is_not_asked(
    answering: Callable[..., RtspServer], hub: TestHub, make_streams: Make
) -> None:
    server = answering(lambda request: response(request, "200 OK"))
    streams = make_streams(hub.url, {"cam-1": {MAIN: StreamAddress(server.url)}})
    assert streams.start("cam-1", "main", "no-ticket", PATH) is None
    wait_for(lambda: not streams.running())
    assert server.connections == 0


@pytest.mark.parametrize("hang", ["open", "stalled"])
def test_a_stop_takes_no_second_though_the_camera_hangs(
    film: Film,
    serve: Serve,
    answering: Callable[..., RtspServer],
    hub: TestHub,
    make_streams: Make,
    hang: str,
) -> None:
    if hang == "open":
        where = StreamAddress(answering(lambda _: b"").url)
    else:
        where = StreamAddress(serve({"/main": film(FOOTAGE)}, "--stall-after", "1").url())
    streams = make_streams(hub.url, {"cam-1": {MAIN: where}})
    streams.start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    if hang == "stalled":
        wait_for(lambda: len(publishing.frames) >= 20)
    time.sleep(0.5)
    threads = list(streams._running.values())
    started = time.monotonic()
    streams.stop("cam-1", "main")
    assert publishing.ended.wait(1.0)
    assert all(each.join(1.0) for each in threads)
    assert time.monotonic() - started < 1.0


def test_frames_are_dropped_while_the_hub_acknowledges_nothing_and_go_on_at_a_keyframe(
    film: Film, serve: Serve, hub: TestHub, make_streams: Make
) -> None:
    streams = make_streams(hub.url, cameras(serve({"/main": film(FOOTAGE)}, login=True)))
    streams.start("cam-1", "main", "ticket-1", PATH)
    publishing = hub.publishing()
    wait_for(lambda: len(publishing.frames) >= 30)
    hub.silent.set()
    time.sleep(1.5)
    while_silent = len(publishing.frames)
    time.sleep(0.5)
    assert len(publishing.frames) == while_silent  # nothing is sent into the dark
    hub.silent.clear()
    publishing.acknowledge()
    wait_for(lambda: len(publishing.frames) >= while_silent + 30)
    check_stream(publishing)
    marked = [frame for frame in publishing.frames if frame.dropped_before]
    assert len(marked) == 1 and marked[0].keyframe
    missing = publishing.frames[-1].sequence - len(publishing.frames)
    assert 10 < missing < 80


def test_no_credential_is_in_what_the_hub_gets_or_the_log_says(
    film: Film,
    serve: Serve,
    hub: TestHub,
    make_streams: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    camera = serve({"/main": film(FOOTAGE)}, login=True)
    streams = make_streams(hub.url, {**cameras(camera), "cam-2": cameras(camera, "wrong-secret")["cam-1"]})
    streams.start("cam-1", "main", "ticket-1", PATH)
    streams.start("cam-2", "main", "ticket-2", PATH)
    wait_for(lambda: any(each.troubles for each in hub.publishings) and any(each.frames for each in hub.publishings))
    camera.kill()
    wait_for(lambda: len({reason for each in hub.publishings for reason in each.troubles}) > 1)
    streams.start("cam-1", "main", "secret-ticket", PATH)
    wait_for(lambda: "status 403" in caplog.text)
    streams.close()
    ours = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith("websockets"))
    assert "cam-1/main" in ours
    for secret in (PASSWORD, "wrong-secret", USERNAME, "ticket-1", "secret-ticket", camera.url()):
        assert secret not in ours
        assert secret.encode() not in bytes(hub.wire)
