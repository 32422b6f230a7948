"""A short film as a camera would send it: H.264 access units, each keyframe with its parameter sets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av

from telemetry.live import Frame, LiveNote, LiveNoteType, encode_frame, encode_note

FPS = 25
STEP_US = 1_000_000 // FPS
GOP = 10


@dataclass(frozen=True)
class Film:
    """Access units in order, a keyframe every GOP; numbers go on for ever, the film begins again."""

    units: tuple[tuple[bytes, bool], ...]
    codec: str
    width: int
    height: int

    @property
    def note(self) -> str:
        return encode_note(LiveNote(LiveNoteType.STREAM, self.codec, self.width, self.height))

    def frame(self, number: int) -> Frame:
        data, keyframe = self.units[number % len(self.units)]
        return Frame(number, number * STEP_US, keyframe, False, data)

    def record(self, number: int) -> bytes:
        return encode_frame(self.frame(number))

    def records(self, first: int, end: int) -> list[bytes]:
        return [self.record(number) for number in range(first, end)]


@lru_cache(maxsize=4)
def film(width: int = 160, height: int = 96, frames: int = 50) -> Film:
    """Grey that moves, encoded now."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(FPS), Fraction(1, FPS)
    keyframes = f"keyint={GOP}:min-keyint={GOP}:scenecut=0"
    context.options = {"preset": "veryfast", "tune": "zerolatency", "x264-params": keyframes}
    ramp = bytes(range(256)) * (width * height // 256 + 8)
    units: list[tuple[bytes, bool]] = []
    for number in range(frames):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            plane.update(ramp[number * 7 : number * 7 + plane.buffer_size])
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(frame)]
    units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(None)]
    sps = units[0][0].index(b"\x00\x00\x01\x67") + 3
    return Film(tuple(units), f"avc1.{units[0][0][sps + 1 : sps + 4].hex()}", width, height)
