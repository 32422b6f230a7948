"""Bit surgery on H.264 slices: a slice encoded as a picture of its own becomes the lower part of a taller one.

It works because such a slice refers to nothing outside itself but the picture before: no deblocking over its edge, no
prediction from the slice above, CAVLC (whose bits need no alignment). Only `first_mb_in_slice`, the first number of
the slice header (ITU-T H.264, 7.3.3), tells where it stands.
"""

from __future__ import annotations

import re

START_CODE = b"\x00\x00\x00\x01"
SLICE, IDR, SPS, PPS = 1, 5, 7, 8  # nal_unit_type, table 7-1
_NEEDS_GUARD = re.compile(rb"\x00\x00(?=[\x00-\x03])")


def nal_units(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream, without start codes."""
    parts = stream.split(b"\x00\x00\x01")[1:]
    last = len(parts) - 1
    # The zero of a four-byte start code belongs to the next unit.
    return [part if index == last else part.rstrip(b"\x00") for index, part in enumerate(parts)]


def annexb(units: list[bytes]) -> bytes:
    """The same units as a byte stream."""
    return b"".join(START_CODE + unit for unit in units)


def moved_to(unit: bytes, first_macroblock: int) -> bytes:
    """A slice whose first_mb_in_slice was 0, now beginning at that macroblock.

    Raises ValueError for a slice that does not begin at macroblock 0.
    """
    payload = unit[1:].replace(b"\x00\x00\x03", b"\x00\x00")
    if not payload or not payload[0] & 0x80:
        raise ValueError("the slice does not begin at the picture's first macroblock")
    bits = int.from_bytes(payload, "big")
    count = len(payload) * 8 - 1  # without the leading 1: ue(0)
    bits &= (1 << count) - 1
    trailing = (bits & -bits).bit_length() - 1  # zeros behind the stop bit
    bits, count = bits >> trailing, count - trailing
    code = first_macroblock + 1
    width = 2 * code.bit_length() - 1
    bits |= code << count
    count += width
    padding = -count % 8
    moved = (bits << padding).to_bytes((count + padding) // 8, "big")
    return unit[:1] + _NEEDS_GUARD.sub(b"\x00\x00\x03", moved)
