"""Pure decoders of SNMP values: bytes from any vendor in, a number or a text out, or None for what is no value."""

from __future__ import annotations

import math
import re
import struct

Value = int | float | str | bytes | None  # what gufo and pysnmp hand over; OIDs and IP addresses are str

# Never a measurement, whatever the MIB: "all ones" and the ends of a signed word stand for "unknown".
_NEVER = frozenset({4294967295, 4294967294, 2147483647, -2147483648, 18446744073709551615})
_NUMBER = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)(?![\d:/.])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")  # C0, and C1, which bytes of another encoding become
_OPAQUE_FLOAT = b"\x9f\x78\x04"
_OPAQUE_DOUBLE = b"\x9f\x79\x08"
_MAC_OCTETS = 6
_MAC_PARTS = re.compile(r"[:.\- ]")
_MAC_DIGITS = re.compile(r"[0-9a-fA-F]{12}")
MAX_TEXT = 255  # DisplayString


def integer(value: Value) -> int | None:
    """A counter, gauge or enumeration; a number in text is taken too (agents that answer with strings)."""
    if isinstance(value, int):
        return value
    found = number(value)
    return None if found is None else int(found)


def number(value: Value) -> float | None:
    """A measurement: integer, Opaque float (net-snmp) or a number at the start of a text ("27.53", "15 PERCENT").

    "Unknown" markers of the SMI word sizes are None, and so is a text that does not start with a number.
    """
    if isinstance(value, int):
        return None if value in _NEVER else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        if value[:3] == _OPAQUE_FLOAT and len(value) >= 7:
            return _finite(struct.unpack(">f", value[3:7])[0])
        if value[:3] == _OPAQUE_DOUBLE and len(value) >= 11:
            return _finite(struct.unpack(">d", value[3:11])[0])
    found = _NUMBER.match(text(value))
    if found is None:
        return None
    parsed = float(found.group(1).replace(",", "."))
    return None if parsed in _NEVER else parsed


def text(value: Value) -> str:
    """A text in whatever encoding the device uses: UTF-8 where it is, else Latin-1; control characters go."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        value = value.rstrip(b"\x00")
        try:
            decoded = value.decode("utf-8")
        except UnicodeDecodeError:
            decoded = value.decode("latin-1")
    else:
        decoded = str(value)
    return _CONTROL.sub(" ", decoded).strip()[:MAX_TEXT]


def mac(value: Value) -> str:
    """A station's MAC as "00:1b:21:0a:0b:0c", from six octets or one of the ways in which agents write it
    ("0:1b:21:a:b:c", "001B-210A-0B0C", "001b.210a.0b0c", "0x001b210a0b0c"); "" for what is none: groups, zeros."""
    octets = value if isinstance(value, bytes) and len(value) == _MAC_OCTETS else _written_mac(text(value))
    if len(octets) != _MAC_OCTETS or octets[0] & 1 or not any(octets):
        return ""
    return octets.hex(":")


def _written_mac(words: str) -> bytes:
    words = words.strip().removeprefix("0x").removeprefix("0X")
    parts = _MAC_PARTS.split(words)
    if len(parts) == _MAC_OCTETS and all(0 < len(part) <= 2 for part in parts):
        words = "".join(part.zfill(2) for part in parts)
    elif len({len(part) for part in parts}) == 1 and len(parts) in (1, 2, 3):
        words = "".join(parts)
    else:
        return b""
    return bytes.fromhex(words) if _MAC_DIGITS.fullmatch(words) else b""


def bits(value: Value) -> frozenset[int]:
    """The numbers of the bits set in a BITS or an OCTET STRING used as one: bit 0 is the first byte's highest."""
    if isinstance(value, str):
        value = value.encode("latin-1", errors="replace")
    if not isinstance(value, bytes):
        return frozenset()
    return frozenset(
        byte * 8 + bit for byte, octet in enumerate(value[:64]) for bit in range(8) if octet & (0x80 >> bit)
    )


def oid(value: Value) -> str:
    """An OBJECT IDENTIFIER without a leading dot; "" where the value is none."""
    return value.lstrip(".") if isinstance(value, str) else ""


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
