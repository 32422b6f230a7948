"""Shapes drawn once and put into picture after picture: a row of bytes at a time instead of box after box."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from simulator.scene.canvas import BLACK, Box, Canvas

_RUN = re.compile(rb"\x01+")


@dataclass(frozen=True, slots=True)
class _Rows:
    """One plane of a sprite. Each run: where in the plane it begins and ends, and its bytes."""

    width: int  # of the plane
    runs: list[tuple[int, int, bytes]]
    left: int
    right: int

    def put(self, plane: bytearray, shift: int) -> None:
        if self.left + shift < 0 or self.right + shift > self.width:
            self._put_cut_off(plane, shift)
            return
        for begin, end, data in self.runs:
            plane[begin + shift : end + shift] = data

    def _put_cut_off(self, plane: bytearray, shift: int) -> None:
        for begin, end, data in self.runs:
            row = begin - begin % self.width
            first, last = begin + shift, end + shift
            left, right = max(row, first), min(row + self.width, last)
            if left < right:
                plane[left:right] = data[left - first : right - first]


@dataclass(frozen=True, slots=True)
class _Cut:
    luma: _Rows
    chroma: tuple[_Rows, _Rows]


class Sprites:
    """All the poses of one thing. `draw(canvas, pose)` draws a pose and tells within which box."""

    def __init__(self, draw: Callable[[Canvas, int], Box]) -> None:
        self._draw = draw
        # Kept for a canvas as long as somebody keeps that.
        self._cuts: WeakKeyDictionary[Canvas, dict[int, _Cut]] = WeakKeyDictionary()

    def put(self, canvas: Canvas, pose: int, shift: float = 0.0) -> None:
        """Put a pose into the picture, `shift` pixels to the right of where `draw` draws it."""
        cuts = self._cuts.setdefault(canvas, {})
        cut = cuts.get(pose)
        if cut is None:
            cut = cuts[pose] = self._cut(canvas, pose)
        pairs = round(shift / canvas.scale / 2)  # whole pixels of the chroma planes
        cut.luma.put(canvas.planes[0], 2 * pairs)
        for plane, rows in zip(canvas.planes[1:], cut.chroma, strict=True):
            rows.put(plane, pairs)

    def _cut(self, canvas: Canvas, pose: int) -> _Cut:
        sheet = Canvas(canvas.width, canvas.height, canvas.scale, BLACK, masked=True)
        box = self._draw(sheet, pose)
        # Even, and a pixel more than rounding may take: the chroma planes have half of them.
        top, left = (max(0, int(begin / sheet.scale) // 2 * 2 - 2) for begin in (box.y, box.x))
        bottom = min(sheet.height, int((box.y + box.height) / sheet.scale) + 3)
        right = min(sheet.width, int((box.x + box.width) / sheet.scale) + 3)
        starts = range(top * sheet.width, bottom * sheet.width, sheet.width)
        masks = [bytes(sheet.mask[at + left : at + right]) for at in starts]
        luma, first, second = sheet.planes
        half, halves = sheet.width // 2, [mask[::2] for mask in masks[::2]]
        return _Cut(
            _rows(luma, sheet.width, top, left, masks),
            (_rows(first, half, top // 2, left // 2, halves), _rows(second, half, top // 2, left // 2, halves)),
        )


def _rows(plane: bytearray, width: int, top: int, left: int, masks: list[bytes]) -> _Rows:
    """`masks`: of the lines from `top` on and the columns from `left` on."""
    runs: list[tuple[int, int, bytes]] = []
    first, last = width, 0
    for number, mask in enumerate(masks):
        at = (top + number) * width + left
        for run in _RUN.finditer(mask):
            begin, end = at + run.start(), at + run.end()
            runs.append((begin, end, bytes(plane[begin:end])))
            first, last = min(first, left + run.start()), max(last, left + run.end())
    return _Rows(width, runs, first, last)
