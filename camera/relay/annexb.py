"""H.264 byte streams (ITU-T H.264 Annex B): NAL units, and what the sequence parameter set says.

Only what a relay must know: where NAL units begin, which hold parameter sets, the picture's size and the RFC 6381
codec string. Nothing here decodes a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camera.bitstream import h264
from camera.bitstream.bits import BitstreamError

__all__ = ["BitstreamError", "ParameterSets", "nal_units", "parameter_sets", "picture_size"]

START_CODE = b"\x00\x00\x00\x01"
SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9  # nal_unit_type, table 7-1


def nal_units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each NAL unit's type (nal_unit_type) and bytes without start code."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        begin = at + 3
        at = data.find(b"\x00\x00\x01", begin)
        # A zero before the next start code belongs to that (its four-byte form), not to this unit.
        unit = data[begin : len(data) if at < 0 else at].rstrip(b"\x00") if at >= 0 else data[begin:]
        if unit:
            yield unit[0] & 0x1F, unit


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """SPS and PPS as a decoder needs them before a keyframe (Annex B bytes), and what the first SPS says."""

    annexb: bytes
    codec: str  # "avc1.64001f"
    width: int  # pixels, cropping applied
    height: int


def parameter_sets(data: bytes) -> ParameterSets | None:
    """Those in `data`, or None where it does not hold both an SPS and a PPS. Raises BitstreamError."""
    sets = list(dict.fromkeys(unit for kind, unit in nal_units(data) if kind in (SPS, PPS)))
    first = next((unit for unit in sets if unit[0] & 0x1F == SPS), None)
    if first is None or not any(unit[0] & 0x1F == PPS for unit in sets):
        return None
    width, height = picture_size(first)
    codec = f"avc1.{first[1:4].hex()}"
    return ParameterSets(b"".join(START_CODE + unit for unit in sets), codec, width, height)


def picture_size(sps: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises BitstreamError."""
    read = h264.parse(sps)
    return read.width, read.height
