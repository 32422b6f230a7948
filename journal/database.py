"""The journal's SQLite file: its tables, how it is opened, and what SQLite's errors mean to us.

A row's id is (incarnation's number << 40) | position, so that a table's order is the order of writing and a range of
one incarnation is a range of ids. Readings lie apart from the rest: they are pruned twelve times as soon, and
pruning then only ever takes a table's oldest rows.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from journal.model import JournalError, JournalFault
from telemetry.disk import sync
from telemetry.readings import Reason, ReasonCode
from telemetry.sqlite_files import connect, connect_for_reading, is_damage, primary_code

APPLICATION_ID = 0x57574A31  # "WWJ1"
SCHEMA_VERSION = 1
POSITION_BITS = 40
TABLES = ("readings", "others")  # in the order in which they are given up
COMMITTED, LOST = 1, 2  # spans.what: the district has it; gone before the district had it
ROOM_FOR_RETRY = 1_000_000  # with less than this many bytes free, a failing write is a full disk

ALL_ENTRIES = "SELECT id, entry FROM readings UNION ALL SELECT id, entry FROM others ORDER BY id"

_SCHEMA = """
CREATE TABLE incarnations (
    number INTEGER PRIMARY KEY, incarnation BLOB NOT NULL UNIQUE,
    head INTEGER NOT NULL, head_hash BLOB NOT NULL,  -- newest position ever written, and its leaf hash
    gone_readings INTEGER NOT NULL, gone_others INTEGER NOT NULL  -- how many rows of each table were pruned
);
CREATE TABLE readings (id INTEGER PRIMARY KEY, wall_us INTEGER NOT NULL, entry BLOB NOT NULL);
CREATE TABLE others (id INTEGER PRIMARY KEY, wall_us INTEGER NOT NULL, entry BLOB NOT NULL);
CREATE TABLE spans (
    number INTEGER NOT NULL, what INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (number, what, first)
) WITHOUT ROWID;
CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    entries INTEGER NOT NULL, readings INTEGER NOT NULL, lost INTEGER NOT NULL, dropped INTEGER NOT NULL,
    checkpoint BLOB NOT NULL  -- leaf hash of the newest checkpoint entry
);
INSERT INTO totals VALUES (1, 0, 0, 0, 0, x'');
"""


def row_id(number: int, position: int) -> int:
    """The id of the row of one entry."""
    return number << POSITION_BITS | position


def place(identity: int) -> tuple[int, int]:
    """(incarnation's number, position) of a row."""
    return identity >> POSITION_BITS, identity & ((1 << POSITION_BITS) - 1)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The journal at `path`, made where there is none. Raises JournalError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = connect(path)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(JournalFault.NOT_OPENED, path, f"cannot be opened: {error}") from error
    try:
        if _is_new(connection, path):
            _create(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: each commit is on the disk before it returns. NORMAL lost everything in trials (docs/durability.md).
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_size_limit = 4194304")
        connection.execute("SELECT number FROM incarnations ORDER BY number DESC LIMIT 1").fetchone()
        sync(path.parent)
    except sqlite3.Error as error:
        connection.close()
        raise opening_error(path, error) from error
    except (OSError, JournalError):
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A second connection that never writes. Raises JournalError."""
    connection: sqlite3.Connection | None = None
    try:
        connection = connect_for_reading(path)
        if _is_new(connection, path):
            raise JournalError(JournalFault.NOT_A_JOURNAL, path, "is empty")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise opening_error(path, error) from error
    except JournalError:
        if connection is not None:
            connection.close()
        raise
    return connection


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether nothing was written yet. Raises JournalError for what is no journal of ours."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application == APPLICATION_ID and version == SCHEMA_VERSION:
        return False
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise JournalError(JournalFault.NEWER, path, f"has format {version}, known here is {SCHEMA_VERSION}")
    if tables or application:
        raise JournalError(JournalFault.NOT_A_JOURNAL, path, "is a database of another program")
    return True


def _create(connection: sqlite3.Connection) -> None:
    # Before the first table, or it has no effect.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.executescript(
        f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )


def opening_error(path: Path, error: sqlite3.Error) -> JournalError:
    """What an error while opening means."""
    if is_damage(error):
        return JournalError(JournalFault.DAMAGED, path, f"is damaged: {error}")
    return JournalError(JournalFault.NOT_OPENED, path, f"cannot be opened: {error}")


def writing_reason(path: Path, error: sqlite3.Error) -> Reason:
    """Why the disk refuses to take what is written, in a ward's words."""
    detail = f"{path}: {error} ({getattr(error, 'sqlite_errorname', type(error).__name__)})"
    if primary_code(error) == sqlite3.SQLITE_FULL:
        return Reason(ReasonCode.DISK_FULL, detail)
    # SQLite says "I/O error" for some writes that fail for want of room, such as growing its shared memory.
    if primary_code(error) in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and is_full(path):
        return Reason(ReasonCode.DISK_FULL, detail)
    return Reason(ReasonCode.DISK_FAILED, detail)


def is_full(path: Path) -> bool:
    """Whether the disk that it is on has hardly a byte left."""
    return _free_bytes(path) < ROOM_FOR_RETRY


def _free_bytes(path: Path) -> int:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return ROOM_FOR_RETRY  # unknown; the disk may be gone, which is no want of room
    return disk.f_bavail * disk.f_frsize
