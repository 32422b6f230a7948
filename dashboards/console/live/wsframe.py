"""WebSocket messages as they go over the wire (RFC 6455 §5.2), built once for all who get them.

What a server sends is not masked, so one message's bytes are the same for everybody.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from telemetry.live import ACK_TYPE

_FIN = 0x80
_TEXT, _BINARY = 0x1, 0x2
_ACK_HEAD = b"\x82\x85"  # a final binary frame, masked, of five bytes: an acknowledgement
_ACK_FRAME_BYTES = 11
MOST_CLIENT_BYTES = 4096  # of one frame from a viewer


def binary(*parts: bytes | memoryview) -> bytes:
    """A binary message of these parts, as one frame."""
    return b"".join((_header(_BINARY, sum(map(len, parts))), *parts))


def text(words: str) -> bytes:
    """A text message, as one frame."""
    payload = words.encode()
    return _header(_TEXT, len(payload)) + payload


def is_text(framed: bytes) -> bool:
    """Of a message that was built here."""
    return framed[0] & 0x0F == _TEXT


def payload_at(framed: bytes) -> int:
    """Where the payload of a message that was built here begins."""
    return {126: 4, 127: 10}.get(framed[1], 2)


def _header(opcode: int, size: int) -> bytes:
    if size < 126:
        return struct.pack(">BB", _FIN | opcode, size)
    if size < 65536:
        return struct.pack(">BBH", _FIN | opcode, 126, size)
    return struct.pack(">BBQ", _FIN | opcode, 127, size)


class OversizedFrameError(ValueError):
    """A viewer sends more than a viewer has to say."""


def ack_sequence(frame: bytes) -> int | None:
    """What a viewer's frame acknowledges, if the bytes are one such frame and nothing else: they nearly always are."""
    if len(frame) != _ACK_FRAME_BYTES or not frame.startswith(_ACK_HEAD):
        return None
    mask = int.from_bytes(frame[2:6] + frame[2:3], "big")  # RFC 6455 §5.3, for five bytes at once
    kind, sequence = divmod(int.from_bytes(frame[6:], "big") ^ mask, 1 << 32)
    return sequence if kind == ACK_TYPE else None


class ClientFrames:
    """Cuts what a viewer sends into whole frames.

    Hundreds of viewers acknowledge several times a second, each time with the same eleven bytes' shape, which
    `ack_sequence` reads; everything else that they say is rare and belongs to a real WebSocket parser.
    """

    def __init__(self) -> None:
        self.kept = b""  # of a frame that has come in part

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Each whole frame as it came. Raises OversizedFrameError for one that no viewer has reason to send."""
        data, self.kept = self.kept + data, b""
        at = 0
        while len(data) - at >= 2:
            size = _frame_bytes(data, at)
            if size is None or len(data) < at + size:
                break
            yield data[at : at + size]
            at += size
        self.kept = data[at:]


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
