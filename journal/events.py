"""What an agent asks of its journal before it goes on: the entries that are not readings, and how late it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from journal import database
from journal.database import opening_error
from telemetry.sqlite_files import rows_as_written


def events_newest_first(path: Path) -> Iterator[bytes]:
    """Conditions, facts, lifecycle and the like of all incarnations, verbatim, the newest written first.

    Reads beside a journal that is open. Raises JournalError.
    """
    try:
        with closing(database.open_for_reading(path)) as connection:
            for (entry,) in connection.execute("SELECT entry FROM others ORDER BY id DESC"):
                yield entry
    except sqlite3.Error as error:
        raise opening_error(path, error) from error


def newest_wall_us(path: Path) -> int:
    """The wall time (µs) of the entry that was written last; 0 where there is none. Not the greatest: a clock that was
    years ahead for a while, and was set right, must not haunt those who come after. Raises JournalError."""
    try:
        with closing(database.open_for_reading(path)) as connection, rows_as_written():
            last = [
                connection.execute(f"SELECT id, wall_us FROM {table} ORDER BY id DESC LIMIT 1").fetchone()
                for table in database.TABLES
            ]
            found: int = max((row for row in last if row is not None), default=(0, 0))[1]
            return found
    except sqlite3.Error as error:
        raise opening_error(path, error) from error
