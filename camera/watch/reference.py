"""What a camera is meant to see, by day and by night: learned, kept on the disk, relearned slowly.

By night, with infrared light, a camera sees the same place in other shades and without colour; so it has two
references. One is learned from pictures that nothing is wrong with, and replaced only by such, hours later, so that a
camera that was turned is measured against what it saw before.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from camera.picture.picture import Picture
from telemetry.clock import Clock

log = logging.getLogger(__name__)

LEARN_AFTER = 3  # pictures in a row that nothing is wrong with
RELEARN_SECONDS = 6 * 3600.0
WIDTH = 640
_COLOURLESS = 2.0  # mean distance from grey
_DARK = 45.0  # mean luma


class Light(StrEnum):
    DAY = "day"
    NIGHT = "night"


def light_of(picture: Picture) -> Light:
    """Night is a picture without colour, or one that is dark."""
    u, v = picture.u.astype(np.float32) - 128, picture.v.astype(np.float32) - 128
    colourless = float(cv2.magnitude(u, v).mean()) < _COLOURLESS
    return Light.NIGHT if colourless or cv2.mean(picture.y)[0] < _DARK else Light.DAY


def small(picture: Picture) -> Picture:
    """The same with at most 640 columns, for keeping."""
    height, width = picture.y.shape
    if width <= WIDTH:
        return picture
    rows = max(2, round(height * WIDTH / width) // 2 * 2)
    return Picture(*picture.planes_at(WIDTH, rows), picture.at, picture.masked)


@dataclass(slots=True)
class _Learned:
    picture: Picture
    at: float  # monotonic


class References:
    """Of one camera. `folder`: where they are kept, by the camera's id; None keeps them in memory only."""

    def __init__(self, camera: str, folder: Path | None, clock: Clock) -> None:
        self._camera = camera
        self._folder = folder
        self._clock = clock
        self._learned: dict[Light, _Learned | None] = {}
        self._good: dict[Light, int] = {}

    def get(self, light: Light, masked: Picture) -> Picture | None:
        """The reference for this light, with the masks of `masked`; None where there is none yet."""
        if light not in self._learned:
            self._learned[light] = self._load(light, masked)
        learned = self._learned[light]
        return None if learned is None else learned.picture

    def offer(self, light: Light, picture: Picture, *, good: bool) -> None:
        """A picture, and whether nothing is wrong with it."""
        if not good:
            self._good[light] = 0
            return
        self._good[light] = self._good.get(light, 0) + 1
        if self._good[light] < LEARN_AFTER:
            return
        learned, now = self._learned.get(light), self._clock.monotonic()
        if learned is None or now - learned.at >= RELEARN_SECONDS:
            self._learned[light] = _Learned(picture, now)
            self._save(light, picture)

    def _path(self, light: Light) -> Path | None:
        return None if self._folder is None else self._folder / f"{self._camera}-{light}.png"

    def _load(self, light: Light, like: Picture) -> _Learned | None:
        path = self._path(light)
        if path is None or not path.exists():
            return None
        luma = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if luma is None or luma.ndim != 2 or min(luma.shape) < 16:
            log.warning("%s: the reference picture %s cannot be read; it is learned anew", self._camera, path)
            return None
        grey = np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, dtype=np.uint8)
        picture = Picture(luma.astype(np.uint8), grey, grey, 0.0, like.masked)
        return _Learned(picture, self._clock.monotonic())

    def _save(self, light: Light, picture: Picture) -> None:
        path = self._path(light)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            good, data = cv2.imencode(".png", picture.y)
            if not good:
                return
            passing = path.with_suffix(".new")
            passing.write_bytes(bytes(data))
            passing.replace(path)
        except OSError as error:
            log.error("%s: the reference picture cannot be kept: %s", self._camera, error)
            with contextlib.suppress(OSError):
                path.with_suffix(".new").unlink(missing_ok=True)
