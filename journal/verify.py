"""Whether a journal's file keeps its promises: every invariant, on the real file, without writing to it.

The invariants are worded for people in telemetry/texts under "journal.invariant" and in docs/durability.md.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from journal.audit import INVARIANTS, Audit, Report
from journal.database import ALL_ENTRIES, open_for_reading, place, row_id
from journal.ledger import committed, held
from journal.model import Held, JournalError, JournalFault
from telemetry.intervals import IntervalSet
from telemetry.invariants import Invariant
from telemetry.sqlite_files import is_damage, rows_as_written

__all__ = ["FileCounts", "Invariant", "Report", "Since", "read_counts", "read_entries", "read_since", "verify"]

_ENTRIES_AFTER = (
    "SELECT id, entry FROM readings WHERE id > :last "
    "UNION ALL SELECT id, entry FROM others WHERE id > :last ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What a file says of itself: readings and entries ever made durable in it, and what it still holds."""

    readings: int
    entries: int
    held: list[Held]


def read_counts(path: Path) -> FileCounts:
    """The totals of a journal's file, read without writing to it. Raises JournalError."""
    with _opened(path) as connection:
        readings, entries = connection.execute("SELECT readings, entries FROM totals").fetchone()
        return FileCounts(readings, entries, held(connection))


def read_entries(path: Path) -> Iterator[tuple[bytes, int, bytes]]:
    """Every entry held, as (incarnation, position, entry) in order of writing. Raises JournalError."""
    with _opened(path) as connection:
        names = dict(connection.execute("SELECT number, incarnation FROM incarnations").fetchall())
        for identity, entry in connection.execute(ALL_ENTRIES):
            number, position = place(identity)
            yield names[number], position, entry


@dataclass(frozen=True, slots=True)
class Since:
    """What a file has that it had not before: entries as (incarnation, position, entry) in order of writing; and what
    the district was said to have, all of it, by incarnation. One moment's view."""

    entries: list[tuple[bytes, int, bytes]]
    committed: dict[bytes, IntervalSet]


def read_since(path: Path, after: tuple[bytes, int] | None) -> Since:
    """What was written after that (incarnation, position), beside the agent that writes; everything where nothing is
    held of that incarnation any more. Raises JournalError."""
    with _opened(path) as connection:
        connection.execute("BEGIN")
        names = dict(connection.execute("SELECT number, incarnation FROM incarnations").fetchall())
        numbers = {name: number for number, name in names.items()}
        last = row_id(numbers[after[0]], after[1]) if after is not None and after[0] in numbers else -1
        rows = [(place(identity), entry) for identity, entry in connection.execute(_ENTRIES_AFTER, {"last": last})]
        entries = [(names[number], position, entry) for (number, position), entry in rows]
        return Since(entries, committed(connection))


def verify(path: Path) -> Report:
    """Check every invariant of the journal's file at `path`. Raises JournalError where it cannot be read at all."""
    with _opened(path) as connection:
        report = Report(str(path), {name: Invariant(name) for name in INVARIANTS})
        connection.execute("BEGIN")  # one view of the file, while an agent may be writing to it
        sound = connection.execute("PRAGMA integrity_check").fetchall()
        report.invariants["J1"].check(sound == [("ok",)], lambda: "; ".join(str(row[0]) for row in sound[:5]))
        if not report.invariants["J1"].ok:
            return report  # what a damaged file says of the rest would mislead
        Audit(connection, report).run()
        return report


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """For reading; what goes wrong with it is JournalError."""
    with closing(open_for_reading(path)) as connection:
        try:
            with rows_as_written():
                yield connection
        except sqlite3.Error as error:
            fault = JournalFault.DAMAGED if is_damage(error) else JournalFault.UNREADABLE
            raise JournalError(fault, path, f"cannot be read: {error}") from error
