"""The small parts: WebSocket frames, tickets, when a ward is asked."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, SERVER, Protocol

from dashboards.console.live import wsframe
from dashboards.console.live.channel import Place
from dashboards.console.live.interest import Interest, Wish
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.tickets import Claim, Refusal, TicketError, Tickets
from dashboards.console.live.wsframe import ClientFrames, OversizedFrameError, ack_sequence
from telemetry.clock import FakeClock
from telemetry.live import StreamName, encode_ack

PLACE = Place("hai-chau-1", "cam-1", StreamName.MAIN)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_a_real_client_reads_what_was_built_by_hand(size: int) -> None:
    payload = os.urandom(size)
    framed = wsframe.binary(payload[: size // 2], payload[size // 2 :])
    assert framed[wsframe.payload_at(framed) :] == payload
    client = Protocol(CLIENT)
    client.receive_data(framed)
    (event,) = client.events_received()
    assert isinstance(event, Frame)
    assert (event.opcode, event.data, event.fin) == (Opcode.BINARY, payload, True)


def test_a_real_client_reads_text() -> None:
    client = Protocol(CLIENT)
    client.receive_data(wsframe.text("Hình ảnh"))
    (event,) = client.events_received()
    assert isinstance(event, Frame)
    assert (event.opcode, bytes(event.data).decode()) == (Opcode.TEXT, "Hình ảnh")
    assert wsframe.is_text(wsframe.text("x"))
    assert not wsframe.is_text(wsframe.binary(b"x"))


frames = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda sequence: (Opcode.BINARY, encode_ack(sequence))),
    st.tuples(st.just(Opcode.TEXT), st.binary(max_size=300)),
    st.tuples(st.just(Opcode.BINARY), st.binary(max_size=300)),
    st.tuples(st.just(Opcode.PING), st.binary(max_size=100)),
)


@given(sent=st.lists(frames, max_size=8), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=10))
def test_what_a_viewer_says_is_heard_whole_however_the_line_cuts_it(
    sent: list[tuple[Opcode, bytes]], cuts: list[int]
) -> None:
    data = b"".join(Frame(opcode, payload).serialize(mask=True) for opcode, payload in sent)
    parts, at = [], 0
    for size in cuts * (len(data) // sum(cuts) + 1):
        parts.append(data[at : at + size])
        at += size
    reader = ClientFrames()
    heard: list[tuple[Opcode, bytes]] = []
    for part in parts:
        for found in reader.feed(part):
            sequence = ack_sequence(found)
            if sequence is not None:
                heard.append((Opcode.BINARY, encode_ack(sequence)))
                continue
            server = Protocol(SERVER)
            server.receive_data(found)
            for event in server.events_received():
                assert isinstance(event, Frame)
                heard.append((event.opcode, bytes(event.data)))
    assert heard == sent


@pytest.mark.parametrize("header", [b"\x82\xfe\x10\x01", b"\x82\xff" + struct.pack(">Q", 2**40), b"\x81\xff"])
def test_a_viewer_that_announces_more_than_it_has_to_say_is_not_waited_for(header: bytes) -> None:
    with pytest.raises(OversizedFrameError):
        list(ClientFrames().feed(header))


# ---- tickets --------------------------------------------------------------------------------------------------------


def test_a_ticket_is_good_for_its_seconds_and_once() -> None:
    clock = FakeClock()
    tickets = Tickets(clock.monotonic, 15.0)
    first, second = tickets.make(PLACE), tickets.make(PLACE)
    assert first != second
    clock.advance(14.9)
    assert tickets.take(first, Claim()).place == PLACE
    for _ in range(2):
        with pytest.raises(TicketError) as used:
            tickets.take(first, Claim())
        assert used.value.refusal is Refusal.UNKNOWN
    clock.advance(0.2)
    with pytest.raises(TicketError) as late:
        tickets.take(second, Claim())
    assert late.value.refusal is Refusal.EXPIRED


def test_newer_tickets_have_larger_numbers_and_dropped_ones_are_worth_nothing() -> None:
    clock = FakeClock()
    tickets = Tickets(clock.monotonic, 15.0)
    other = Place("hai-chau-1", "cam-2", StreamName.SUB)
    older, newer, kept = tickets.make(PLACE), tickets.make(PLACE), tickets.make(other)
    assert tickets.take(older, Claim("hai-chau-1", "cam-1", "main")).number < tickets.take(newer, Claim()).number
    dropped = tickets.make(PLACE)
    tickets.drop(PLACE)
    with pytest.raises(TicketError):
        tickets.take(dropped, Claim())
    assert tickets.take(kept, Claim(device="cam-2")).place == other


def test_tickets_that_nobody_uses_are_forgotten() -> None:
    clock = FakeClock()
    tickets = Tickets(clock.monotonic, 15.0)
    for _ in range(1000):
        tickets.make(PLACE)
        clock.advance(2.5)
    assert len(tickets._tickets) < 15


# ---- when a ward is asked -------------------------------------------------------------------------------------------


def test_a_ward_is_asked_at_once_then_every_few_seconds_until_somebody_publishes() -> None:
    interest = Interest(LiveSettings())
    asked = [n / 10 for n in range(100) if interest.due(n / 10, watched=True, published=False) is Wish.ASK]
    assert asked == [0.0, 2.5, 5.0, 7.5]
    assert interest.missing_seconds(9.9) == pytest.approx(9.9)
    assert interest.due(20.0, watched=True, published=True) is Wish.NOTHING
    assert interest.missing_seconds(20.0) == 0.0
    assert interest.due(21.0, watched=True, published=False) is Wish.ASK


def test_a_ward_that_said_no_is_asked_less_often() -> None:
    interest = Interest(LiveSettings())
    assert interest.due(0.0, watched=True, published=False) is Wish.ASK
    interest.refused(1.0)
    assert interest.due(10.9, watched=True, published=False) is Wish.NOTHING
    assert interest.due(11.0, watched=True, published=False) is Wish.ASK


def test_a_stream_goes_on_for_a_while_after_the_last_viewer_left() -> None:
    interest = Interest(LiveSettings())
    interest.due(0.0, watched=True, published=True)
    assert interest.due(10.0, watched=False, published=True) is Wish.NOTHING
    assert interest.due(14.9, watched=False, published=True) is Wish.NOTHING
    assert interest.due(14.95, watched=True, published=True) is Wish.NOTHING
    assert interest.due(19.0, watched=False, published=True) is Wish.NOTHING
    assert interest.due(24.0, watched=False, published=True) is Wish.STOP
