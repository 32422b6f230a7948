"""H.264 byte streams (ITU-T H.264 Annex B): NAL units, and what the sequence parameter set says.

Only what a relay must know: where NAL units begin, which hold parameter sets, the picture's size and the RFC 6381
codec string. Nothing here decodes a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

START_CODE = b"\x00\x00\x00\x01"
SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9  # nal_unit_type, table 7-1
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_PIXELS = 16384


class BitstreamError(ValueError):
    """Bytes that are no H.264 parameter set."""


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
    """Width and height in pixels (7.3.2.1.1, equations 7-13 to 7-20). Raises BitstreamError."""
    try:
        return _picture_size(_Bits(sps[1:].replace(b"\x00\x00\x03", b"\x00\x00")))
    except IndexError:
        raise BitstreamError("a sequence parameter set that is cut off") from None


def _picture_size(bits: _Bits) -> tuple[int, int]:
    profile = bits.read(8)
    bits.read(16)
    bits.exp_golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = _read_high_profile(bits)
    bits.exp_golomb()
    _skip_picture_order(bits)
    bits.exp_golomb()
    bits.read(1)
    width_in_mbs = bits.exp_golomb() + 1
    height_in_map_units = bits.exp_golomb() + 1
    frame_mbs_only = bits.read(1)
    if not frame_mbs_only:
        bits.read(1)
    bits.read(1)
    left = right = top = bottom = 0
    if bits.read(1):
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
    crop_x = 2 if chroma in (1, 2) else 1
    crop_y = (2 if chroma == 1 else 1) * (2 - frame_mbs_only)
    width = width_in_mbs * 16 - crop_x * (left + right)
    height = height_in_map_units * 16 * (2 - frame_mbs_only) - crop_y * (top + bottom)
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        raise BitstreamError(f"a picture of {width}x{height} cannot be")
    return width, height


def _read_high_profile(bits: _Bits) -> int:
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.read(1)
    bits.exp_golomb()
    bits.exp_golomb()
    bits.read(1)
    if bits.read(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.read(1)
        bits.signed_exp_golomb()
        bits.signed_exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.signed_exp_golomb()


class _Bits:
    """Reads bits, most significant first. Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | (self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def exp_golomb(self) -> int:
        """ue(v), 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise BitstreamError("a number that is longer than H.264 allows")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """se(v), 9.1.1."""
        value = self.exp_golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)
