"""Events out of the file, by ward, device, payload and time."""

from __future__ import annotations

import sqlite3

from store.base import Event
from store.embedded.database import LEAST_INTEGER, MOST_INTEGER


def clamp(number: int) -> int:
    """The nearest number that SQLite can hold: a bound beyond it excludes nothing."""
    return min(max(number, LEAST_INTEGER), MOST_INTEGER)


def select(
    connection: sqlite3.Connection,
    ward: str,
    payload: str | None,
    device: str | None,
    start_us: int,
    end_us: int | None,
    limit: int | None,
    newest_first: bool,
) -> list[Event]:
    """As `store.base.Store.events`. Raises sqlite3.Error."""
    where = ["e.ward = (SELECT id FROM wards WHERE name = ?)", "e.wall_time_us >= ?"]
    given: list[str | int] = [ward, clamp(start_us)]
    if payload is not None:
        where.append("e.payload = ?")
        given.append(payload)
    if device is not None:
        where.append("e.device = ?")
        given.append(device)
    if end_us is not None and end_us <= MOST_INTEGER:
        where.append("e.wall_time_us < ?")
        given.append(clamp(end_us))
    way = "DESC" if newest_first else "ASC"
    given.append(-1 if limit is None else max(0, limit))
    rows = connection.execute(
        "SELECT i.incarnation, e.position, e.wall_time_us, e.device, e.payload, e.entry"
        " FROM events AS e JOIN incarnations AS i ON i.id = e.incarnation"
        f" WHERE {' AND '.join(where)} ORDER BY e.wall_time_us {way}, e.position {way}, e.id {way} LIMIT ?",
        given,
    )
    return [Event(ward, *row) for row in rows]
