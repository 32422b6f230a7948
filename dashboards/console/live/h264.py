"""As much of H.264 (ITU-T H.264) as fragments need: where NAL units lie in Annex B bytes, and the parameter sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

IDR, SPS, PPS, AUD = 5, 7, 8, 9  # nal_unit_type, table 7-1
_SLICES = frozenset({1, 2, 3, 4, IDR})
_START = b"\x00\x00\x01"
# Profiles whose SPS tells chroma format and bit depth (7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class BitstreamError(ValueError):
    """Bytes that are no H.264."""


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """What a decoder must know before a keyframe: NAL units without start codes."""

    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]

    @property
    def codec(self) -> str:
        """RFC 6381: "avc1.64001f"."""
        return f"avc1.{self.sps[0][1:4].hex()}"


def nal_spans(data: bytes, at: int = 0) -> Iterator[tuple[int, int, int]]:
    """Type, begin and end of each NAL unit from `at` on, without start codes and trailing zeros (Annex B)."""
    start = data.find(_START, at)
    while start >= 0:
        begin = start + 3
        start = data.find(_START, begin)
        end = len(data) if start < 0 else start
        while end > begin and data[end - 1] == 0:
            end -= 1
        if end > begin:
            yield data[begin] & 0x1F, begin, end


def is_annexb(data: bytes, at: int = 0) -> bool:
    """Whether an access unit begins here as Annex B says."""
    return data.startswith(_START, at) or data.startswith(b"\x00" + _START, at)


def parameter_sets(data: bytes, at: int = 0) -> ParameterSets:
    """Those that stand before the first slice. Raises BitstreamError where SPS or PPS is not there."""
    sps: dict[bytes, None] = {}
    pps: dict[bytes, None] = {}
    for kind, begin, end in nal_spans(data, at):
        if kind in _SLICES:
            break
        if kind == SPS:
            sps[data[begin:end]] = None
        elif kind == PPS:
            pps[data[begin:end]] = None
    if not sps or not pps or any(len(each) < 5 for each in sps):
        raise BitstreamError("a keyframe without its parameter sets")
    return ParameterSets(tuple(sps), tuple(pps))


def chroma_and_depth(sps: bytes) -> tuple[int, int, int] | None:
    """chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8; None for profiles that do not tell them.

    Raises BitstreamError.
    """
    if sps[1] not in _HIGH_PROFILES:
        return None
    bits = "".join(f"{byte:08b}" for byte in sps[4:24].replace(b"\x00\x00\x03", b"\x00\x00"))
    at = 0

    def exp_golomb() -> int:
        """ue(v), 9.1."""
        nonlocal at
        one = bits.find("1", at)
        width = one - at + 1
        if one < 0 or one + width > len(bits):
            raise BitstreamError("a sequence parameter set that is cut off")
        at = one + width
        return int(bits[one:at], 2) - 1

    exp_golomb()  # seq_parameter_set_id
    chroma = exp_golomb()
    if chroma == 3:
        at += 1  # separate_colour_plane_flag
    luma_depth, chroma_depth = exp_golomb(), exp_golomb()
    if chroma > 3 or luma_depth > 6 or chroma_depth > 6:
        raise BitstreamError("a sequence parameter set that cannot be")
    return chroma, luma_depth, chroma_depth
