"""The file beside VictoriaMetrics: the embedded store's tables, and what came when.

`tail` holds the samples that are not known to be safe in VictoriaMetrics; `chunks` those that it cannot keep.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from store.base import READINGS, Commit, Event
from store.embedded.database import VICTORIA_ID, Format
from telemetry.intervals import IntervalSet

FORMAT = Format(
    VICTORIA_ID,
    """
CREATE TABLE shipped (  -- by ward: samples that are in VictoriaMetrics, or were merged on the way
    id INTEGER PRIMARY KEY, samples_shipped INTEGER NOT NULL
);
CREATE TABLE spans (  -- positions with samples; by hour, once VictoriaMetrics has all of them
    incarnation INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    row INTEGER NOT NULL,   -- the tail row that must go there first; 0: it went
    hour INTEGER NOT NULL, mark INTEGER NOT NULL,  -- when, by the wall clock, and with which mark at the latest
    PRIMARY KEY (incarnation, first)
) WITHOUT ROWID;
CREATE INDEX spans_waiting ON spans (row) WHERE row > 0;
CREATE TABLE victoria (id INTEGER PRIMARY KEY CHECK (id = 1), mark INTEGER NOT NULL, started TEXT NOT NULL);
INSERT INTO victoria VALUES (1, 0, '');
CREATE TABLE taken_back (ward TEXT PRIMARY KEY) WITHOUT ROWID;  -- wards whose events may come a second time
""",
)

_INCARNATION = "(SELECT id FROM incarnations WHERE incarnation = ? AND ward = (SELECT id FROM wards WHERE name = ?))"


def note_spans(connection: sqlite3.Connection, commits: Iterable[Commit], row: int) -> None:
    """Which positions came with the tail rows up to `row`; within the commit's transaction."""
    connection.executemany(
        f"INSERT OR REPLACE INTO spans VALUES ({_INCARNATION}, ?, ?, ?, 0, 0)",
        [
            (commit.incarnation, commit.ward, first, last, row)
            for commit in commits
            if commit.samples
            for first, last in commit.positions
        ],
    )


def settle_spans(connection: sqlite3.Connection, row: int, hour: int, mark: int) -> None:
    """The tail rows up to `row` are safe: join their spans to those before them of the same hour."""
    waiting = connection.execute(
        "SELECT incarnation, first, last FROM spans WHERE row > 0 AND row <= ? ORDER BY incarnation, first", (row,)
    ).fetchall()
    for incarnation, first, last in waiting:
        before = connection.execute(
            "SELECT first, last, row, hour FROM spans WHERE incarnation = ? AND first < ? ORDER BY first DESC LIMIT 1",
            (incarnation, first),
        ).fetchone()
        if before is not None and before[1:] == (first - 1, 0, hour):
            connection.execute("DELETE FROM spans WHERE incarnation = ? AND first = ?", (incarnation, first))
            first = before[0]
        connection.execute(
            "UPDATE spans SET last = ?, row = 0, hour = ?, mark = ? WHERE incarnation = ? AND first = ?",
            (last, hour, mark, incarnation, first),
        )


def take_back(connection: sqlite3.Connection, mark: int) -> dict[int, IntervalSet]:
    """Positions whose samples came after `mark`, by incarnation: they are held no more. Within a transaction.

    Spans tell no more than that samples came with them. What is an event alone was never in VictoriaMetrics: held."""
    gone: dict[int, IntervalSet] = {}
    spans = connection.execute("SELECT incarnation, first, last FROM spans WHERE row = 0 AND mark > ?", (mark,))
    for incarnation, first, last in spans.fetchall():
        gone.setdefault(incarnation, IntervalSet()).add(first, last)
    gone = _without_events_alone(connection, gone)
    for incarnation, lost in gone.items():
        held = connection.execute("SELECT first, last FROM positions WHERE incarnation = ?", (incarnation,)).fetchall()
        left = IntervalSet(held).without(lost)
        connection.execute("DELETE FROM positions WHERE incarnation = ?", (incarnation,))
        connection.executemany(
            "INSERT INTO positions VALUES (?, ?, ?)", [(incarnation, first, last) for first, last in left]
        )
        connection.execute(
            "INSERT OR IGNORE INTO taken_back SELECT w.name FROM wards AS w JOIN incarnations AS i ON i.ward = w.id"
            " WHERE i.id = ?",
            (incarnation,),
        )
    connection.execute("DELETE FROM spans WHERE row = 0 AND mark > ?", (mark,))
    return gone


def _without_events_alone(connection: sqlite3.Connection, gone: dict[int, IntervalSet]) -> dict[int, IntervalSet]:
    alone: dict[int, IntervalSet] = {incarnation: IntervalSet() for incarnation in gone}
    rows = connection.execute(
        "SELECT incarnation, position FROM events WHERE payload != ? ORDER BY incarnation, position", (READINGS,)
    )
    for incarnation, position in rows:
        if incarnation in alone:
            alone[incarnation].add(position, position)
    left = {incarnation: lost.without(alone[incarnation]) for incarnation, lost in gone.items()}
    return {incarnation: lost for incarnation, lost in left.items() if lost}


def new_events(connection: sqlite3.Connection, events: Sequence[Event]) -> list[Event]:
    """Those that are not there yet."""
    return [
        event
        for event in events
        if not connection.execute(
            f"SELECT 1 FROM events WHERE ward = (SELECT id FROM wards WHERE name = ?) AND wall_time_us = ?"
            f" AND position = ? AND incarnation = {_INCARNATION}",
            (event.ward, event.wall_time_us, event.position, event.incarnation, event.ward),
        ).fetchone()
    ]
