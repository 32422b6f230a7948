"""Which positions the district has, and which were lost before it had them: kept as ranges per incarnation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from journal.database import COMMITTED, row_id
from telemetry.intervals import IntervalSet


def load(connection: sqlite3.Connection, number: int, what: int) -> IntervalSet:
    """The positions of one incarnation."""
    rows = connection.execute(
        "SELECT first, last FROM spans WHERE number = ? AND what = ? ORDER BY first", (number, what)
    )
    return IntervalSet(rows)


def add(connection: sqlite3.Connection, number: int, what: int, ranges: Iterable[tuple[int, int]]) -> None:
    """Add ranges; only the rows that change are written."""
    spans = load(connection, number, what)
    before = set(spans)
    for first, last in ranges:
        spans.add(first, last)
    after = set(spans)
    connection.executemany(
        "DELETE FROM spans WHERE number = ? AND what = ? AND first = ?",
        [(number, what, first) for first, _ in before - after],
    )
    connection.executemany(
        "INSERT INTO spans VALUES (?, ?, ?, ?)", [(number, what, first, last) for first, last in after - before]
    )


def remove(connection: sqlite3.Connection, number: int, what: int, ranges: Iterable[tuple[int, int]]) -> None:
    """Take ranges out."""
    left = load(connection, number, what).without(IntervalSet(ranges))
    connection.execute("DELETE FROM spans WHERE number = ? AND what = ?", (number, what))
    connection.executemany(
        "INSERT INTO spans VALUES (?, ?, ?, ?)", [(number, what, first, last) for first, last in left]
    )


def committed_ids(connection: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """The ranges of row ids that the district has, oldest first."""
    rows = connection.execute(
        "SELECT number, first, last FROM spans WHERE what = ? ORDER BY number, first", (COMMITTED,)
    )
    for number, first, last in rows.fetchall():
        yield row_id(number, first), row_id(number, last)
