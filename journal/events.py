"""The entries of a journal that are not readings: few, and asked for when an agent starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from journal import database
from journal.database import opening_error


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
