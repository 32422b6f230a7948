"""One batch of samples on its way into VictoriaMetrics: sent, flushed to its disk, read back, value by value.

Doing a batch again does no harm: a sample that is there already is not sent again, or becomes one with its like
(-dedup.minScrapeInterval=1ms). Of different values of one time VictoriaMetrics keeps whichever it likes, so such are
never sent: the greater one is kept beside it, where readers find it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from store.embedded.merge import greater
from store.embedded.state import SeriesState
from store.victoria.client import MARK, Name, Points, VictoriaClient
from store.victoria.kept import fits_name, fits_value

_HOUR_US = 3_600_000_000
AHEAD_US = 46 * _HOUR_US  # it drops what is two days ahead of its clock

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """What was in the tail up to `through`. `samples` counts them before any were merged."""

    through: int
    points: dict[SeriesState, Points] = field(default_factory=dict)
    samples: dict[SeriesState, int] = field(default_factory=dict)

    def add(self, series: SeriesState, time_us: int, value: float) -> None:
        points = self.points.setdefault(series, {})
        points[time_us] = greater(points[time_us], value) if time_us in points else value
        self.samples[series] = self.samples.get(series, 0) + 1


@dataclass(slots=True)
class Shipped:
    """What became of a batch. `missing`: not found after the flush, so the batch must be tried again."""

    beside: dict[SeriesState, Points] = field(default_factory=dict)
    missing: int = 0

    def put_beside(self, series: SeriesState, time_us: int, value: float) -> None:
        self.beside.setdefault(series, {})[time_us] = value


def ship(client: VictoriaClient, batch: Batch, mark: int, oldest_us: int, *, last_try: bool) -> Shipped:
    """Bring the batch there, and the mark with it. `oldest_us`: what is older it need not keep. On the last try what it
    took and does not show is kept beside it. Raises StoreError; then nothing is known."""
    done = Shipped()
    now_us = client.now_us()
    wanted: dict[Name, tuple[SeriesState, Points]] = {}
    for series, points in batch.points.items():
        fitting = _fitting(series, points, max(oldest_us, 0), now_us + AHEAD_US, done)
        if fitting:
            wanted[_name(series)] = series, fitting
    before = _read(client, wanted)
    client.write(_not_there(wanted, before))
    # Its clock is told in seconds; of marks of one time it would keep whichever it likes.
    client.write_own(MARK, float(mark), now_us + mark % 1000 * 1000)
    client.flush()
    if wanted:
        _check(client, wanted, before, done, last_try)
    return done


def _name(series: SeriesState) -> Name:
    return Name(series.key.ward, series.key.device, series.kind, series.key.metric, series.key.instance)


def _fitting(series: SeriesState, points: Points, oldest_us: int, newest_us: int, done: Shipped) -> Points:
    named = fits_name(*_name(series))
    fitting: Points = {}
    for time_us, value in points.items():
        if named and oldest_us <= time_us <= newest_us and fits_value(value):
            fitting[time_us] = value
        else:
            done.put_beside(series, time_us, value)
    return fitting


def _not_there(
    wanted: dict[Name, tuple[SeriesState, Points]], before: dict[Name, Points]
) -> Iterator[tuple[Name, int, float]]:
    for name, (_, points) in wanted.items():
        found = before.get(name, {})
        for time_us, value in points.items():
            if time_us not in found:
                yield name, time_us, value


def _check(
    client: VictoriaClient,
    wanted: dict[Name, tuple[SeriesState, Points]],
    before: dict[Name, Points],
    done: Shipped,
    last_try: bool,
) -> None:
    """Is all of it there after the flush? Also what was there before: an earlier try may have left it in the memory of
    a process that has ended since."""
    after = _read(client, wanted)
    for name, (series, points) in wanted.items():
        was, now = before.get(name, {}), after.get(name, {})
        for time_us, value in points.items():
            held = now.get(time_us)
            if held is None and not last_try:
                if not done.missing:
                    log.warning("%s at %d µs was taken, and is not there yet", name, time_us)
                done.missing += 1
            elif time_us not in was and held != value:
                log.warning("%s at %d µs is %r there, not %r: kept beside it", name, time_us, held, value)
                done.put_beside(series, time_us, value)
            elif held is None or greater(held, value) != held:
                done.put_beside(series, time_us, value)


def _read(client: VictoriaClient, wanted: dict[Name, tuple[SeriesState, Points]]) -> dict[Name, Points]:
    """What is there of those times, an hour of a ward at a time: replays come in stretches, far apart."""
    bounds: dict[tuple[str, int], tuple[int, int]] = {}
    for name, (_, points) in wanted.items():
        for time_us in points:
            key = (name.ward, time_us // _HOUR_US)
            first, last = bounds.get(key, (time_us, time_us))
            bounds[key] = min(first, time_us), max(last, time_us)
    found: dict[Name, Points] = {}
    for (ward, _), (first, last) in bounds.items():
        _join(found, client.read(ward, first, last).items())
    return found


def _join(found: dict[Name, Points], more: Iterable[tuple[Name, Points]]) -> None:
    for name, points in more:
        found.setdefault(name, {}).update(points)
