"""What a stream is, by its own parameter sets: never by what a camera's pages or its SDP call it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from camera.bitstream import h264, h265
from camera.bitstream.bits import BitstreamError


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """`codec`: h264 or h265. `level` as people write it: 4.0. Size in pixels, cropped. `claimed_hz`: the frame rate
    that the bitstream claims; None where it does not say, or says nonsense."""

    codec: str
    profile: str
    level: str
    width: int
    height: int
    claimed_hz: float | None = None

    def __str__(self) -> str:
        name = {"h264": "H.264", "h265": "H.265"}[self.codec]
        return f"{name} {self.profile} {self.level}, {self.width}×{self.height}"


def stream_facts(annexb: bytes, codec: str) -> StreamFacts | None:
    """By the first sequence parameter set in these Annex B bytes. None where there is none that can be read."""
    for unit in units(annexb):
        try:
            if codec == "h264" and unit[0] & 0x1F == h264.SPS:
                return _of_h264(h264.parse(unit))
            if codec == "h265" and unit[0] >> 1 & 0x3F == h265.SPS:
                read = h265.parse(unit)
                return StreamFacts("h265", read.profile, read.level, read.width, read.height)
        except BitstreamError:
            continue
    return None


def _of_h264(read: h264.Sps) -> StreamFacts:
    return StreamFacts("h264", read.profile, read.level, read.width, read.height, read.claimed_hz)


def units(data: bytes) -> Iterator[bytes]:
    """NAL units of an Annex B byte stream, without start codes."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        begin = at + 3
        at = data.find(b"\x00\x00\x01", begin)
        unit = data[begin:] if at < 0 else data[begin:at].rstrip(b"\x00")
        if unit:
            yield unit
