"""The sequence parameter set of H.265 (ITU-T H.265, 7.3.2.2 and 7.3.3), as far as the picture's size."""

from __future__ import annotations

from dataclasses import dataclass

from camera.bitstream.bits import Bits, BitstreamError

VPS, SPS, PPS = 32, 33, 34  # nal_unit_type, table 7-1
_PROFILES = {1: "Main", 2: "Main 10", 3: "Main Still Picture", 4: "Rext", 9: "SCC"}
_MOST_PIXELS = 16384


@dataclass(frozen=True, slots=True)
class Sps:
    profile: str
    level: str
    width: int
    height: int


def parse(unit: bytes) -> Sps:
    """Of a NAL unit. Raises BitstreamError."""
    try:
        return _parse(Bits.of_unit(unit, 2))
    except IndexError:
        raise BitstreamError("a sequence parameter set that is cut off") from None


def _parse(bits: Bits) -> Sps:
    bits.read(4)
    sub_layers = bits.read(3)
    bits.read(1)
    profile, level = _profile_tier_level(bits, sub_layers)
    bits.exp_golomb()
    chroma = bits.exp_golomb()
    if chroma == 3:
        bits.read(1)
    width, height = bits.exp_golomb(), bits.exp_golomb()
    if bits.read(1):
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        width -= (2 if chroma in (1, 2) else 1) * (left + right)
        height -= (2 if chroma == 1 else 1) * (top + bottom)
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        raise BitstreamError(f"a picture of {width}x{height} cannot be")
    return Sps(_PROFILES.get(profile, f"profile {profile}"), f"{level // 30}.{level % 30 // 3}", width, height)


def _profile_tier_level(bits: Bits, sub_layers: int) -> tuple[int, int]:
    """general_profile_idc, or the lowest profile that it is compatible with; general_level_idc."""
    bits.read(3)
    profile, compatible = bits.read(5), bits.read(32)
    bits.read(48)
    level = bits.read(8)
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    if not profile:
        profile = next((number for number in range(1, 32) if compatible >> (31 - number) & 1), 0)
    return profile, level
