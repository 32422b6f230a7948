"""Pictures of an office that does not exist, drawn and then distorted as a camera in trouble would show it."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

_WIDTH, _HEIGHT = 480, 270


@lru_cache(maxsize=64)
def picture(camera: int, moment: int, condition: str = "") -> bytes:
    """A JPEG of 480×270. `moment` moves who walks through it; `condition` is one of a picture's."""
    import numpy

    shown = _office(camera, moment)
    if condition == "covered":
        shown[:, :] = (38, 34, 31)
        shown[: _HEIGHT // 8] = shown[: _HEIGHT // 8] + 12
    elif condition == "blurred":
        kernel = 15
        for axis in (0, 1):
            shown = sum(numpy.roll(shown.astype(float), step, axis) for step in range(-kernel, kernel + 1))
            shown = shown / (2 * kernel + 1)
    elif condition == "black":
        shown = shown * 0.06
    return _jpeg(numpy.clip(shown, 0, 255).astype(numpy.uint8))


def _office(camera: int, moment: int) -> Any:
    import numpy

    shown = numpy.zeros((_HEIGHT, _WIDTH, 3), numpy.int16)
    shown[:150] = (196, 203, 205)
    shown[150:] = (128, 118, 106)
    shown += numpy.linspace(18, -18, _WIDTH).astype(numpy.int16)[None, :, None]
    left = 30 + 45 * (camera % 4)
    shown[30:105, left : left + 120] = (226, 238, 247)  # a window and its bars
    shown[30:105, left + 58 : left + 62] = (150, 156, 160)
    for desk in range(3):
        at = 20 + desk * 155
        shown[168:180, at : at + 130] = (96, 66, 44)
        shown[180:240, at + 8 : at + 122] = (142, 104, 72)
        shown[128:168, at + 45 : at + 100] = (40, 46, 54)  # a screen
        shown[133:160, at + 50 : at + 95] = (94, 140, 176)
    walker = 20 + (moment * 67) % (_WIDTH - 70)
    shown[120:150, walker + 8 : walker + 30] = (176, 132, 106)
    shown[150:235, walker : walker + 38] = (52, 72, 112 + 20 * (moment % 3))
    grain = numpy.random.default_rng(camera * 1000 + moment)
    return shown + grain.integers(-5, 6, shown.shape, numpy.int16)


def _jpeg(pixels: Any) -> bytes:
    import av

    frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuvj420p")
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = frame.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "4", "qmax": "6"}
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
