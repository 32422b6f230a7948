"""People in simple shapes."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from simulator.scene.canvas import Box, Canvas, Colour, rgb

_SKIN = (rgb(226, 184, 150), rgb(208, 160, 122), rgb(190, 142, 106))
_HAIR = (rgb(34, 28, 26), rgb(52, 38, 30), rgb(88, 84, 84))
_COAT = (
    rgb(196, 62, 58),
    rgb(52, 96, 168),
    rgb(74, 130, 84),
    rgb(222, 178, 66),
    rgb(128, 82, 140),
    rgb(232, 226, 214),
    rgb(60, 66, 80),
    rgb(216, 122, 70),
)
_TROUSERS = (rgb(44, 48, 60), rgb(70, 74, 86), rgb(92, 78, 62), rgb(38, 58, 92))
_GRAIN = 6


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody wears, and how tall: 1.0 is 300 px of 720."""

    skin: Colour
    hair: Colour
    coat: Colour
    trousers: Colour
    size: float = 1.0


def look(chance: random.Random, size: float = 1.0) -> Look:
    return Look(chance.choice(_SKIN), chance.choice(_HAIR), chance.choice(_COAT), chance.choice(_TROUSERS), size)


def walker(canvas: Canvas, one: Look, x: float, feet: float, stride: float) -> Box:
    """Somebody walking; `stride` in radians, one turn is two steps. The result holds all that was drawn."""
    unit = one.size
    swing = math.sin(stride)
    top = feet - 300 * unit + abs(swing) * 6 * unit
    for side in (-1, 1):
        reach = side * swing * 26 * unit
        canvas.box(x + reach - 13 * unit, feet - 130 * unit, 26 * unit, 122 * unit, one.trousers, _GRAIN)
        canvas.box(x + reach - 16 * unit, feet - 10 * unit, 36 * unit, 10 * unit, _HAIR[0])
    _body(canvas, one, x, top, 132 * unit)
    for side in (-1, 1):
        reach = -side * swing * 18 * unit
        canvas.box(x + side * 38 * unit - 9 * unit + reach, top + 66 * unit, 18 * unit, 92 * unit, one.coat, _GRAIN)
    return Box(x - 64 * unit, top - 4, 128 * unit, feet - top + 8)


def sitter(canvas: Canvas, one: Look, x: float, waist: float, sway: float, seen_from_behind: bool = False) -> Box:
    """Somebody sitting, seen from the waist up; `sway` in radians moves head and shoulders a little."""
    unit = one.size
    lean = math.sin(sway) * 9 * unit
    top = waist - 170 * unit + math.sin(2 * sway) * 3 * unit
    _body(canvas, one, x + lean, top, waist - top - 60 * unit, seen_from_behind)
    for side in (-1, 1):
        lift = math.sin(3 * sway + side) * 10 * unit
        canvas.box(x + side * 46 * unit - 11 * unit, top + 78 * unit + lift, 22 * unit, 70 * unit, one.coat, _GRAIN)
    return Box(x - 76 * unit, waist - 190 * unit, 152 * unit, 192 * unit)


def _body(canvas: Canvas, one: Look, x: float, top: float, height: float, seen_from_behind: bool = False) -> None:
    """Head, neck and trunk."""
    unit = one.size
    canvas.box(x - 12 * unit, top + 44 * unit, 24 * unit, 24 * unit, one.skin)
    canvas.disc(x, top + 30 * unit, 30 * unit, one.hair)
    if not seen_from_behind:
        canvas.disc(x, top + 36 * unit, 24 * unit, one.skin)
        canvas.box(x - 26 * unit, top + 2 * unit, 52 * unit, 20 * unit, one.hair)
        for side in (-1, 1):
            canvas.box(x + side * 10 * unit - 3 * unit, top + 33 * unit, 6 * unit, 6 * unit, one.hair)
    canvas.box(x - 36 * unit, top + 60 * unit, 72 * unit, 14 * unit, one.coat, _GRAIN)
    canvas.box(x - 42 * unit, top + 68 * unit, 84 * unit, height, one.coat, _GRAIN)
