"""What may befall a camera's view: something before its lens, dirt on it, another direction, no light.

It changes the scenery, never the strip below it: what the camera writes into its picture is written afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from simulator.scene.canvas import Canvas, Colour
from simulator.scene.office import FLOOR_ENDS

if TYPE_CHECKING:
    from av.filter.graph import Graph
    from av.video.plane import VideoPlane

_CLOTH = Colour(52, 126, 130)
_FOLDS = 80  # columns of the cloth
_BLUR_SHARE = 0.022  # sigma, of the picture's width
_SHIFT_SHARE = 0.25  # of the picture's width, to the left
_SINK_SHARE = 0.12  # of the scenery's height, upwards
_BLACK, _GREY = 16, 128
_NIGHT = bytes(_BLACK + max(0, value - _BLACK) // 110 for value in range(256))  # what a sensor sees of a dark room


@dataclass(frozen=True, slots=True)
class Lens:
    """Which of them it is; all of them at once where all are true."""

    moved: bool = False
    covered: bool = False
    blurred: bool = False
    dark: bool = False

    def through(self) -> Callable[[Canvas], None]:
        """What changes one picture after another, in place."""
        steps: list[Callable[[Canvas], None]] = []
        if self.moved:
            steps.append(_turn)
        if self.covered:
            steps.append(_cover)
        if self.blurred:
            steps.append(_Blur())
        if self.dark:
            steps.append(_darken)

        def change(canvas: Canvas) -> None:
            for step in steps:
                step(canvas)

        return change


CLEAR = Lens()


def _rows(canvas: Canvas) -> list[tuple[bytearray, int, int]]:
    """Of each plane: its bytes, its width, and how many rows of it are scenery."""
    height = FLOOR_ENDS // canvas.scale
    luma, first, second = canvas.planes
    half = canvas.width // 2
    return [(luma, canvas.width, height), (first, half, height // 2), (second, half, height // 2)]


def _turn(canvas: Canvas) -> None:
    """Turned to the right and sagging: what comes in on the right and below is like the rest of the room, mirrored."""
    for plane, width, height in _rows(canvas):
        shift, sink = round(width * _SHIFT_SHARE), round(height * _SINK_SHARE)
        rows = [bytes(plane[at : at + width]) for at in range(0, width * height, width)]
        turned = [row[shift:] + row[: width - shift - 1 : -1] for row in rows]
        plane[: width * height] = b"".join(turned[sink:] + turned[: height - sink - 1 : -1])


def _cover(canvas: Canvas) -> None:
    """A dark cloth over all of the scenery, so near that its folds are but soft shades."""
    width = 1280 / _FOLDS
    for fold in range(_FOLDS):
        shade = Colour(_CLOTH.y + round(7 * math.sin(fold / 9)), _CLOTH.u, _CLOTH.v)
        canvas.box(fold * width, 0, width + 1, FLOOR_ENDS, shade, 1)


def _darken(canvas: Canvas) -> None:
    for index, (plane, width, height) in enumerate(_rows(canvas)):
        end = width * height
        plane[:end] = plane[:end].translate(_NIGHT) if index == 0 else bytes([_GREY]) * end


class _Blur:
    """Out of focus: libavfilter's Gaussian blur."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._number = 0

    def __call__(self, canvas: Canvas) -> None:
        import av

        height = FLOOR_ENDS // canvas.scale
        graph = self._graph = self._graph or _blurring(canvas.width, height)
        frame = av.VideoFrame(canvas.width, height, "yuv420p")
        for plane, (drawn, width, rows) in zip(frame.planes, _rows(canvas), strict=True):
            _fill(plane, bytes(drawn[: width * rows]), width)
        frame.pts, self._number = self._number, self._number + 1
        frame.time_base = Fraction(1, 25)
        graph.vpush(frame)
        blurred = graph.vpull()
        for plane, (drawn, width, rows) in zip(blurred.planes, _rows(canvas), strict=True):
            data, step = bytes(plane), plane.line_size
            drawn[: width * rows] = b"".join(data[line * step : line * step + width] for line in range(rows))


def _blurring(width: int, height: int) -> Graph:
    import av
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("yuv420p"), time_base=Fraction(1, 25))
    blur = graph.add("gblur", f"sigma={width * _BLUR_SHARE:.1f}:steps=2")
    sink = graph.add("buffersink")
    source.link_to(blur)
    blur.link_to(sink)
    graph.configure()
    return graph


def _fill(plane: VideoPlane, rows: bytes, width: int) -> None:
    """Rows into a plane whose lines may be longer."""
    step = plane.line_size
    if step == width:
        plane.update(rows)
        return
    padding = bytes(step - width)
    plane.update(b"".join(rows[at : at + width] + padding for at in range(0, len(rows), width)))
