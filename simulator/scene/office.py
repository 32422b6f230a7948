"""The views of a ward's one-stop office. Each repeats after LOOP pictures without a seam.

A view is what stands still, drawn once, and actors, drawn anew in each picture. Coordinates: see canvas.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.scene import font, people
from simulator.scene.canvas import Box, Canvas, Colour, rgb
from simulator.scene.sprite import Sprites
from simulator.scene.strip import GROUND
from simulator.scene.strip import HEIGHT as STRIP

LOOP = 250
FLOOR_ENDS = 720 - STRIP - 16  # the strip's ground begins a macroblock above it, so that nothing moves at its edge
TURN = 2 * math.pi
_STEPS = 16  # poses of somebody who walks, in one turn
_SWAYS = 12  # and of somebody who sits

_WALL = rgb(214, 222, 220)
_WALL_LOW = rgb(176, 196, 196)
_FLOOR = rgb(168, 160, 148)
_JOINT = rgb(150, 142, 130)
_WOOD = rgb(150, 104, 66)
_WOOD_DARK = rgb(112, 76, 48)
_SIGN = rgb(24, 60, 110)
_LED = rgb(244, 92, 60)
_LIGHT = rgb(250, 250, 244)
_FRAME = rgb(92, 100, 108)
_SCREEN = rgb(40, 64, 96)
_CHAIR = rgb(58, 96, 140)
_WHITE = rgb(244, 244, 240)

Actor = Callable[[Canvas, int], None]  # draws itself into picture n of the loop


@dataclass(frozen=True, slots=True)
class View:
    """What one camera sees. `actors` from the back to the front."""

    name: str
    stage: Callable[[Canvas], None]
    actors: Sequence[Actor]

    def background(self, scale: int) -> Canvas:
        canvas = Canvas(1280 // scale, 720 // scale, scale, GROUND)
        self.stage(canvas)
        _bar(canvas)
        return canvas


class Picture:
    """Draws one picture after another of a view."""

    def __init__(self, view: View, background: Canvas) -> None:
        self._view, self._background = view, background
        self.canvas = Canvas(background.width, background.height, background.scale, GROUND)

    def show(self, number: int) -> Canvas:
        self.canvas.take(self._background)
        for actor in self._view.actors:
            actor(self.canvas, number % LOOP)
        return self.canvas


def _bar(canvas: Canvas) -> None:
    canvas.box(0, FLOOR_ENDS, 1280, 720 - FLOOR_ENDS, GROUND)


def counter(name: str, place: str, chance: random.Random) -> View:
    """A counter with a clerk behind it, somebody before it, others passing. `place` is written above it."""
    shelves_seed = chance.random()
    clerk_x, visitor_x = 560 + chance.randrange(80), 760 + chance.randrange(60)

    def stage(canvas: Canvas) -> None:
        _room(canvas, horizon=430)
        books = random.Random(shelves_seed)
        canvas.box(380, 70, 520, 92, _SIGN)
        canvas.text(640 - font.text_width(place) * 3, 78, place, _WHITE, 6)
        for x in (90, 1010):
            canvas.box(x, 170, 180, 240, _WOOD_DARK)
            for shelf in range(4):
                canvas.box(x + 8, 178 + shelf * 58, 164, 50, _WOOD)
                for book in range(9):
                    colour = rgb(books.randrange(90, 220), books.randrange(90, 200), books.randrange(80, 190))
                    canvas.box(x + 14 + book * 17, 186 + shelf * 58, 13, 42, colour, 4)

    desk = _desk(clerk_x)
    return View(
        name,
        stage,
        [
            _seated(people.look(chance, 1.15), clerk_x, 420, 2),
            desk,
            _number_board(chance.randrange(100, 180)),
            _seated(people.look(chance, 1.25), visitor_x, 640, 1, seen_from_behind=True),
            _passing(people.look(chance, 1.15), -120, 1400, 650, 0.0, 12),
            _passing(people.look(chance, 1.2), 1420, -140, 655, 0.45, 11),
        ],
    )


def hall(name: str, _: str, chance: random.Random) -> View:
    """Rows of chairs, people waiting, a board that calls numbers."""

    def stage(canvas: Canvas) -> None:
        _room(canvas, horizon=330)
        canvas.box(460, 60, 380, 150, _FRAME)
        canvas.box(468, 68, 364, 134, _SCREEN)
        for x in (60, 220, 930, 1090):
            canvas.box(x, 90, 130, 190, _FRAME)
            canvas.box(x + 8, 98, 114, 174, rgb(176, 208, 228), 5)
            canvas.box(x + 61, 98, 8, 174, _FRAME)

    actors: list[Actor] = [_called(chance.randrange(200, 260))]
    actors.append(_passing(people.look(chance, 0.8), -100, 1380, 415, 0.2, 14))
    for row, (size, chair) in enumerate(((0.8, 480), (1.0, 590))):
        for seat in range(6):
            x = 180 + seat * 184 + row * 40
            if chance.random() < 0.72:
                actors.append(_seated(people.look(chance, size), x, chair, chance.randrange(1, 4), True))
            actors.append(_chair(x, chair, size))
    actors.append(_passing(people.look(chance, 1.1), 1400, -120, 652, 0.6, 12))
    return View(name, stage, actors)


def entrance(name: str, _: str, chance: random.Random) -> View:
    """The door: two wings of glass, the street behind them, people who come and go."""

    def stage(canvas: Canvas) -> None:
        _room(canvas, horizon=470)
        canvas.box(300, 90, 680, 400, rgb(164, 200, 226), 4)
        canvas.box(300, 300, 680, 190, rgb(128, 128, 126), 6)
        for x in (330, 520, 850):
            canvas.box(x + 34, 210, 14, 110, _WOOD_DARK, 4)
            canvas.disc(x + 40, 190, 62, rgb(72, 128, 70), 14)
        canvas.box(440, 30, 400, 56, _SIGN)
        canvas.text(486, 34, "LỐI RA VÀO", _WHITE, 4)
        _ticket_machine(canvas)

    return View(
        name,
        stage,
        [
            _motorbike(rgb(190, 50, 48), 200, 1100, 440, 0.0),
            _motorbike(rgb(40, 78, 150), 1100, 200, 466, 0.35),
            _wings(),
            _passing(people.look(chance, 1.1), 640, -140, 640, 0.18, 8),
            _passing(people.look(chance, 1.15), 1400, 520, 652, 0.55, 8),
        ],
    )


def _room(canvas: Canvas, horizon: int) -> None:
    canvas.box(0, 0, 1280, 46, rgb(232, 234, 230), 2)
    for x in range(100, 1280, 380):
        canvas.box(x, 12, 240, 18, _LIGHT)
    canvas.box(0, 46, 1280, horizon - 46, _WALL, 3)
    canvas.box(0, horizon - 70, 1280, 70, _WALL_LOW, 3)
    canvas.box(0, horizon, 1280, FLOOR_ENDS - horizon, _FLOOR, 5)
    y, step = float(horizon), 14.0
    while y < FLOOR_ENDS:
        canvas.box(0, y, 1280, 2, _JOINT)
        y, step = y + step, step * 1.35


def _ticket_machine(canvas: Canvas) -> None:
    canvas.box(1060, 330, 120, 260, _FRAME)
    canvas.box(1072, 344, 96, 84, _SCREEN)
    canvas.text(1076, 440, "LẤY SỐ", _WHITE, 2)


def _desk(clerk_x: int) -> Actor:
    def draw(canvas: Canvas, _: int) -> Box:
        canvas.box(180, 404, 920, 22, _WOOD_DARK, 3)
        canvas.box(200, 426, 880, 150, _WOOD, 7)
        canvas.box(clerk_x - 190, 316, 130, 84, _FRAME)
        return Box(180, 316, 920, 260)

    sprites = Sprites(draw)

    def act(canvas: Canvas, number: int) -> None:
        sprites.put(canvas, 0)
        shade = 150 + round(50 * math.sin(TURN * 3 * number / LOOP))
        canvas.box(clerk_x - 182, 324, 114, 68, rgb(60, 110, shade), 8)

    return act


def _number_board(first: int) -> Actor:
    """The number that is served; it changes twice in a loop."""

    def draw(canvas: Canvas, number: int) -> Box:
        canvas.box(930, 76, 150, 80, rgb(18, 20, 22))
        canvas.text(946, 74, f"A{first + number}", _LED, 5)
        return Box(930, 76, 150, 80)

    sprites = Sprites(draw)
    return lambda canvas, number: sprites.put(canvas, number // (LOOP // 2))


def _called(first: int) -> Actor:
    def draw(canvas: Canvas, pose: int) -> Box:
        call, lit = divmod(pose, 2)
        canvas.box(468, 68, 364, 134, _SCREEN, 6)
        for row in range(3):
            served = first + (call + row * 2) % 5 + row * 40
            blink = lit and row == call % 3
            canvas.text(484, 66 + row * 44, f"B{served}  QUẦY {row + 1}", _WHITE if blink else rgb(250, 206, 90), 3)
        return Box(468, 68, 364, 134)

    sprites = Sprites(draw)
    return lambda canvas, number: sprites.put(canvas, number // 50 * 2 + number // 6 % 2)


def _seated(one: people.Look, x: float, waist: float, turns: int, seen_from_behind: bool = False) -> Actor:
    def draw(canvas: Canvas, pose: int) -> Box:
        return people.sitter(canvas, one, x, waist, TURN * pose / _SWAYS + x, seen_from_behind)

    sprites = Sprites(draw)
    return lambda canvas, number: sprites.put(canvas, turns * number * _SWAYS // LOOP % _SWAYS)


def _passing(one: people.Look, start: float, end: float, feet: float, begins: float, steps: int) -> Actor:
    """Walks from `start` to `end` in two thirds of the loop, from the share `begins` of it on."""

    def draw(canvas: Canvas, pose: int) -> Box:
        return people.walker(canvas, one, 640, feet, TURN * pose / _STEPS)

    sprites = Sprites(draw)

    def act(canvas: Canvas, number: int) -> None:
        share = (number / LOOP - begins) % 1.0 * 1.5
        if share < 1.0:
            sprites.put(canvas, int(steps * share * _STEPS) % _STEPS, start + (end - start) * share - 640)

    return act


def _chair(x: float, seat: float, size: float) -> Actor:
    def draw(canvas: Canvas, number: int) -> Box:
        canvas.box(x - 62 * size, seat - 66 * size, 124 * size, 66 * size, _CHAIR, 4)
        canvas.box(x - 50 * size, seat, 100 * size, 8 * size, _FRAME)
        return Box(x - 62 * size, seat - 66 * size, 124 * size, 76 * size)

    sprites = Sprites(draw)
    return lambda canvas, number: sprites.put(canvas, 0)


def _motorbike(colour: Colour, start: float, end: float, wheels: float, begins: float) -> Actor:
    def draw(canvas: Canvas, _: int) -> Box:
        x = 640
        for wheel in (-34, 34):
            canvas.disc(x + wheel, wheels - 16, 18, rgb(36, 36, 38))
        canvas.box(x - 40, wheels - 48, 82, 22, colour, 6)
        canvas.box(x - 16, wheels - 96, 34, 50, rgb(226, 214, 190), 8)
        canvas.disc(x + 4, wheels - 108, 17, colour)
        return Box(x - 60, wheels - 130, 120, 136)

    sprites = Sprites(draw)

    def act(canvas: Canvas, number: int) -> None:
        sprites.put(canvas, 0, start + (end - start) * ((number / LOOP * 2 - begins) % 1.0) - 640)

    return act


def _wings() -> Actor:
    """The door's frame and its two wings, which open once in a loop. Drawn over the street."""

    def draw(canvas: Canvas, _: int) -> Box:
        for wall in (150, 984):
            canvas.box(wall, 84, 150, 316, _WALL, 3)
            canvas.box(wall, 400, 150, 70, _WALL_LOW, 3)
            canvas.box(wall, 470, 150, 24, _FLOOR, 5)
            for joint in (470, 484):
                canvas.box(wall, joint, 150, 2, _JOINT)
        _ticket_machine(canvas)
        canvas.box(300, 84, 684, 12, _FRAME)
        return Box(150, 84, 1030, 508)

    sprites = Sprites(draw)

    def act(canvas: Canvas, number: int) -> None:
        sprites.put(canvas, 0)
        apart = max(0.0, math.sin(TURN * number / LOOP)) * 150
        for x in (300, 976, 470 - apart, 632 - apart, 640 + apart, 802 + apart):
            canvas.box(x, 90, 8, 400, _FRAME)
        for handle in (570 - apart, 700 + apart):
            canvas.box(handle, 260, 6, 90, _FRAME)

    return act


# What a camera of the registry may see: by name, of a camera called `name` at `place`.
VIEWS: dict[str, Callable[[str, str, random.Random], View]] = {"counter": counter, "hall": hall, "entrance": entrance}
