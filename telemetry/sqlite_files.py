"""How our SQLite files are opened, and which of SQLite's errors tell of a damaged file.

Python decodes SQLite's messages as UTF-8 when it raises them, and a message may quote the file ("malformed database
schema (…)"). Where that part of the file is damaged, a bare UnicodeDecodeError comes out instead, with no error code.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# SQLite's general error, for what in a sound file of ours cannot be.
_NOT_OURS = ("no such table", "no such column", "has no column", "unsupported file format")
# How Python begins, without a code, where a column of a row that it reads is no text (Modules/_sqlite/cursor.c).
_NO_TEXT = "Could not decode to UTF-8"


class DamagedError(sqlite3.DatabaseError):
    """Damage that SQLite itself did not call so."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    sqlite_errorname = "SQLITE_CORRUPT"


class _Connection(sqlite3.Connection):
    """Raises nothing but sqlite3.Error for what a file holds."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        return _readable(super().execute, arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        return _readable(super().executemany, arguments)

    def executescript(self, *arguments: Any) -> sqlite3.Cursor:
        return _readable(super().executescript, arguments)


def connect(path: Path) -> sqlite3.Connection:
    """In autocommit, to be handed from thread to thread; waits 5 s for another's lock. Raises sqlite3.Error."""
    return sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False, factory=_Connection)


def connect_for_reading(path: Path, *, unchanging: bool = False) -> sqlite3.Connection:
    """As `connect`; it never writes. Of a file that nobody changes it makes no -wal and -shm. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if unchanging else ''}"
    return sqlite3.connect(
        uri, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False, factory=_Connection
    )


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error did not come from SQLite itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content is wrong, as against a disk that refuses for now."""
    code, words = primary_code(error), str(error)
    not_ours = code == sqlite3.SQLITE_ERROR and any(each in words for each in _NOT_OURS)
    return code in _DAMAGE or not_ours or words.startswith(_NO_TEXT)


@contextmanager
def rows_as_written() -> Iterator[None]:
    """For what reads rows and does nothing else: a value of another type than was written, or one that names a
    row that is not there, is DamagedError. (SQLite checks neither types nor NOT NULL of what it reads.)"""
    try:
        yield
    except (TypeError, ValueError, OverflowError, KeyError) as error:
        raise DamagedError(f"a row is not as it was written: {error!r}") from error


def _readable(ask: Callable[..., _T], arguments: tuple[Any, ...]) -> _T:
    try:
        return ask(*arguments)
    except UnicodeDecodeError as error:
        raise DamagedError(f"SQLite's message quotes damaged bytes: {error.object!r}") from error
