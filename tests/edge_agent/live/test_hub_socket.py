"""The lean WebSocket: at a real server, over TLS too; and at a peer that sends whatever it likes."""

from __future__ import annotations

import base64
import hashlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.frames import CloseCode

from edge_agent.live import hub_socket
from edge_agent.live.hub_socket import HubError, HubSocket
from telemetry.live import Frame, LiveNote, LiveNoteType, encode_ack, record_header
from tests.edge_agent.live.hub import TestHub, wait_for


def url(hub: TestHub, ticket: str = "ticket-1") -> str:
    return f"{hub.url.replace('http', 'ws')}/live/publish?ticket={ticket}"


def send(hub: HubSocket, sequence: int, data: bytes) -> None:
    hub.send_frame(record_header(len(data), sequence, sequence, keyframe=True, dropped_before=False), data)


def send_all(hub: HubSocket, messages: list[bytes]) -> None:
    for number, data in enumerate(messages, 1):
        send(hub, number, data)
        while hub.waits:
            hub.wait(0.01)


SIZES = [1, 105, 106, 107, 65_515, 65_516, 65_517, 3_000_000, 1]


def test_frames_of_every_size_arrive_whole_and_are_acknowledged(hub: TestHub) -> None:
    chance = random.Random(1)
    sent = [chance.randbytes(size) for size in SIZES]
    socket_ = HubSocket(url(hub))
    socket_.connect()
    socket_.send_note(LiveNote(LiveNoteType.STREAM, "avc1.42c00c", 320, 180))
    send_all(socket_, sent)
    wait_for(lambda: (socket_.receive(), socket_.acknowledged == len(SIZES))[1])
    heard = hub.publishing().heard
    assert heard[0] == LiveNote(LiveNoteType.STREAM, "avc1.42c00c", 320, 180)
    assert [bytes(each.access_unit) for each in heard[1:] if isinstance(each, Frame)] == sent
    socket_.close()
    assert hub.publishing().ended.wait(5)
    assert hub.publishing().connection.close_code == CloseCode.NORMAL_CLOSURE


def test_the_same_over_tls_and_only_with_the_right_certificate(secure_hub: tuple[TestHub, Path]) -> None:
    hub, ca_file = secure_hub
    with pytest.raises(HubError, match="certificate"):
        HubSocket(url(hub)).connect()
    socket_ = HubSocket(url(hub), ca_file)
    socket_.connect()
    sent = [random.Random(2).randbytes(size) for size in SIZES]
    send_all(socket_, sent)
    wait_for(lambda: (socket_.receive(), socket_.acknowledged == len(SIZES))[1])
    assert [bytes(frame.access_unit) for frame in hub.publishing().frames] == sent
    socket_.abort()
    socket_.receive()
    assert socket_.ended == "stopped"
    socket_.close()


def test_a_refused_ticket_is_told_without_the_ticket(hub: TestHub) -> None:
    with pytest.raises(HubError) as caught:
        HubSocket(url(hub, "not-a-ticket")).connect()
    assert "403" in str(caught.value) and "not-a-ticket" not in str(caught.value)


def test_a_hub_that_is_not_there_or_says_nothing_is_given_up(
    free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_socket, "CONNECT_SECONDS", 0.5)
    with pytest.raises(HubError, match="refused"):
        HubSocket(f"ws://127.0.0.1:{free_port()}/").connect()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        started = time.monotonic()
        with pytest.raises(HubError, match=r"[Tt]ime"):
            HubSocket(f"ws://127.0.0.1:{mute.getsockname()[1]}/").connect()
        assert time.monotonic() - started < 2


def test_the_hub_s_closing_is_noticed_with_its_code(hub: TestHub) -> None:
    socket_ = HubSocket(url(hub))
    socket_.connect()
    replaced = (4409, "replaced by a newer publisher")
    threading.Thread(target=hub.publishing().connection.close, args=replaced, daemon=True).start()  # it waits for ours
    wait_for(lambda: (socket_.receive(), socket_.ended)[1])
    assert (socket_.close_code, "replaced by a newer" in socket_.ended) == (4409, True)
    send(socket_, 1, b"x")  # is of no consequence
    socket_.close()


