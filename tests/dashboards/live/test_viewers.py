"""From a ward's publisher to those who watch, over real sockets."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from telemetry.live import LiveNote, LiveNoteType, encode_ack, encode_note
from telemetry.readings import Reason, ReasonCode
from tests.certificates import make_certificate
from tests.dashboards.live.camera import GOP
from tests.dashboards.live.conftest import CAMERA, WARD, Stage, Watcher

Start = Callable[..., Stage]


def test_a_viewer_gets_the_very_bytes_that_the_ward_published(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    asked = live.ward.question()
    assert (asked.ward, asked.device, asked.stream, asked.url) == (WARD, CAMERA, "main", "/live/publish")
    live.published().play(live.film, 0, 30)
    frames = watcher.frames(30)
    assert [(each.sequence, each.timestamp_us, each.keyframe, bytes(each.access_unit)) for each in frames] == [
        (each.sequence, each.timestamp_us, each.keyframe, each.access_unit)
        for each in (live.film.frame(number) for number in range(30))
    ]
    assert watcher.notes == [LiveNote(LiveNoteType.STREAM, live.film.codec, live.film.width, live.film.height)]
    assert set(watcher.sizes) == {1}


def test_one_who_comes_late_begins_with_the_kept_keyframe_at_once(stage: Start) -> None:
    live = stage()
    live.watch()
    live.published().play(live.film, 0, GOP + 4)
    late = live.watch()
    frames = late.frames(4)
    assert [each.sequence for each in frames] == [GOP, GOP + 1, GOP + 2, GOP + 3]
    assert frames[0].keyframe
    assert late.notes[0].codec == live.film.codec


def test_one_copy_comes_in_however_many_watch(stage: Start) -> None:
    live = stage()
    watchers = [live.watch() for _ in range(12)]
    live.published().play(live.film, 0, 40)
    for each in watchers:
        each.frames(40)
    (channel,) = live.statistics()["channels"]
    assert (channel["viewers"], channel["publishers"], channel["frames_in"]) == (12, 1, 40)
    assert channel["access_unit_bytes_in"] == sum(len(live.film.frame(n).access_unit) for n in range(40))
    assert channel["bytes_in"] - channel["access_unit_bytes_in"] == 40 * 20
    assert channel["bytes_out"] > 12 * channel["bytes_in"]
    assert len({asked.ticket for asked in live.ward.asked}) == 1


def test_a_tile_gets_its_frames_a_few_at_a_time_and_within_two_tenths_of_a_second(stage: Start) -> None:
    live = stage()
    tile = live.watch(stream="sub")
    publisher = live.published()
    assert live.ward.asked[0].stream == "sub"
    for number in range(20):
        publisher.play(live.film, number, number + 1)
        time.sleep(0.04)  # the camera's own pace
    frames = tile.until(19)
    assert [each.sequence for each in frames] == list(range(20))
    assert 3 <= max(tile.sizes) <= 6


def test_the_picture_comes_back_by_itself_when_the_publisher_died(stage: Start) -> None:
    live = stage(ask_seconds=0.2)
    watcher = live.watch()
    first = live.published()
    first.play(live.film, 0, 5)
    watcher.frames(5)
    asked = len(live.ward.asked)
    first.socket.socket.shutdown(socket.SHUT_RDWR)  # as a killed agent or a cut line
    again = live.publish(live.ward.question(asked))
    again.send(live.film.note)
    again.play(live.film, 0, 5)
    assert [each.sequence for each in watcher.frames(5)] == [0, 1, 2, 3, 4]
    tickets = [each.ticket for each in live.ward.asked]
    assert len(tickets) == len(set(tickets))


def test_a_ward_is_asked_again_with_a_new_ticket_while_somebody_waits_and_told_to_stop_soon_after(stage: Start) -> None:
    live = stage(ask_seconds=0.1, linger_seconds=0.2)
    watcher = live.watch()
    live.ward.question(3)
    tickets = [each.ticket for each in live.ward.asked]
    assert len(set(tickets)) == len(tickets)
    assert min(map(len, tickets)) >= 43  # 256 bits
    publisher = live.publish(live.ward.asked[-1])
    publisher.send(live.film.note)
    watcher.close()
    assert publisher.closed() == (4410, "nobody watches any more")
    live.ward.wait(lambda: len(live.ward.stopped) == 1, "the ward is told to stop")
    assert live.ward.stopped == [(WARD, CAMERA, "main")]


def test_a_publishers_trouble_is_told_to_those_who_watch_and_to_those_who_come(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    publisher = live.published()
    trouble = LiveNote(LiveNoteType.TROUBLE, reason="wrong_credentials", detail="401")
    publisher.send(encode_note(trouble))
    assert watcher.note(LiveNoteType.TROUBLE) == trouble
    assert live.watch().note(LiveNoteType.TROUBLE) == trouble
    publisher.play(live.film, 0, 3)
    watcher.frames(3)
    late = live.watch()
    late.frames(3)
    assert [each.type for each in late.notes] == [LiveNoteType.STREAM]


def test_a_ward_that_cannot_tells_those_who_wait_why(stage: Start) -> None:
    live = stage()
    live.ward.answer = Reason(ReasonCode.WARD_SILENT, "the ward is not online")
    watcher = live.watch()
    assert watcher.note(LiveNoteType.TROUBLE).reason == "ward_silent"
    assert live.ward.refused is not None
    live.ward.refused(WARD, CAMERA, live.ward.question().stream, Reason(ReasonCode.UNSUPPORTED, "H.265"))
    note = watcher.note(LiveNoteType.TROUBLE)
    assert (note.reason, note.detail) == ("unsupported", "H.265")


# ---- who may not ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "ward", "camera", "stream", "code", "word"),
    [
        ("", WARD, CAMERA, "main", 4401, "not_signed_in"),
        ("minh", WARD, CAMERA, "main", 4404, "unknown_place"),  # another ward's user
        ("lan", "nowhere", CAMERA, "main", 4404, "unknown_place"),
        ("lan", WARD, "cam-9", "main", 4404, "unknown_place"),
        ("lan", WARD, "ups-1", "main", 4404, "unknown_place"),  # no camera
        ("lan", WARD, CAMERA, "third", 4422, "bad_request"),
        ("lan", WARD, CAMERA, "main?mode=vhs", 4422, "bad_request"),
    ],
)
def test_who_may_not_watch_is_told_in_words(
    stage: Start, user: str, ward: str, camera: str, stream: str, code: int, word: str
) -> None:
    live = stage()
    closed, reason = live.watch(user=user, ward=ward, camera=camera, stream=stream).closed()
    assert (closed, reason.partition(":")[0]) == (code, word)
    assert len(reason) > len(word) + 5
    assert live.ward.asked == []


def test_a_wards_own_user_and_an_auditor_may_watch(stage: Start) -> None:
    live = stage()
    live.watch(user="minh", ward="thach-thang")
    assert live.ward.question().ward == "thach-thang"
    live.watch(user="ha")
    assert live.ward.question(1).ward == WARD


def test_another_sites_page_may_not_watch(stage: Start) -> None:
    live = stage()
    with pytest.raises(InvalidStatus) as caught:
        live.connect(f"/api/live/{WARD}/{CAMERA}/main", Cookie=live.cookie(), Origin="https://evil.example")
    assert caught.value.response.status_code == 403
    assert b"cross_site" in (caught.value.response.body or b"")
    same = live.connect(f"/api/live/{WARD}/{CAMERA}/main", Cookie=live.cookie(), Origin=live.running.url)
    live.ward.question()
    same.close()


def test_a_viewer_that_opens_a_thousand_sockets_is_refused_in_words(stage: Start) -> None:
    live = stage(ticket_seconds=120)  # a thousand handshakes take a while on a busy machine
    first = live.watch()
    others = [live.watch() for _ in range(31)]
    deadline = time.monotonic() + 10  # they have a place once the hub knows who they are, not with the handshake
    while live.statistics()["channels"][0]["viewers"] < 32:
        assert time.monotonic() < deadline
    refusals = {live.watch().closed() for _ in range(1000 - 32)}
    assert {code for code, _ in refusals} == {4429}
    assert all(reason.startswith("too_many_pictures: Đang mở quá nhiều") for _, reason in refusals)
    live.watch(user="ha")  # others may
    live.published().play(live.film, 0, 3)
    assert len(first.frames(3)) == 3
    others[0].close()
    deadline = time.monotonic() + 10
    while live.statistics()["channels"][0]["viewers"] > 32:
        assert time.monotonic() < deadline
    assert len(live.watch().frames(3)) == 3


def test_all_together_have_a_limit(stage: Start) -> None:
    live = stage(viewers_total=2)
    live.watch()
    live.watch(user="ha")
    live.ward.question()
    assert live.watch(user="minh", ward="thach-thang").closed()[0] == 4429


def test_signing_out_ends_what_that_session_watches(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    other = live.watch(user="ha")
    publisher = live.published()
    with closing(live.running.client()) as client:
        client.headers["Cookie"] = live.cookie()
        client.cookies.clear()
        assert client.delete("/api/session").status_code == 204
    assert watcher.closed() == (4401, "not_signed_in")
    publisher.play(live.film, 0, 2)
    assert len(other.frames(2)) == 2


def test_a_session_that_ended_otherwise_sees_no_more_after_the_next_check(stage: Start) -> None:
    live = stage(session_seconds=0.2)
    watcher = live.watch()
    live.running.app.state.console.accounts.reset_password("lan")
    assert watcher.closed() == (4401, "not_signed_in")


def test_a_viewer_that_talks_nonsense_is_closed(stage: Start) -> None:
    live = stage()
    for nonsense in (b"\x02abcd", b"x", b"\x01\x00\x00\x00\x00\x00", b""):
        watcher = live.watch()
        watcher.send(nonsense)
        assert watcher.closed() == (4400, "not an acknowledgement"), nonsense
    watcher = live.watch()
    watcher.send("text is nothing that a viewer has to say, and harms nobody", encode_ack(77))
    watcher.socket.ping().wait(10)
    big = live.watch()
    big.send(b"x" * 70_000)
    assert big.closed() == (1009, "a frame of more than 4096 bytes from a viewer")


# ---- slow ones ------------------------------------------------------------------------------------------------------


def stalled(live: Stage) -> socket.socket:
    """A viewer that reads nothing, on a socket that holds little."""
    dead = socket.socket()
    dead.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    dead.connect(("127.0.0.1", live.running.port))
    dead.sendall(
        f"GET /api/live/{WARD}/{CAMERA}/main HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: {live.cookie()}\r\n\r\n".encode()
    )
    return dead


def test_a_viewer_that_stops_reading_harms_nobody_and_is_let_go(stage: Start) -> None:
    live = stage(stall_seconds=1.0)
    watcher = live.watch()
    dead = stalled(live)
    publisher = live.published()
    deadline = time.monotonic() + 20
    while live.statistics()["channels"][0]["viewers"] < 2:
        assert time.monotonic() < deadline
    number = 0
    while live.statistics()["channels"][0]["viewers"] == 2:
        publisher.play(live.film, number, number + 20)
        assert [each.sequence for each in watcher.frames(20)] == list(range(number, number + 20))
        number += 20
        assert time.monotonic() < deadline, "it was not let go"
    dead.close()


def test_a_viewer_that_acknowledges_without_reading_fills_no_memory(stage: Start) -> None:
    live = stage(buffer_bytes=100_000, stall_seconds=60.0)
    dead = stalled(live)
    publisher = live.published()
    publisher.play(live.film, 0, 1)
    most = 0
    large = live.film.frame(0).access_unit + b"\x00\x00\x01\x06" + b"\xff" * 60_000  # a keyframe with a large SEI
    from telemetry.live import Frame, encode_frame

    for number in range(1, 200):
        publisher.send(encode_frame(Frame(number, number * 40_000, True, False, bytes(large))))
        publisher.acknowledged()
        ack = struct.pack(">BI", 1, number)
        dead.sendall(b"\x82\x85\0\0\0\0" + ack)
        (viewer,) = next(iter(live.running.app.state.console.live.lines.values())).channel.viewers
        most = max(most, viewer.outlet._protocol.transport.get_write_buffer_size())
    assert 100_000 < most < 400_000
    (channel,) = live.statistics()["channels"]
    assert channel["frames_skipped"] > 50
    dead.close()


def test_a_viewer_that_acknowledges_late_is_spared_frames_until_a_keyframe_and_told_so(stage: Start) -> None:
    live = stage(lag_seconds=0.3, probe_seconds=60.0)
    slow = live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 2)
    slow.receive()
    time.sleep(0.4)  # the limit passes
    publisher.play(live.film, 2, 2 * GOP + 2)
    slow.frames(2)
    deadline = time.monotonic() + 10
    while live.statistics()["channels"][0]["longest_lag_ms"] > 0:
        assert time.monotonic() < deadline
    publisher.play(live.film, 2 * GOP + 2, 3 * GOP + 2)
    frames = slow.frames(2)
    assert [each.sequence for each in frames] == [3 * GOP, 3 * GOP + 1]
    assert frames[0].keyframe
    assert frames[0].dropped_before
    assert not frames[1].dropped_before


# ---- other servers, TLS ---------------------------------------------------------------------------------------------


def test_the_hub_serves_pictures_by_tls_itself(stage: Start, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    live = stage(tls={"certificate": str(certificate), "key": str(key)})
    watcher = live.watch()
    assert live.address.startswith("wss")
    live.published().play(live.film, 0, 30)
    assert [each.sequence for each in watcher.frames(30)] == list(range(30))


def test_under_a_server_without_the_short_way_plain_asgi_does(stage: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.console.live.sockets.direct_outlet", lambda scope: None)
    live = stage(ask_seconds=0.2)
    watcher = live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 30)
    assert [each.sequence for each in watcher.frames(30)] == list(range(30))
    assert watcher.notes[0].type is LiveNoteType.STREAM
    nonsense = Watcher(live.connect(f"/api/live/{WARD}/{CAMERA}/main", Cookie=live.cookie()))
    nonsense.send(b"x")
    assert nonsense.closed() == (4400, "not an acknowledgement")
    publisher.send(b"garbage")
    assert publisher.closed()[0] == 4400


def test_numbers_are_for_those_who_look_after_the_district(stage: Start) -> None:
    live = stage()
    with closing(live.running.client("ha")) as client:
        assert client.get("/api/live/statistics").json()["code"] == "not_allowed"
    with closing(live.running.client()) as client:
        assert client.get("/api/live/statistics").json() == {"channels": [], "refusals": []}


def test_a_console_without_cameras_has_no_such_addresses(run_console: Callable[..., object]) -> None:
    running = run_console()
    live = Stage(running, None)  # type: ignore[arg-type]
    with pytest.raises(InvalidStatus):
        live.watch()
    with closing(running.client()) as client:  # type: ignore[attr-defined]
        assert client.get("/api/live/statistics").status_code == 404
