"""The live picture's frames on the wire: the same bytes from the agent to the hub and from the hub to a browser.

One WebSocket message holds one or more records; a record is its length, a header and one access unit:

    uint32  length of header and access unit, in bytes
    uint8   version (1)
    uint8   flags: bit 0 keyframe, bit 1 frames were dropped before this one
    uint16  reserved (0)
    uint32  sequence, counted by the agent, one up for each access unit that the camera gave (dropped ones count too)
    uint64  timestamp in µs of the camera's clock, from an arbitrary start; never goes back within a stream
    bytes   one access unit, H.264 Annex B, untouched; a keyframe's begins with its parameter sets

All numbers are big-endian. The receiver acknowledges with a message of 5 bytes: uint8 1, uint32 sequence (the newest
one that it has processed). Text messages are JSON: `LiveNote`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

VERSION = 1
KEYFRAME = 1
DROPPED_BEFORE = 2
MAX_ACCESS_UNIT_BYTES = 4 * 1024 * 1024  # a 4K keyframe at high quality is about 2 MB

_RECORD = struct.Struct(">IBBHIQ")
_ACK = struct.Struct(">BI")
HEADER_BYTES = _RECORD.size - 4
ACK_TYPE = 1


class StreamName(StrEnum):
    """Which of a camera's streams: main for a large picture, sub for a tile."""

    MAIN = "main"
    SUB = "sub"


class LiveError(ValueError):
    """Bytes that are no frames of ours: the connection that sent them is closed, in words."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One access unit with its header."""

    sequence: int
    timestamp_us: int
    keyframe: bool
    dropped_before: bool
    access_unit: bytes | memoryview


def record_header(size: int, sequence: int, timestamp_us: int, *, keyframe: bool, dropped_before: bool) -> bytes:
    """What stands before an access unit of `size` bytes in a message."""
    flags = (KEYFRAME if keyframe else 0) | (DROPPED_BEFORE if dropped_before else 0)
    return _RECORD.pack(HEADER_BYTES + size, VERSION, flags, 0, sequence & 0xFFFFFFFF, timestamp_us)


def encode_frame(frame: Frame) -> bytes:
    """One record."""
    header = record_header(
        len(frame.access_unit),
        frame.sequence,
        frame.timestamp_us,
        keyframe=frame.keyframe,
        dropped_before=frame.dropped_before,
    )
    return b"".join((header, frame.access_unit))


def decode_frames(message: bytes | memoryview) -> Iterator[Frame]:
    """The records of one message. Raises LiveError for bytes that are none."""
    view = memoryview(message)
    at = 0
    while at < len(view):
        if len(view) - at < _RECORD.size:
            raise LiveError("a record is cut off within its header")
        length, version, flags, _, sequence, timestamp_us = _RECORD.unpack_from(view, at)
        size = length - HEADER_BYTES
        if version != VERSION:
            raise LiveError(f"frame version {version} is not known here")
        if not 0 < size <= MAX_ACCESS_UNIT_BYTES:
            raise LiveError(f"an access unit of {size} bytes; at most {MAX_ACCESS_UNIT_BYTES} are allowed")
        at += _RECORD.size
        if len(view) - at < size:
            raise LiveError("a record is cut off within its access unit")
        yield Frame(sequence, timestamp_us, bool(flags & KEYFRAME), bool(flags & DROPPED_BEFORE), view[at : at + size])
        at += size


def encode_ack(sequence: int) -> bytes:
    """All up to this sequence has been processed."""
    return _ACK.pack(ACK_TYPE, sequence & 0xFFFFFFFF)


def decode_ack(message: bytes) -> int:
    """The acknowledged sequence. Raises LiveError."""
    if len(message) != _ACK.size or message[0] != ACK_TYPE:
        raise LiveError("not an acknowledgement")
    return int(_ACK.unpack(message)[1])


class LiveNoteType(StrEnum):
    """What the two sides tell each other beside frames."""

    STREAM = "stream"  # codec and size of what follows; again when they change
    TROUBLE = "trouble"  # no picture now, and why (a reason code of telemetry.readings)
    END = "end"  # nothing more will come


@dataclass(frozen=True, slots=True)
class LiveNote:
    """A text message. `codec` is the RFC 6381 string from the SPS ("avc1.64001f"), sizes in pixels."""

    type: LiveNoteType
    codec: str = ""
    width: int = 0
    height: int = 0
    reason: str = ""
    detail: str = ""


def encode_note(note: LiveNote) -> str:
    return json.dumps(asdict(note), separators=(",", ":"))


def decode_note(text: str) -> LiveNote:
    """Raises LiveError."""
    try:
        fields = json.loads(text)
        return LiveNote(
            LiveNoteType(fields["type"]),
            str(fields.get("codec", ""))[:40],
            int(fields.get("width", 0)),
            int(fields.get("height", 0)),
            str(fields.get("reason", ""))[:64],
            str(fields.get("detail", ""))[:300],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LiveError(f"not a note: {error}") from error
