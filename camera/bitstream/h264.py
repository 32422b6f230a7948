"""The sequence parameter set of H.264 (ITU-T H.264, 7.3.2.1.1 and annex E)."""

from __future__ import annotations

from dataclasses import dataclass

from camera.bitstream.bits import Bits, BitstreamError

SPS = 7  # nal_unit_type, table 7-1
_PROFILES = {
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4 Predictive",
    44: "CAVLC 4:4:4 Intra",
}
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_MOST_PIXELS = 16384
_MOST_HZ = 240.0
_EXTENDED_SAR = 255


@dataclass(frozen=True, slots=True)
class Sps:
    """`claimed_hz`: of the VUI's timing; None where there is none, or one that cannot be."""

    profile: str
    level: str
    width: int
    height: int
    claimed_hz: float | None


def parse(unit: bytes) -> Sps:
    """Of a NAL unit. Raises BitstreamError."""
    try:
        return _parse(Bits.of_unit(unit, 1))
    except IndexError:
        raise BitstreamError("a sequence parameter set that is cut off") from None


def _parse(bits: Bits) -> Sps:
    profile, constraints, level = bits.read(8), bits.read(8), bits.read(8)
    bits.exp_golomb()
    chroma = _read_high_profile(bits) if profile in _HIGH_PROFILES else 1
    bits.exp_golomb()
    _skip_picture_order(bits)
    bits.exp_golomb()
    bits.read(1)
    width, height = _size(bits, chroma)
    return Sps(_profile(profile, constraints), _level(profile, constraints, level), width, height, _claimed(bits))


def _size(bits: Bits, chroma: int) -> tuple[int, int]:
    """Equations 7-13 to 7-20."""
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


def _profile(profile: int, constraints: int) -> str:
    if profile == 66 and constraints & 0x40:
        return "Constrained Baseline"
    return _PROFILES.get(profile, f"profile {profile}")


def _level(profile: int, constraints: int, level: int) -> str:
    if level == 9 or (level == 11 and constraints & 0x10 and profile in (66, 77, 88)):
        return "1b"
    return f"{level // 10}.{level % 10}"


def _claimed(bits: Bits) -> float | None:
    """The frame rate in the VUI (E.1.1); what cannot be read of it claims nothing."""
    try:
        if not bits.read(1):
            return None
        if bits.read(1) and bits.read(8) == _EXTENDED_SAR:
            bits.read(32)
        if bits.read(1):
            bits.read(1)
        if bits.read(1):
            bits.read(4)
            if bits.read(1):
                bits.read(24)
        if bits.read(1):
            bits.exp_golomb()
            bits.exp_golomb()
        if not bits.read(1):
            return None
        ticks, scale = bits.read(32), bits.read(32)
    except (IndexError, BitstreamError):
        return None
    rate = scale / (2 * ticks) if ticks else 0.0
    return rate if 0 < rate <= _MOST_HZ else None


def _read_high_profile(bits: Bits) -> int:
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


def _skip_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last


def _skip_picture_order(bits: Bits) -> None:
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.read(1)
        bits.signed_exp_golomb()
        bits.signed_exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.signed_exp_golomb()
