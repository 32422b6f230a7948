"""Pictures by their SHA-256: whole or not at all, bounded, and damage is noticed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from store.blobs import BlobError, BlobFolder, BlobLimits
from telemetry.clock import FakeClock

DAY = 86_400.0


def test_a_picture_is_found_by_its_hash_also_after_a_new_start(tmp_path: Path) -> None:
    clock = FakeClock()
    name = BlobFolder(tmp_path / "blobs", clock).put(b"a picture")
    assert name == hashlib.sha256(b"a picture").digest()
    again = BlobFolder(tmp_path / "blobs", clock)
    assert again.get(name) == b"a picture"
    assert again.counts.bytes_held == len(b"a picture")
    assert again.get(bytes(32)) is None


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    folder = BlobFolder(tmp_path, FakeClock())
    assert folder.put(b"one") == folder.put(b"one")
    assert (folder.counts.written, folder.counts.bytes_held) == (1, 3)


def test_what_a_disk_changed_is_noticed_and_may_be_put_again(tmp_path: Path) -> None:
    folder = BlobFolder(tmp_path, FakeClock())
    name = folder.put(b"as it was")
    folder.path(name).write_bytes(b"as it wos")
    assert folder.get(name) is None
    assert folder.counts.damaged == 1
    assert not folder.has(name)
    folder.put(b"as it was")
    assert folder.get(name) == b"as it was"
    assert folder.counts.bytes_held == len(b"as it was")


def test_what_a_crash_left_half_written_is_no_picture(tmp_path: Path) -> None:
    name = hashlib.sha256(b"whole").digest()
    half = tmp_path / name.hex()[:2] / f"{name.hex()}.new"
    half.parent.mkdir()
    half.write_bytes(b"who")
    folder = BlobFolder(tmp_path, FakeClock())
    assert folder.get(name) is None
    assert not half.exists()


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    clock = FakeClock()
    folder = BlobFolder(tmp_path, clock, BlobLimits(max_bytes=10_000))
    names = []
    for number in range(12):
        names.append(folder.put(bytes([number]) * 1000))
        clock.advance(1.0)
    held = [folder.has(name) for name in names]
    assert folder.counts.bytes_held <= 10_000
    assert held == sorted(held)  # nothing newer went before something older
    assert held[-1] and not held[0]
    assert folder.counts.given_up == held.count(False)


def test_what_is_older_than_its_days_goes(tmp_path: Path) -> None:
    clock = FakeClock()
    folder = BlobFolder(tmp_path, clock, BlobLimits(days=400))
    old = folder.put(b"old")
    clock.advance(399 * DAY)
    new = folder.put(b"new")
    assert folder.prune() == 0
    clock.advance(2 * DAY)
    assert folder.prune() == 1
    assert (folder.has(old), folder.has(new)) == (False, True)


@pytest.mark.skipif(os.name == "nt" or not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_takes_nothing_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    folder = BlobFolder(tmp_path, FakeClock())
    name = hashlib.sha256(b"no room").digest()
    place = folder.path(name)
    place.parent.mkdir()
    place.with_suffix(".new").symlink_to("/dev/full")
    with pytest.raises(BlobError):
        folder.put(b"no room")
    assert list(place.parent.iterdir()) == []
    assert folder.counts.bytes_held == 0


def test_a_name_that_is_no_hash_reaches_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256 of 3 bytes"):
        BlobFolder(tmp_path, FakeClock()).get(b"../")
