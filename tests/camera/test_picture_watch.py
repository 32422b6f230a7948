"""A camera's picture over time: how soon it stands, what it was meant to see, and that this outlives a restart."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from camera.picture.conditions import PictureCondition
from camera.picture.picture import Picture, Plane
from camera.watch.picture_watch import PictureWatch
from camera.watch.reference import Light, light_of
from telemetry.clock import FakeClock
from tests.camera.picture.scenes import picture, scene

EVERY = 5.0
FROZEN, MOVED, COVERED = PictureCondition.FROZEN, PictureCondition.MOVED, PictureCondition.COVERED


def seen(watch: PictureWatch, image: Plane, *moments: float, stands: bool = False) -> dict[PictureCondition, float]:
    """The newest scores after these moments; `stands`: the same picture again and again."""
    scores: dict[PictureCondition, float] = {}
    for at in moments:
        taken = picture(image, 0.0 if stands else at)
        scores = watch.scores(Picture(taken.y, taken.u, taken.v, at))
    return scores


def times(first: int, last: int) -> list[float]:
    return [EVERY * number for number in range(first, last)]


def turned(image: Plane) -> Plane:
    return np.ascontiguousarray(np.roll(image, image.shape[1] // 4, axis=1))


def cloth(image: Plane) -> Plane:
    made = np.full_like(image, 70)
    made[:, : image.shape[1] // 14] = image[:, : image.shape[1] // 14]
    return made


def test_a_living_picture_raises_nothing(tmp_path: Path) -> None:
    watch = PictureWatch("cam-1", (), tmp_path, FakeClock())
    scores = seen(watch, scene(), *times(0, 8))
    assert max(scores.values()) < 0.35


def test_a_picture_stands_after_the_second_and_lives_soon_after() -> None:
    watch = PictureWatch("cam-1", (), None, FakeClock())
    seen(watch, scene(), *times(0, 3))
    seen(watch, scene(), 15.0, stands=True)
    assert seen(watch, scene(), 20.0, stands=True)[FROZEN] >= 0.5
    assert seen(watch, scene(), *times(5, 8), stands=True)[FROZEN] == 1.0
    assert seen(watch, scene(), *times(8, 12))[FROZEN] < 0.35


def test_a_camera_that_is_turned_is_told_also_by_an_agent_that_starts_anew(tmp_path: Path) -> None:
    watch = PictureWatch("cam-1", (), tmp_path, FakeClock())
    seen(watch, scene(), *times(0, 4))
    assert (tmp_path / "cam-1-day.png").exists()
    assert seen(watch, turned(scene()), *times(4, 7))[MOVED] >= 0.5
    another = PictureWatch("cam-1", (), tmp_path, FakeClock())
    assert seen(another, turned(scene()), *times(0, 3))[MOVED] >= 0.5
    assert seen(another, scene(), *times(3, 5))[MOVED] < 0.35


def test_what_is_wrong_is_not_learned(tmp_path: Path) -> None:
    clock = FakeClock()
    watch = PictureWatch("cam-1", (), tmp_path, clock)
    seen(watch, scene(), *times(0, 4))
    clock.advance(24 * 3600)
    assert seen(watch, turned(scene()), *times(4, 12))[MOVED] >= 0.5


def test_a_cloth_is_a_cloth_and_neither_a_turn_nor_a_freeze(tmp_path: Path) -> None:
    watch = PictureWatch("cam-1", (), tmp_path, FakeClock())
    seen(watch, scene(), *times(0, 4))
    scores = seen(watch, cloth(scene()), *times(4, 8), stands=True)
    assert scores[COVERED] >= 0.5
    assert scores[MOVED] == scores[FROZEN] == 0


def test_a_reference_that_cannot_be_read_is_learned_anew(tmp_path: Path) -> None:
    (tmp_path / "cam-1-day.png").write_bytes(b"no picture")
    watch = PictureWatch("cam-1", (), tmp_path, FakeClock())
    assert max(seen(watch, scene(), *times(0, 5)).values()) < 0.35
    assert (tmp_path / "cam-1-day.png").stat().st_size > 1000


def test_night_is_a_picture_without_colour_or_a_dark_one() -> None:
    day = picture(scene())
    grey = np.full_like(day.u, 128)
    assert light_of(day) is Light.DAY
    assert light_of(Picture(day.y, grey, grey)) is Light.NIGHT
    assert light_of(Picture((day.y // 5).astype(np.uint8), day.u, day.v)) is Light.NIGHT
