"""WebSocket messages as they go over the wire (RFC 6455 §5.2), built once for all who get them.

What a server sends is not masked, so one message's bytes are the same for everybody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

_FIN = 0x80
_TEXT, _BINARY = 0x1, 0x2
_ACK_HEAD = b"\x82\x85"  # a final binary frame, masked, of five bytes: an acknowledgement
_ACK_FRAME_BYTES = 11
MOST_CLIENT_BYTES = 4096  # of one frame from a viewer


class OversizedFrameError(ValueError):
    """A viewer sends more than a viewer has to say."""


@dataclass(frozen=True, slots=True)
class WireMessage:
    """One whole message: its frame header and payload in one piece."""

    framed: bytes
    header_bytes: int
    text: bool = False

    @property
    def payload(self) -> bytes:
        return self.framed[self.header_bytes :]

    @property
    def payload_bytes(self) -> int:
        return len(self.framed) - self.header_bytes


def binary(*parts: bytes | memoryview) -> WireMessage:
    """A binary message of these parts."""
    return _message(_BINARY, parts)


def text(words: str) -> WireMessage:
    """A text message."""
    return _message(_TEXT, (words.encode(),))


def _message(opcode: int, parts: Iterable[bytes | memoryview]) -> WireMessage:
    parts = tuple(parts)
    header = _header(opcode, sum(map(len, parts)))
    return WireMessage(b"".join((header, *parts)), len(header), opcode == _TEXT)


def _header(opcode: int, size: int) -> bytes:
    if size < 126:
        return struct.pack(">BB", _FIN | opcode, size)
    if size < 65536:
        return struct.pack(">BBH", _FIN | opcode, 126, size)
    return struct.pack(">BBQ", _FIN | opcode, 127, size)


class ClientFrames:
    """Cuts what a viewer sends into whole frames, and takes the acknowledgements out of them by itself.

    Hundreds of viewers acknowledge several times a second, each time with the same eleven bytes' shape; everything
    else that they say is rare and belongs to a real WebSocket parser.
    """

    def __init__(self) -> None:
        self._kept = b""

    @property
    def waiting(self) -> bool:
        """Whether a frame has come in part."""
        return bool(self._kept)

    def feed(self, data: bytes) -> Iterable[tuple[bytes, bool]]:
        """Each an acknowledgement's payload (True) or another whole frame as it came (False).

        Raises OversizedFrameError for a frame that no viewer has reason to send.
        """
        if self._kept:
            data = self._kept + data
            self._kept = b""
        at = 0
        while len(data) - at >= 2:
            if data.startswith(_ACK_HEAD, at):
                end = at + _ACK_FRAME_BYTES
                if len(data) < end:
                    break
                yield _unmasked(data[at:end]), True
            else:
                size = _frame_bytes(data, at)
                if size is None or len(data) < at + size:
                    break
                end = at + size
                yield data[at:end], False
            at = end
        self._kept = data[at:]


def ack_in(data: bytes) -> bytes | None:
    """The payload of an acknowledgement, if the data is just that: it nearly always is."""
    return _unmasked(data) if len(data) == _ACK_FRAME_BYTES and data.startswith(_ACK_HEAD) else None


def _unmasked(frame: bytes) -> bytes:
    """RFC 6455 §5.3, of five bytes at once."""
    mask = int.from_bytes(frame[2:6] + frame[2:3], "big")
    return (int.from_bytes(frame[6:11], "big") ^ mask).to_bytes(5, "big")


def _frame_bytes(data: bytes, at: int) -> int | None:
    """The size of the frame that begins at `at`, header included; None while too little of it is here."""
    second = data[at + 1]
    masked, size, header = second & 0x80, second & 0x7F, 2
    if size == 126:
        if len(data) < at + 4:
            return None
        size, header = int.from_bytes(data[at + 2 : at + 4], "big"), 4
    if second & 0x7F == 127 or size > MOST_CLIENT_BYTES:
        raise OversizedFrameError(f"a frame of more than {MOST_CLIENT_BYTES} bytes from a viewer")
    return header + (4 if masked else 0) + size