def test_waiting_ends_when_it_is_aborted_from_another_thread(hub: TestHub) -> None:
    socket_ = HubSocket(url(hub))
    socket_.connect()
    threading.Timer(0.2, socket_.abort).start()
    started = time.monotonic()
    socket_.wait(10)
    assert time.monotonic() - started < 2 and socket_.ended == "stopped"
    socket_.close()


# ---- a peer that does as it likes -----------------------------------------------------------------------------------


class Peer:
    """Shakes hands and then hands over the raw connection."""

    def __init__(self, with_answer: bytes = b"") -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/live?ticket=t"
        self._with_answer = with_answer
        self._there = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def raw(self) -> socket.socket:
        assert self._there.wait(5)
        return self._raw

    def close(self) -> None:
        self._listener.close()
        if self._there.is_set():
            self._raw.close()

    def _accept(self) -> None:
        self._raw, _ = self._listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += self._raw.recv(4096)
        lines = dict(line.split(": ", 1) for line in request.decode().split("\r\n") if ": " in line)
        key = lines["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._raw.sendall(f"{answer}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode() + self._with_answer)
        self._there.set()


@pytest.fixture
def peer_socket() -> Iterator[Callable[..., tuple[HubSocket, Peer]]]:
    made: list[tuple[HubSocket, Peer]] = []

    def make(with_answer: bytes = b"") -> tuple[HubSocket, Peer]:
        peer = Peer(with_answer)
        hub = HubSocket(peer.url)
        hub.connect()
        made.append((hub, peer))
        return hub, peer

    yield make
    for hub, peer in made:
        hub.close()
        peer.close()


Connected = Callable[..., tuple[HubSocket, Peer]]


def frame(payload: bytes, opcode: int = 2) -> bytes:
    head = bytes((0x80 | opcode,))
    if len(payload) < 126:
        return head + bytes((len(payload),)) + payload
    return head + b"\x7e" + struct.pack(">H", len(payload)) + payload


def test_acknowledgements_are_understood_in_whatever_pieces_and_company_they_come(peer_socket: Connected) -> None:
    chance = random.Random(3)
    said = b""
    for sequence in range(1, 300):
        said += frame(encode_ack(sequence))
        if sequence % 7 == 0:
            said += frame(b"ping", 9) + frame(chance.randbytes(200)) + frame(b"{}", 1)
    first = chance.randint(0, 30)
    hub, peer = peer_socket(said[:first])
    at = first
    while at < len(said):
        size = chance.randint(1, 40)
        peer.raw.sendall(said[at : at + size])
        at += size
        hub.receive()
    wait_for(lambda: (hub.receive(), hub.acknowledged == 299)[1])
    assert hub.ended == ""
    received = b""
    while received.count(b"\x8a\x84") < 299 // 7:  # a masked pong of four bytes for each ping
        received += peer.raw.recv(65536)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x82\x7f" + struct.pack(">Q", 2**40) + bytes(100_000),
        b"\x82\x85\0\0\0\0" + bytes(5),  # masked, as no server may
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n",
    ],
)
def test_nonsense_ends_the_connection_with_a_word(peer_socket: Connected, nonsense: bytes) -> None:
    hub, peer = peer_socket()
    peer.raw.sendall(nonsense)
    wait_for(lambda: (hub.receive(), hub.ended)[1])
    assert hub.ended


def test_a_hub_that_reads_nothing_never_makes_the_sender_wait(peer_socket: Connected) -> None:
    hub, _ = peer_socket()
    data = bytes(1_000_000)
    slowest = 0.0
    for sequence in range(20):
        started = time.monotonic()
        send(hub, sequence, data)
        slowest = max(slowest, time.monotonic() - started)
    assert hub.waits and not hub.ended
    assert slowest < 0.25  # a copy, on a busy machine


def test_masking_keys_are_not_repeated() -> None:
    masks = hub_socket._Masks()
    assert len({masks.take() for _ in range(2000)}) > 1990
