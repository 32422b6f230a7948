"""The store's SQLite file: its tables, how it is opened, and what SQLite's errors mean to us.

A commit appends one `tail` row and touches the few rows of its ward; samples are packed into `chunks` later. Every
write and every checkpoint of the write-ahead log goes through one connection; the others read only.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.base import StoreError, StoreFault, StoreFullError
from store.embedded.settings import EmbeddedSettings
from telemetry.disk import sync
from telemetry.sqlite_files import connect, connect_for_reading, is_damage, primary_code

APPLICATION_ID = 0x57575331  # "WWS1"
VICTORIA_ID = 0x57575631  # "WWV1": what stands beside VictoriaMetrics; its samples are mostly there
SCHEMA_VERSION = 2
LEAST_INTEGER, MOST_INTEGER = -(1 << 63), (1 << 63) - 1  # SQLite's integers
_ROOM_FOR_RETRY = 1_000_000  # with less than this many bytes free, a failing write is a full disk

_SCHEMA = """
CREATE TABLE wards (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    samples_committed INTEGER NOT NULL DEFAULT 0, events_committed INTEGER NOT NULL DEFAULT 0,
    samples_merged INTEGER NOT NULL DEFAULT 0,  -- gone because another of equal time was kept
    samples_pruned INTEGER NOT NULL DEFAULT 0, events_pruned INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE incarnations (  -- ids rise in the order in which they were first seen
    id INTEGER PRIMARY KEY, ward INTEGER NOT NULL, incarnation BLOB NOT NULL, UNIQUE (ward, incarnation)
);
CREATE TABLE positions (
    incarnation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (incarnation, first)
) WITHOUT ROWID;
CREATE TABLE series (
    id INTEGER PRIMARY KEY, ward INTEGER NOT NULL,
    device TEXT NOT NULL, kind TEXT NOT NULL, metric TEXT NOT NULL, instance TEXT NOT NULL,
    packed_through INTEGER NOT NULL,  -- its samples in tail rows up to this one are in chunks
    last_us INTEGER, last_value BLOB,  -- the newest sample packed; 8 bytes, since a REAL has no -0.0
    -- What is older is summarised (below the second border by the hour), what is not is in chunks.
    full_from_us INTEGER NOT NULL DEFAULT (-9223372036854775808),
    minutes_from_us INTEGER NOT NULL DEFAULT (-9223372036854775808),
    UNIQUE (ward, device, metric, instance)
);
CREATE TABLE chunks (  -- of one series they are disjoint in time
    series INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,  -- times of first and last sample
    count INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (series, start_us)
) WITHOUT ROWID;
CREATE TABLE set_aside (  -- damaged chunks that were in the way of later samples; nothing of them can be read
    series INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
    count INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE TABLE summaries (  -- what samples came to; span: a stretch of the level's length, counted from 1970 UTC
    series INTEGER NOT NULL, level INTEGER NOT NULL, span INTEGER NOT NULL,
    end_us INTEGER NOT NULL, samples INTEGER NOT NULL,  -- time of the last sample, and how many there were
    data BLOB NOT NULL, PRIMARY KEY (series, level, span)
) WITHOUT ROWID;
CREATE TABLE tail (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, ward INTEGER NOT NULL, incarnation INTEGER NOT NULL, position INTEGER NOT NULL,
    wall_time_us INTEGER NOT NULL, device TEXT NOT NULL, payload TEXT NOT NULL, entry BLOB NOT NULL
);
CREATE INDEX events_by_time ON events (ward, wall_time_us, position);
CREATE INDEX events_by_payload ON events (ward, payload, wall_time_us, position);
CREATE INDEX events_by_device ON events (ward, device, wall_time_us, position);
CREATE INDEX events_by_device_payload ON events (ward, device, payload, wall_time_us, position);
"""

# From version 1: nothing was summarised then.
_TO_VERSION_2 = """
ALTER TABLE series ADD COLUMN full_from_us INTEGER NOT NULL DEFAULT (-9223372036854775808);
ALTER TABLE series ADD COLUMN minutes_from_us INTEGER NOT NULL DEFAULT (-9223372036854775808);
CREATE TABLE summaries (
    series INTEGER NOT NULL, level INTEGER NOT NULL, span INTEGER NOT NULL,
    end_us INTEGER NOT NULL, samples INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (series, level, span)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Format:
    """Whose file it is: the number in its head, and tables beyond the common ones."""

    application_id: int = APPLICATION_ID
    more_tables: str = ""


EMBEDDED = Format()


class FileLock:
    """Keeps a second process (or a second store in this one) from writing to the same file."""

    def __init__(self, path: Path) -> None:
        try:
            # Kept after close: were it removed, two could hold a lock on files of the same name.
            self._handle = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error}", StoreFault.NOT_OPENED) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._handle)
            raise StoreError(f"{path} is in use by another process; run only one", StoreFault.IN_USE) from error

    def release(self) -> None:
        os.close(self._handle)


def open_for_writing(path: Path, settings: EmbeddedSettings, form: Format = EMBEDDED) -> sqlite3.Connection:
    """The store's file at `path`, made where there is none. Raises StoreError."""
    with translated(path, opening=True):
        connection = connect(path)
        try:
            if _is_new(connection, path, (form.application_id,)):
                _create(connection, form)
            _upgrade(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a commit is on the disk when it returns. With NORMAL a power cut takes what the log still held.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {settings.wal_bytes}")
            connection.execute(f"PRAGMA cache_size = -{settings.cache_kib}")
            # Debian's SQLite overwrites what is deleted with zeros; the tail is deleted all the time.
            connection.execute("PRAGMA secure_delete = OFF")
            sync(path.parent)
        except BaseException:
            connection.close()
            raise
        return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that never writes; it may be handed from thread to thread. Raises StoreError."""
    with translated(path, opening=True):
        connection = connect_for_reading(path)
        try:
            if _is_new(connection, path, (APPLICATION_ID, VICTORIA_ID)):
                raise StoreError(f"{path} is empty", StoreFault.NOT_A_STORE)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All or nothing; durable when it is left without an error. Raises StoreError, StoreFullError."""
    with translated(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def translated(path: Path, opening: bool = False) -> Iterator[None]:
    """SQLite's and the system's errors become ours, with what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(path, error, opening) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise StoreError(f"a text or number that cannot be kept: {error}") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error}", StoreFault.NOT_OPENED) from error


def _meaning(path: Path, error: sqlite3.Error, opening: bool) -> StoreError:
    code = primary_code(error)
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return StoreError(f"a text or number that cannot be kept: {error}")
    detail = f"{path}: {error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})"
    if is_damage(error):
        return damaged(path, detail)
    # SQLite says "I/O error" for some writes that fail for want of room, such as growing its shared memory.
    no_room = code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _free_bytes(path) < _ROOM_FOR_RETRY
    if code == sqlite3.SQLITE_FULL or no_room:
        return StoreFullError(f"no room on the disk for the store: {detail}")
    if opening:
        return StoreError(f"the store cannot be opened: {detail}", StoreFault.NOT_OPENED)
    return StoreError(f"the disk refuses: {detail}", StoreFault.DISK_FAILED)


def damaged(path: Path, detail: str) -> StoreError:
    """The error for content that cannot be right."""
    return StoreError(
        f"the store is damaged ({detail}). Stop the service, move {path.name}, {path.name}-wal and {path.name}-shm to "
        "another folder and start again: the wards send once more what they still hold. Keep the moved files.",
        StoreFault.DAMAGED,
    )


def _is_new(connection: sqlite3.Connection, path: Path, ours: tuple[int, ...]) -> bool:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application in ours and 1 <= version <= SCHEMA_VERSION:
        return False
    if application in ours:
        raise StoreError(f"{path} has format {version}, known here is {SCHEMA_VERSION}", StoreFault.NEWER)
    if tables or application:
        raise StoreError(f"{path} is a database of another program, or another kind of store", StoreFault.NOT_A_STORE)
    return True


def _create(connection: sqlite3.Connection, form: Format) -> None:
    # A chunk of values that do not compress (1.5 kB) still fits beside others in a page of this size.
    connection.execute("PRAGMA page_size = 8192")
    connection.executescript(
        f"BEGIN; {_SCHEMA} {form.more_tables} PRAGMA application_id = {form.application_id};"
        f" PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )


def _upgrade(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
        connection.executescript(f"BEGIN IMMEDIATE; {_TO_VERSION_2} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _free_bytes(path: Path) -> int:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return _ROOM_FOR_RETRY  # unknown; the disk may be gone, which is no want of room
    return disk.f_bavail * disk.f_frsize
