"""A short film as a camera would send it: H.264 access units, each keyframe with its parameter sets."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from telemetry.live import Frame, LiveNote, LiveNoteType, encode_frame, encode_note

FPS = 25
STEP_US = 1_000_000 // FPS


@dataclass(frozen=True)
class Film:
    """Access units in order; the first is a keyframe."""

    units: tuple[tuple[bytes, bool], ...]
    codec: str
    width: int
    height: int

    @property
    def note(self) -> str:
        return encode_note(LiveNote(LiveNoteType.STREAM, self.codec, self.width, self.height))

    def frame(self, number: int, sequence: int | None = None) -> Frame:
        """The frame at `number` of the film shown over and over."""
        data, keyframe = self.units[number % len(self.units)]
        return Frame(number if sequence is None else sequence, number * STEP_US, keyframe, False, data)

    def record(self, number: int, sequence: int | None = None) -> bytes:
        return encode_frame(self.frame(number, sequence))


@lru_cache(maxsize=4)
def film(width: int = 160, height: int = 96, frames: int = 50, gop: int = 10) -> Film:
    """A moving gradient, encoded now."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(FPS), Fraction(1, FPS)
    context.gop_size = gop
    context.options = {"preset": "veryfast", "tune": "zerolatency", "x264-params": f"keyint={gop}:scenecut=0"}
    units: list[tuple[bytes, bool]] = []
    column = np.arange(width, dtype=np.uint16)[None, :] * np.ones((height, 1), np.uint16)
    for number in range(frames):
        grey = ((column * 3 + number * 7) % 256).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, axis=2), format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(frame)]
    units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(None)]
    sps = units[0][0].index(b"\x00\x00\x01\x67") + 3
    return Film(tuple(units), f"avc1.{units[0][0][sps + 1 : sps + 4].hex()}", width, height)
