"""The bytes of a Readings message, written by hand: nearly all that a ward writes is this, once for each poll.

A name and its instance are the same at every poll, so their bytes are made once and kept; what remains for each
reading is the eight bytes of its value. The result is byte for byte what protobuf itself would write.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import lru_cache

_VALUE = struct.Struct("<d").pack
_ZERO = _VALUE(0.0)
_READING = b"\x0a"  # Readings.readings: field 1, length-delimited
_METRIC = b"\x0a"
_INSTANCE = b"\x12"
_VALUE_FOLLOWS = b"\x19"  # Reading.value: field 3, 64 bits


def varint(number: int) -> bytes:
    """A whole number >= 0 as protobuf writes it: seven bits to the byte, lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(tag: bytes, content: bytes) -> bytes:
    """A length-delimited field; proto3 leaves an empty one out."""
    return tag + varint(len(content)) + content if content else b""


@lru_cache(maxsize=8192)
def _name(metric: str, instance: str) -> tuple[bytes, bytes]:
    """All of one reading that comes before its value, and the whole of one whose value is 0 (left out in proto3)."""
    name = delimited(_METRIC, metric.encode()) + delimited(_INSTANCE, instance.encode())
    return _READING + varint(len(name) + 9) + name + _VALUE_FOLLOWS, _READING + varint(len(name)) + name


def encode_readings(readings: Iterable[tuple[str, float, str]]) -> bytes:
    """The repeated field `readings` of a Readings message from (metric, value, instance) each.

    Raises UnicodeEncodeError for a name that is no text, struct.error for a value that is no number.
    """
    parts: list[bytes] = []
    put = parts.append
    for metric, value, instance in readings:
        before, whole = _name(metric, instance)
        packed = _VALUE(value)
        if packed == _ZERO:
            put(whole)
        else:
            put(before)
            put(packed)
    return b"".join(parts)
