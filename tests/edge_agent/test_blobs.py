"""The ward's pictures: evidence on the disk, thumbnails in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edge_agent.blobs import MOST_THUMBNAILS, BlobStore
from telemetry.clock import ClockState, FakeClock
from telemetry.jpeg import PictureError
from tests.telemetry.test_jpeg import made

DAY = 86_400.0


def test_evidence_is_there_after_a_new_start_and_a_thumbnail_is_not(tmp_path: Path) -> None:
    clock = FakeClock()
    store = BlobStore(tmp_path, clock)
    proof = store.put(made(640, 360))
    small = store.set_thumbnail("cam-1", made(320, 180))
    assert store.get(proof) == made(640, 360)
    assert store.get(small) == made(320, 180)
    again = BlobStore(tmp_path, clock)
    assert again.get(proof) == made(640, 360)
    assert (again.get(small), again.thumbnail("cam-1")) == (None, None)


def test_only_the_newest_thumbnail_of_a_camera_is_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    store = BlobStore(tmp_path, clock)
    first = store.set_thumbnail("cam-1", made(320, 180, b"first"))
    clock.advance(5.0)
    second = store.set_thumbnail("cam-1", made(320, 180, b"second"))
    now = store.thumbnail("cam-1")
    assert now is not None
    assert (now.sha256, now.taken_us) == (second, clock.wall_us())
    assert now.sha256 == hashlib.sha256(now.jpeg).digest()
    assert store.get(first) is None
    assert list(tmp_path.rglob("*.jpg")) == []  # nothing of it wears the disk


def test_a_clock_that_runs_free_makes_no_picture_old(tmp_path: Path) -> None:
    clock = FakeClock()
    store = BlobStore(tmp_path, clock)
    proof = store.put(made(640, 360))
    clock.step_wall(20 * 365 * DAY)
    clock.clock_state = ClockState.FREE_RUNNING
    assert store.prune() == 0
    assert store.get(proof) == made(640, 360)
    clock.clock_state = ClockState.SYNCHRONISED
    assert store.prune() == 1
    assert store.get(proof) is None


def test_thumbnails_of_cameras_without_end_are_bounded(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, FakeClock())
    for number in range(MOST_THUMBNAILS + 10):
        store.set_thumbnail(f"cam-{number}", made(320, 180))
    assert store.thumbnail("cam-0") is None
    assert store.thumbnail(f"cam-{MOST_THUMBNAILS + 9}") is not None


def test_what_is_no_picture_is_not_kept(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, FakeClock())
    with pytest.raises(PictureError):
        store.put(b"<html>")
    with pytest.raises(PictureError):
        store.set_thumbnail("cam-1", b"<html>")
    assert store.thumbnail("cam-1") is None
