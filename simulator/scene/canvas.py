"""A picture in memory, 4:2:0 planes of bytes, and simple shapes on it.

Coordinates are those of a 1280x720 picture whatever the size: a canvas of scale 2 is half as wide and high, so one
scene serves both of a camera's streams.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache

from simulator.scene import font

GRAINS = 61  # kinds of grain a row may have; prime, so that no pattern shows


@dataclass(frozen=True, slots=True)
class Colour:
    """ITU-R BT.601, limited range: luma 16..235, chroma around 128."""

    y: int
    u: int = 128
    v: int = 128


BLACK = Colour(16)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture."""

    x: float
    y: float
    width: float
    height: float


def rgb(red: int, green: int, blue: int) -> Colour:
    """From 0..255 each."""
    y = 16 + (66 * red + 129 * green + 25 * blue) // 256
    u = 128 + (-38 * red - 74 * green + 112 * blue) // 256
    v = 128 + (112 * red - 94 * green - 18 * blue) // 256
    return Colour(y, u, v)


@lru_cache(maxsize=GRAINS)
def _noise(kind: int) -> bytes:
    return random.Random(f"grain/{kind}").randbytes(1280)


@lru_cache(maxsize=256)
def _around(base: int, depth: int) -> bytes:
    return bytes(min(235, max(16, base + (value * (2 * depth + 1) >> 8) - depth)) for value in range(256))


@lru_cache(maxsize=4096)
def _grain(base: int, depth: int, kind: int) -> bytes:
    """A row of noise around `base`, as a sensor gives it."""
    return _noise(kind).translate(_around(base, depth))


class Canvas:
    """`width` and `height` in its own pixels, even. A masked one keeps in `mask` (0 or 1) which pixels were drawn."""

    def __init__(self, width: int, height: int, scale: int, ground: Colour, masked: bool = False) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.mask = bytearray(width * height if masked else 0)
        quarter = width // 2 * (height // 2)
        self.planes = (
            bytearray([ground.y]) * (width * height),
            bytearray([ground.u]) * quarter,
            bytearray([ground.v]) * quarter,
        )

    def box(self, x: float, y: float, width: float, height: float, colour: Colour, grain: int = 0) -> None:
        """A filled rectangle; what is outside the picture is cut off. `grain`: noise on it, in steps of luma."""
        left, right = self._span(x, width, self.width)
        top, bottom = self._span(y, height, self.height)
        if left >= right or top >= bottom:
            return
        self._luma(left, right, top, bottom, colour.y, grain)
        half = self.width // 2
        for plane, value in ((self.planes[1], colour.u), (self.planes[2], colour.v)):
            row = bytes([value]) * ((right + 1) // 2 - left // 2)
            for line in range(top // 2, (bottom + 1) // 2):
                at = line * half + left // 2
                plane[at : at + len(row)] = row

    def disc(self, x: float, y: float, radius: float, colour: Colour, grain: int = 0) -> None:
        """A filled circle around x, y."""
        step = self.scale * 2
        steps = int(radius // step)
        for index in range(-steps, steps + 1):
            reach = (radius * radius - (index * step) ** 2) ** 0.5
            self.box(x - reach, y + index * step, 2 * reach, step, colour, grain)

    def text(self, x: float, y: float, words: str, colour: Colour, dot: int) -> None:
        """Letters of `dot` pixels a dot, their cell's upper left corner at x, y."""
        for index, letter in enumerate(font.letters(words)):
            for number, first, length in font.runs(letter):
                at = x + (index * font.ADVANCE + first) * dot
                self.box(at, y + number * dot, length * dot, dot, colour)

    def take(self, source: Canvas) -> None:
        """The whole picture of another canvas of the same size."""
        for plane, other in zip(self.planes, source.planes, strict=True):
            plane[:] = other

    def rows(self) -> list[bytes]:
        """Luma, row by row."""
        return [bytes(self.planes[0][at : at + self.width]) for at in range(0, len(self.planes[0]), self.width)]

    def _luma(self, left: int, right: int, top: int, bottom: int, value: int, grain: int) -> None:
        plane, length = self.planes[0], right - left
        flat, drawn = bytes([value]) * length, b"\x01" * length
        for line in range(top, bottom):
            at = line * self.width + left
            plane[at : at + length] = flat if not grain else _grain(value, grain, line % GRAINS)[:length]
            if self.mask:
                self.mask[at : at + length] = drawn

    def _span(self, begin: float, length: float, most: int) -> tuple[int, int]:
        first = round(begin / self.scale)
        return max(0, first), min(most, round((begin + length) / self.scale))
