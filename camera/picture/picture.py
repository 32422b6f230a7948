"""One decoded picture as its judges see it: planes as the camera sent them, and a reduced luma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]  # uint8; OpenCV's annotations know no more of what it returns
Floats = NDArray[Any]  # float32
Flags = NDArray[np.bool_]

WIDTH = 320  # of the reduced luma; its height keeps the picture's shape
COLUMNS, ROWS = 32, 18  # blocks that most judges count
WHOLLY = 0.999  # of a block that is judged; less is touched by a mask


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the picture, in shares of its width and height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Picture:
    """`y`: luma, rows by columns, as coded (usually 16 for black, 235 for white); `u`, `v`: chroma at half the size,
    128 where there is no colour. `at`: seconds of the stream's clock. `masked`: what is not to be judged."""

    y: Plane
    u: Plane
    v: Plane
    at: float = 0.0
    masked: Sequence[Area] = field(default=())

    @classmethod
    def from_frame(cls, frame: Any, at: float, masked: Sequence[Area] = ()) -> Self:
        """Of a frame of PyAV's, whatever its pixel format. Nothing is copied of what cameras send: the planes are the
        frame's own."""
        if frame.format.name == "yuv420p":
            y, u, v = (_plane(plane) for plane in frame.planes)
            return cls(y, u, v, at, masked)
        planes = frame.to_ndarray(format="yuv420p" if frame.width % 2 == 0 and frame.height % 2 == 0 else "yuv444p")
        if planes.ndim == 3:  # an odd size: three whole planes
            y, u, v = planes
            return cls(y, np.ascontiguousarray(u[::2, ::2]), np.ascontiguousarray(v[::2, ::2]), at, masked)
        height, width = frame.height, frame.width
        quarter = height // 4 if height % 4 == 0 else None
        if quarter is None:  # rows of chroma do not fill whole rows of luma
            flat = planes.reshape(-1)
            size, part = height * width, (height // 2) * (width // 2)
            u, v = (flat[size + n * part : size + (n + 1) * part].reshape(height // 2, width // 2) for n in (0, 1))
            return cls(planes[:height], u, v, at, masked)
        u = planes[height : height + quarter].reshape(height // 2, width // 2)
        v = planes[height + quarter : height + 2 * quarter].reshape(height // 2, width // 2)
        return cls(planes[:height], u, v, at, masked)

    @classmethod
    def from_bgr(cls, pixels: Plane, at: float = 0.0) -> Self:
        """Of an image file as OpenCV reads it."""
        height, width = (pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2)
        pixels = pixels[:height, :width]
        # OpenCV's luma runs from 0 to 255; a camera's from 16 to 235.
        ycrcb = cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb).astype(np.float32)
        y = (16 + ycrcb[:, :, 0] * (219 / 255)).astype(np.uint8)
        chroma = [128 + (ycrcb[::2, ::2, at_] - 128) * (224 / 255) for at_ in (2, 1)]
        return cls(y, chroma[0].astype(np.uint8), chroma[1].astype(np.uint8), at)

    @cached_property
    def reduced(self) -> Floats:
        """Luma, WIDTH columns wide."""
        height, width = self.y.shape
        rows = max(ROWS, round(height * WIDTH / width))
        if width <= WIDTH:
            return cv2.resize(self.y, (WIDTH, rows), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        return shrunk(self.y, WIDTH, rows).astype(np.float32)

    def planes_at(self, columns: int, rows: int) -> tuple[Plane, Plane, Plane]:
        """Luma and chroma of the same picture, smaller: an even size, chroma of half of it."""
        half = (columns // 2, rows // 2)
        return shrunk(self.y, columns, rows), shrunk(self.u, *half), shrunk(self.v, *half)

    @cached_property
    def smooth(self) -> Floats:
        """The reduced luma without its finest detail, which is mostly noise."""
        found: Floats = cv2.GaussianBlur(self.reduced, (0, 0), 1.0)
        return found

    @cached_property
    def unmasked(self) -> Flags:
        """Which of the ROWS by COLUMNS blocks are to be judged: those that no mask touches."""
        flags = np.ones((ROWS, COLUMNS), dtype=np.bool_)
        for area in self.masked:
            left, top = int(area.x * COLUMNS), int(area.y * ROWS)
            right, bottom = -int(-(area.x + area.width) * COLUMNS // 1), -int(-(area.y + area.height) * ROWS // 1)
            flags[max(0, top) : bottom, max(0, left) : right] = False
        return flags

    @cached_property
    def judged_luma(self) -> Plane:
        """What is to be judged of `y`; see `judged`."""
        return self.judged(self.y)

    def judged(self, plane: Plane | Floats) -> Plane | Floats:
        """What is to be judged of `plane`, this picture at any size: itself where nothing is masked, at no cost;
        else those of its pixels, which may be none, as one column."""
        if not self.masked:
            return plane
        rows, columns = plane.shape
        parts = [plane[:0, :0].reshape(-1)]
        for top, bottom, left, right in self._unmasked_parts:
            down = slice(_first_of(top, rows, ROWS), _first_of(bottom, rows, ROWS))
            across = slice(_first_of(left, columns, COLUMNS), _first_of(right, columns, COLUMNS))
            parts.append(plane[down, across].reshape(-1))
        return np.concatenate(parts).reshape(-1, 1)

    def judged_in(self, columns: int, rows: int) -> Flags:
        """Which pixels of this picture at that size stand in blocks that are to be judged."""
        flags: Plane = cv2.resize(self.unmasked.view(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST)
        return flags.view(np.bool_)

    @cached_property
    def _unmasked_parts(self) -> Sequence[tuple[int, int, int, int]]:
        """Rectangles of blocks (top, bottom, left, right), few and large: to copy one is quick."""
        found, top = [], 0
        for bottom in range(1, ROWS + 1):
            if bottom < ROWS and (self.unmasked[bottom] == self.unmasked[top]).all():
                continue
            edges = np.flatnonzero(np.diff(self.unmasked[top].astype(np.int8), prepend=0, append=0))
            found += [(top, bottom, int(left), int(right)) for left, right in edges.reshape(-1, 2)]
            top = bottom
        return found

    def judged_blocks(self, columns: int, rows: int) -> Flags:
        """Of fewer blocks than COLUMNS by ROWS, those that have nothing in them that is masked."""
        shares = block_means(self.unmasked.astype(np.float32), columns, rows)
        found: Flags = shares > WHOLLY
        return found


def _first_of(block: int, pixels: int, blocks: int) -> int:
    return -(-block * pixels // blocks)


def _plane(plane: Any) -> Plane:
    """Without the bytes that fill its rows up."""
    rows = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def halved(plane: Plane, columns: int, rows: int) -> Plane:
    """Halved as often as it keeps that size at least, and has even sides. OpenCV takes a tenth of the time for a half
    that it takes for any other part."""
    while plane.shape[1] >= 2 * columns and plane.shape[0] >= 2 * rows and not (plane.shape[0] | plane.shape[1]) & 1:
        plane = cv2.resize(plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return plane


def shrunk(plane: Plane, columns: int, rows: int) -> Plane:
    """To a smaller size: the mean of the area that becomes one pixel."""
    return cv2.resize(halved(plane, columns, rows), (columns, rows), interpolation=cv2.INTER_AREA)


def block_means(values: Floats, columns: int = COLUMNS, rows: int = ROWS) -> Floats:
    """The mean of each block, rows by columns; at the edges of blocks a pixel may count for both."""
    return cv2.resize(values, (columns, rows), interpolation=cv2.INTER_AREA)


def block_stds(values: Floats, columns: int = COLUMNS, rows: int = ROWS) -> Floats:
    """The standard deviation within each block, rows by columns."""
    middle = values - values.mean()  # squares of large numbers would cost what tells a flat block from another
    variance = block_means(middle * middle, columns, rows) - block_means(middle, columns, rows) ** 2
    deviation: Floats = np.sqrt(np.maximum(variance, 0.0))
    return deviation
