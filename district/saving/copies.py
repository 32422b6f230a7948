"""Copies of what a running hub writes to: of its databases at one moment each, of its pictures as they are."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from telemetry.disk import sync
from telemetry.sqlite_files import connect_for_reading

_PAGES = 128  # copied at once (1 MB of the store), so that the hub's own writes come in between
_REST_SECONDS = 0.002
_SYNCED_PAGES = 4096  # after so many the disk has what was copied: one great sync would hold up the hub's own
_HUB_WAITS_MS = 10_000

Copied = Callable[[int, int], None]  # pages so far, of so many


class Frozen:
    """A database as it is at this moment, however long reading it takes; its writer goes on (SQLite's WAL)."""

    def __init__(self, path: Path) -> None:
        """Raises sqlite3.Error."""
        self._db = connect_for_reading(path)
        self._db.execute(f"PRAGMA busy_timeout = {_HUB_WAITS_MS}")
        # The backup below reads in this transaction, so no commit of the hub makes it begin again.
        self._db.execute("BEGIN")
        self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def copy(self, target: Path, copied: Copied) -> None:
        """By SQLite's online backup, on the disk when this returns. Raises sqlite3.Error, OSError."""
        with contextlib.closing(sqlite3.connect(target)) as there:
            there.execute("PRAGMA synchronous = OFF")
            synced = 0

            def progress(_status: int, remaining: int, total: int) -> None:
                nonlocal synced
                if total - remaining - synced >= _SYNCED_PAGES:
                    synced = total - remaining
                    sync(target)
                copied(total - remaining, total)
                time.sleep(_REST_SECONDS)

            self._db.backup(there, pages=_PAGES, progress=progress, sleep=_REST_SECONDS)
        sync(target)

    def close(self) -> None:
        self._db.close()


def pictures(folder: Path) -> Iterator[Path]:
    """Those of all wards, whole ones only: one that is being written has another name."""
    for path in sorted(folder.glob("*/*/*.jpg")):
        if len(path.stem) == 64:
            yield path


def link_or_copy(source: Path, target: Path) -> int:
    """A second name where that can be (a picture is never written to again), else a copy on the disk; its size, or -1
    where it is gone meanwhile. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or one that knows no links
            shutil.copy2(source, target)
            sync(target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return -1
    return target.stat().st_size


def sync_tree(folder: Path) -> None:
    """Every folder's names to the disk."""
    for path, _, _ in os.walk(folder):
        sync(Path(path))
