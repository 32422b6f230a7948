"""H.264 as a camera sends it, made once: a drifting scene with noise, at a given bitrate."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

import av


@dataclass(frozen=True)
class Film:
    """Access units (Annex B, keyframe or not) to be shown over and over; the first is a keyframe."""

    units: list[tuple[bytes, bool]]
    codec: str
    width: int
    height: int
    fps: int


def encode(width: int = 1280, height: int = 720, fps: int = 25, kbps: int = 2000, seconds: int = 4) -> Film:
    """A keyframe every two seconds, no B-frames, constant bitrate."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.framerate, context.time_base = Fraction(fps), Fraction(1, fps)
    context.bit_rate = kbps * 1000
    rate = f"vbv-maxrate={kbps}:vbv-bufsize={kbps}:nal-hrd=cbr:keyint={2 * fps}:scenecut=0:bframes=0"
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": rate}
    chance = random.Random(1)
    noise = bytes(96 + (value & 0x1F) for value in chance.randbytes(width * height + 4096))
    units: list[tuple[bytes, bool]] = []
    for number in range(fps * seconds):
        frame = av.VideoFrame(width, height, "yuv420p")
        for plane in frame.planes:
            shift = number * 3 % 4096 if chance.random() < 0.5 else chance.randrange(4096)
            plane.update(noise[shift : shift + plane.buffer_size])
        frame.pts = number
        units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(frame)]
    units += [(bytes(packet), packet.is_keyframe) for packet in context.encode(None)]
    sps = units[0][0].index(b"\x00\x00\x01\x67") + 3
    return Film(units, f"avc1.{units[0][0][sps + 1 : sps + 4].hex()}", width, height, fps)
