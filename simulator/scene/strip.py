"""The strip at the bottom of each picture: the camera's name, the wall clock, and the same clock for machines."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from simulator.scene import font
from simulator.scene.canvas import Canvas, Colour
from simulator.scene.clock_code import BLOCKS, clock_bits

HEIGHT = 48  # of 720
GROUND = Colour(28)
_INK = Colour(224)
_QUIET = Colour(180)
_BLACK, _WHITE = Colour(16), Colour(235)
_BLOCK = 16
_DOT = 2
_TEXT_Y = 4
_MARGIN = 16
_CLOCK_X = 1280 - _MARGIN - font.text_width("00:00:00 00/00") * _DOT
_VIETNAM = timezone(timedelta(hours=7))


class Strip:
    """Draws only what changed since the picture before. `scale` as of a Canvas."""

    def __init__(self, name: str, scale: int) -> None:
        self.canvas = Canvas(1280 // scale, HEIGHT // scale, scale, GROUND)
        self.canvas.text(_MARGIN, _TEXT_Y, name, _INK, _DOT)
        self._shown = " " * len("00:00:00 00/00")
        self._bits: list[bool | None] = [None] * BLOCKS

    def show(self, wall_us: int) -> Canvas:
        """The strip at a wall time in µs since 1970 UTC, written as the ward's wall clock shows it (UTC+7)."""
        moment = datetime.fromtimestamp(wall_us // 1_000_000, _VIETNAM)
        self._write(moment.strftime("%H:%M:%S %d/%m"))
        bits = clock_bits(wall_us // 1000)
        for index, (old, new) in enumerate(zip(self._bits, bits, strict=True)):
            if old is not new:
                self.canvas.box(index * _BLOCK, HEIGHT - _BLOCK, _BLOCK, _BLOCK, _WHITE if new else _BLACK)
        self._bits[:] = bits
        return self.canvas

    def _write(self, words: str) -> None:
        for index, (old, new) in enumerate(zip(self._shown, words, strict=True)):
            if old != new:
                x = _CLOCK_X + index * font.ADVANCE * _DOT
                self.canvas.box(x, _TEXT_Y, font.WIDTH * _DOT, font.HEIGHT * _DOT, GROUND)
                self.canvas.text(x, _TEXT_Y, new, _QUIET if new in ":/" else _INK, _DOT)
        self._shown = words
