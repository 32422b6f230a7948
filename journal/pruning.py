"""What goes when it is old enough, or when the file has grown to its limit. Runs within the writer's transaction.

By age only what the district has goes, and always a table's oldest rows: the search ends at the first row that is
young, so it costs what it removes. A wall clock that is known to run free proves no age (see `Writer`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from journal import spans
from journal.database import LOST, POSITION_BITS, TABLES, place
from telemetry.intervals import IntervalSet

ROWS_AT_ONCE = 20_000  # a transaction that removes more would keep the writer from what waits
_BATCH = 500
_SMALL_BATCH = 32  # when each may be the last one that must go,
_SMALL_BATCH_BYTES = 16_384  # and entries may be large: more than a page or four too much is given up for nothing


@dataclass(slots=True)
class Removed:
    """What one pass took: positions by incarnation's number. `more` says that it stopped early."""

    rows: int = 0
    lost: dict[int, IntervalSet] = field(default_factory=dict)
    more: bool = False


def by_age(connection: sqlite3.Connection, readings_before_us: int, others_before_us: int) -> Removed:
    """Remove what the district has and is older than its limit (wall time, µs)."""
    removed = Removed()
    for table, before_us in zip(TABLES, (readings_before_us, others_before_us), strict=True):
        for batch in _old_batches(connection, table, before_us):
            _delete(connection, table, batch)
            removed.rows += len(batch)
            if removed.rows >= ROWS_AT_ONCE:
                removed.more = True
                return removed
    return removed


def for_room(connection: sqlite3.Connection, most_bytes: int) -> Removed:
    """Remove until the file's used pages fit: first what the district has, readings before the rest, oldest first;
    then what it does not have, in the same order, which is a loss."""
    removed = Removed()
    for table, batch, is_lost in _candidates(connection):
        if used_bytes(connection) <= most_bytes:
            return removed
        if removed.rows >= ROWS_AT_ONCE:
            removed.more = True
            return removed
        _delete(connection, table, batch)
        removed.rows += len(batch)
        if is_lost:
            for identity in batch:
                number, position = place(identity)
                removed.lost.setdefault(number, IntervalSet()).add(position, position)
    return removed


def used_bytes(connection: sqlite3.Connection) -> int:
    """The size of the pages in use; freed ones are used again before the file grows."""
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    free = int(connection.execute("PRAGMA freelist_count").fetchone()[0])
    return (pages - free) * int(connection.execute("PRAGMA page_size").fetchone()[0])


def forget_empty(connection: sqlite3.Connection, current: int) -> None:
    """Incarnations of which nothing is held any more, but the current one, leave no trace."""
    for (number,) in connection.execute("SELECT number FROM incarnations WHERE number <> ?", (current,)).fetchall():
        if not any(held_ids(connection, table, number) for table in TABLES):
            connection.execute("DELETE FROM incarnations WHERE number = ?", (number,))
            connection.execute("DELETE FROM spans WHERE number = ?", (number,))


def held_ids(connection: sqlite3.Connection, table: str, number: int) -> tuple[int, int] | None:
    """The first and last row id of an incarnation in one table."""
    low, high = place_range(number)
    # Two look-ups: SQLite takes the short way for one min or max, and reads every row for both at once.
    first = connection.execute(f"SELECT min(id) FROM {table} WHERE id BETWEEN ? AND ?", (low, high)).fetchone()[0]
    last = connection.execute(f"SELECT max(id) FROM {table} WHERE id BETWEEN ? AND ?", (low, high)).fetchone()[0]
    return None if first is None else (first, last)


def held_ranges(connection: sqlite3.Connection, number: int, first: int, last: int) -> list[tuple[int, int]]:
    """The positions of first..last that are held, as ranges."""
    low = number << POSITION_BITS
    rows = connection.execute(
        "SELECT min(id), max(id) FROM (SELECT id, id - row_number() OVER (ORDER BY id) AS run FROM ("
        "SELECT id FROM readings WHERE id BETWEEN :low AND :high UNION ALL "
        "SELECT id FROM others WHERE id BETWEEN :low AND :high)) GROUP BY run",
        {"low": low + first, "high": low + last},
    )
    return [(place(start)[1], place(end)[1]) for start, end in rows]


def place_range(number: int) -> tuple[int, int]:
    """All row ids that an incarnation can have."""
    return number << POSITION_BITS, ((number + 1) << POSITION_BITS) - 1


def _old_batches(connection: sqlite3.Connection, table: str, before_us: int) -> Iterator[list[int]]:
    for low, high in spans.committed_ids(connection):
        while True:
            rows = connection.execute(
                f"SELECT id, wall_us FROM {table} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT {_BATCH}", (low, high)
            ).fetchall()
            young = next((at for at, (_, wall_us) in enumerate(rows) if wall_us >= before_us), None)
            old = [identity for identity, _ in rows[:young]]
            if old:
                yield old
            if young is not None:
                return
            if len(rows) < _BATCH:
                break
            low = rows[-1][0] + 1


def _candidates(connection: sqlite3.Connection) -> Iterator[tuple[str, list[int], bool]]:
    for table in TABLES:
        for low, high in spans.committed_ids(connection):
            yield from ((table, batch, False) for batch in _batches(connection, table, low, high))
    for table in TABLES:
        yield from ((table, batch, True) for batch in _batches(connection, table, 0, 2**63 - 1))


def _batches(connection: sqlite3.Connection, table: str, low: int, high: int) -> Iterator[list[int]]:
    while rows := connection.execute(
        f"SELECT id, length(entry) FROM {table} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT {_SMALL_BATCH}", (low, high)
    ).fetchall():
        sizes = accumulate(size for _, size in rows)
        batch = [identity for (identity, _), size in zip(rows, sizes, strict=True) if size <= _SMALL_BATCH_BYTES]
        batch = batch or [rows[0][0]]
        yield batch
        low = batch[-1] + 1


def _delete(connection: sqlite3.Connection, table: str, ids: list[int]) -> None:
    """Remove rows that follow each other in the table, and count them as gone."""
    connection.execute(f"DELETE FROM {table} WHERE id BETWEEN ? AND ?", (ids[0], ids[-1]))
    gone: dict[int, int] = {}
    for identity in ids:
        number = place(identity)[0]
        gone[number] = gone.get(number, 0) + 1
    connection.executemany(
        f"UPDATE incarnations SET gone_{table} = gone_{table} + ? WHERE number = ?",
        [(count, number) for number, count in gone.items()],
    )


def note_lost(connection: sqlite3.Connection, removed: Removed) -> int:
    """Keep in mind what was lost; returns how many positions."""
    for number, positions in removed.lost.items():
        spans.add(connection, number, LOST, positions)
    return sum(len(positions) for positions in removed.lost.values())
