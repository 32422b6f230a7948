"""A little room on the journal's disk, kept by a file of no use, for the moment in which there is none.

SQLite cannot open a database in WAL mode without its shared memory beside it (32 kB). After a power loss that is not
there, and on a disk that is full to the last byte it cannot be made: then this room is given up for it.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from telemetry.disk import sync

log = logging.getLogger(__name__)

ROOM_BYTES = 128 * 1024
_ENDING = ".room"


def keep(journal: Path) -> None:
    """Take the room, where it is not taken and there is that much. Durable when this returns."""
    file = journal.with_name(journal.name + _ENDING)
    try:
        if file.exists() and file.stat().st_size == ROOM_BYTES:
            return
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, ROOM_BYTES)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync(journal.parent)
    except OSError as error:
        log.info("%s: no room is kept beside it: %s", journal, error)
        file.unlink(missing_ok=True)


def give_up(journal: Path) -> bool:
    """Give the room back to the disk. Whether there was any."""
    try:
        journal.with_name(journal.name + _ENDING).unlink()
        sync(journal.parent)  # it is free only when the file system has noted that
    except OSError:
        return False
    return True
