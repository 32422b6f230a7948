"""What the hub lets in, and what it closes in words: tickets, frames, silence."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from telemetry.live import MAX_ACCESS_UNIT_BYTES, Frame, LiveNote, LiveNoteType, encode_frame, encode_note
from tests.dashboards.live.camera import GOP, STEP_US, Film, film
from tests.dashboards.live.conftest import CAMERA, WARD, Asked, Publisher, Stage

Start = Callable[..., Stage]


# ---- tickets --------------------------------------------------------------------------------------------------------


def test_a_ticket_is_good_once(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    asked = live.ward.question()
    live.published().play(live.film, 0, 2)
    answer = live.refused(asked)
    assert answer["code"] == "ticket_refused"
    assert answer["message"] == "Vé này không cho phép phát hình. (unknown)"
    assert live.counted("unknown") == 1
    assert len(watcher.frames(2)) == 2


def test_an_expired_ticket_is_refused(stage: Start) -> None:
    live = stage(ticket_seconds=0.0)
    live.watch()
    assert "(expired)" in live.refused(live.ward.question())["message"]
    assert live.counted("expired") == 1


@pytest.mark.parametrize("claim", ["&ward=thach-thang", "&device=cam-2", "&stream=sub"])
def test_a_ticket_for_another_camera_or_ward_is_refused_and_used_up(stage: Start, claim: str) -> None:
    live = stage()
    live.watch()
    asked = live.ward.question()
    assert "(foreign)" in live.refused(asked, claim)["message"]
    assert live.counted("foreign") == 1
    assert "(unknown)" in live.refused(asked)["message"]


def test_a_publisher_that_says_who_it_is_and_is_it_comes_in(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    publisher = live.publish(live.ward.question(), f"&ward={WARD}&device={CAMERA}&stream=main")
    publisher.send(live.film.note)
    publisher.play(live.film, 0, 1)
    assert len(watcher.frames(1)) == 1


@pytest.mark.parametrize("ticket", ["", "x", "%00", "a" * 5000])
def test_a_guessed_ticket_is_refused(stage: Start, ticket: str) -> None:
    live = stage()
    live.watch()
    asked = live.ward.question()
    live.refused(Asked(asked.ward, asked.device, asked.stream, ticket, asked.url))
    assert live.counted("unknown") == 1


def test_the_ticket_of_a_picture_that_nobody_wants_any_more_is_refused(stage: Start) -> None:
    live = stage(linger_seconds=0.0)
    watcher = live.watch()
    asked = live.ward.question()
    watcher.close()
    live.ward.wait(lambda: bool(live.ward.stopped), "the ward is told to stop")
    live.refused(asked)


def test_a_newer_publisher_takes_the_place_of_an_older_one_but_never_the_other_way_round(stage: Start) -> None:
    live = stage(ask_seconds=0.1)
    watcher = live.watch()
    questions = [live.ward.question(number) for number in range(4)]
    older = live.publish(questions[1])
    older.send(live.film.note)
    older.play(live.film, 0, 2)
    newer = live.publish(questions[2])
    assert older.closed() == (4409, "replaced by a newer publisher")
    newer.send(live.film.note)
    newer.play(live.film, 0, 2)
    assert [each.sequence for each in watcher.frames(4)] == [0, 1, 0, 1]
    assert "(superseded)" in live.refused(questions[0])["message"]
    newer.play(live.film, 2, 3)
    assert len(watcher.frames(1)) == 1


# ---- frames ---------------------------------------------------------------------------------------------------------


def changed(frame: Frame, **values: int) -> bytes:
    sequence = values.get("sequence", frame.sequence)
    return encode_frame(
        Frame(sequence, values.get("timestamp_us", frame.timestamp_us), frame.keyframe, False, frame.access_unit)
    )


def bad_messages(shown: Film) -> list[tuple[str, bytes | str, str]]:
    good = shown.record(2)
    no_sets = Frame(2, 2 * STEP_US, True, False, b"\x00\x00\x00\x01\x65\x88\x80" + bytes(100))
    broken_sps = Frame(2, 2 * STEP_US, True, False, b"\0\0\0\1\x67\x64\0\x1f\0\0\0\1\x68\xee\x3c\x80\0\0\0\1\x65\x88")
    return [
        ("an empty message", b"", "an empty message"),
        ("garbage", b"\xde\xad\xbe\xef" * 50, "frame version"),
        ("a cut header", good[:10], "cut off within its header"),
        ("a cut access unit", good[:-3], "cut off within its access unit"),
        ("more than it says", good + b"x", "cut off within its header"),
        ("another version", good[:4] + b"\x02" + good[5:], "frame version 2"),
        ("no access unit", struct.pack(">IBBHIQ", 16, 1, 0, 0, 2, 0), "an access unit of 0 bytes"),
        ("an oversized length", struct.pack(">I", 5_000_000) + good[4:], "at most 4194304"),
        ("the same sequence again", changed(shown.frame(2), sequence=1), "out of order: 1 after 1"),
        ("an earlier sequence", changed(shown.frame(2), sequence=0), "out of order: 0 after 1"),
        ("a sequence from far away", changed(shown.frame(2), sequence=3_000_000_000), "out of order"),
        ("a time that goes back", changed(shown.frame(2), timestamp_us=5), "goes back: 5 after 40000"),
        ("no Annex B", encode_frame(Frame(2, 2 * STEP_US, False, False, b"\0\0\0\x10MP4")), "not H.264 Annex B"),
        ("a keyframe without parameter sets", encode_frame(no_sets), "without its parameter sets"),
        ("a broken parameter set", encode_frame(broken_sps), "parameter set"),
        ("a text that is no note", "hello", "not a note"),
        ("a note of no known type", '{"type":"party"}', "not a note"),
        ("H.265", encode_note(LiveNote(LiveNoteType.STREAM, "hvc1.1.6.L93", 640, 360)), "cannot be shown"),
        ("no size", encode_note(LiveNote(LiveNoteType.STREAM, "avc1.64001f", 0, 360)), "cannot be shown"),
    ]


@pytest.mark.parametrize(("message", "words"), [each[1:] for each in bad_messages(film())], ids=lambda each: None)
def test_what_is_no_picture_closes_the_publisher_in_words_and_reaches_nobody(
    stage: Start, message: bytes | str, words: str
) -> None:
    live = stage(ask_seconds=60.0)
    watcher = live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 2)
    publisher.send(message)
    code, reason = publisher.closed()
    assert code == 4400
    assert words in reason
    assert live.counted("bad_bytes") == 1
    assert len(watcher.frames(2)) == 2
    with pytest.raises(TimeoutError):
        watcher.socket.recv(0.05)


def test_a_message_larger_than_any_frame_may_be_closes_the_publisher(stage: Start) -> None:
    live = stage()
    live.watch()
    publisher = live.published()
    with pytest.raises(ConnectionClosed):  # while it is still sent, or after
        publisher.send(bytes(MAX_ACCESS_UNIT_BYTES + 5000))
        publisher.receive()
    live.ward.question(1)  # the ward is asked anew


def test_frames_before_the_note_that_tells_what_they_are_close_the_publisher(stage: Start) -> None:
    live = stage()
    live.watch()
    publisher = live.publish(live.ward.question())
    publisher.send(live.film.record(0))
    assert publisher.closed() == (4400, "frames before the note that tells what they are")


def test_a_publisher_that_never_brings_a_keyframe_is_closed(stage: Start) -> None:
    live = stage(keyframe_seconds=0.3, ask_seconds=60.0)
    watcher = live.watch()
    publisher = live.published()
    with pytest.raises(ConnectionClosed) as caught:
        for number in range(1, 10_000):
            frame = live.film.frame(1 + number % (GOP - 1))
            publisher.send(encode_frame(Frame(number, number * STEP_US, False, False, frame.access_unit)))
            assert publisher.acknowledged() == number  # it is not held back, so that it can bring one
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4408, "no keyframe in 0 s")
    assert watcher.note(LiveNoteType.STREAM).codec == live.film.codec
    with pytest.raises(TimeoutError):
        watcher.socket.recv(0.05)


def test_a_publisher_that_falls_silent_is_closed(stage: Start) -> None:
    live = stage(silence_seconds=0.4, ask_seconds=60.0)
    live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 3)
    code, reason = publisher.closed()
    assert (code, reason) == (4408, "nothing was heard for 0 s")
    assert live.counted("overdue") == 1


def test_words_of_trouble_are_no_silence(stage: Start) -> None:
    live = stage(silence_seconds=0.5)
    watcher = live.watch()
    publisher = live.published()
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        publisher.send(encode_note(LiveNote(LiveNoteType.TROUBLE, reason="no_answer")))
        time.sleep(0.1)
    publisher.play(live.film, 0, 2)
    assert len(watcher.frames(2)) == 2
    assert [each.reason for each in watcher.notes if each.type is LiveNoteType.TROUBLE] == ["no_answer"]


def test_what_follows_a_hole_waits_for_a_keyframe(stage: Start) -> None:
    live = stage()
    watcher = live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 3)
    publisher.play(live.film, 5, GOP + 2)
    frames = watcher.frames(5)
    assert [each.sequence for each in frames] == [0, 1, 2, GOP, GOP + 1]


def test_a_publisher_that_dies_in_the_middle_of_a_message_harms_nobody(stage: Start) -> None:
    live = stage(ask_seconds=0.1)
    watcher = live.watch()
    publisher = live.published()
    publisher.play(live.film, 0, 2)
    asked = len(live.ward.asked)
    publisher.socket.socket.sendall(b"\x82\xfe\x10\x00\0\0\0\0half a frame")
    publisher.socket.socket.shutdown(socket.SHUT_RDWR)
    again: Publisher = live.publish(live.ward.question(asked))
    again.send(live.film.note)
    again.play(live.film, 0, 2)
    assert len(watcher.frames(4)) == 4


def test_every_frame_is_acknowledged_at_once(stage: Start) -> None:
    live = stage()
    live.watch()
    publisher = live.published()
    started = time.monotonic()
    for number in range(50):
        publisher.send(live.film.record(number))
        assert publisher.acknowledged() == number
    assert (time.monotonic() - started) / 50 < 0.1
