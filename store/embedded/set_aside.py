"""Damaged stretches that were set aside: told in the log, since their positions are held and no ward is asked again."""

from __future__ import annotations

import logging
import sqlite3
from datetime import UTC, datetime, timedelta

from store.base import SeriesKey

log = logging.getLogger(__name__)

_TOLD = 20  # series in one go
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


class SetAside:
    """What there is of it, each told once as long as this lives."""

    def __init__(self) -> None:
        self._told: dict[SeriesKey, int] = {}

    def tell(self, connection: sqlite3.Connection) -> None:
        """Log the series of which more is set aside than was told. Raises sqlite3.Error."""
        rows = connection.execute(
            "SELECT w.name, s.device, s.metric, s.instance, count(*), sum(a.count), min(a.start_us), max(a.end_us)"
            " FROM set_aside AS a JOIN series AS s ON s.id = a.series JOIN wards AS w ON w.id = s.ward GROUP BY s.id"
        ).fetchall()
        found = {SeriesKey(*row[:4]): row[4:] for row in rows}
        news = [key for key, (stretches, *_) in found.items() if stretches > self._told.get(key, 0)]
        for key in news[:_TOLD]:
            _, samples, start_us, end_us = found[key]
            log.error("%s: %d samples between %s and %s are damaged", key, samples, _time(start_us), _time(end_us))
        if news:
            log.error(
                "of %d series in all a stretch cannot be read and was set aside; the wards are not asked for it again."
                " Check this server's disk and memory, and restore the last backup from before (ward-district"
                " restore): it asks the wards for what came since. ward-district verify names each stretch (S2)",
                len(found),
            )
        self._told = {key: stretches for key, (stretches, *_) in found.items()}


def _time(time_us: int) -> str:
    try:
        return (_1970 + timedelta(microseconds=time_us)).isoformat(timespec="seconds")
    except OverflowError:
        return f"{time_us} µs"
