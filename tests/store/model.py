"""A store as one would write it without a thought for speed or power: what every store is compared with."""

from __future__ import annotations

import math
from collections.abc import Iterable

from store.base import Commit, Event, SeriesKey
from telemetry.intervals import IntervalSet


def bits(value: float) -> tuple[float, float]:
    """Equal only for the same double: 0.0 and -0.0 differ."""
    return value, math.copysign(1.0, value)


class Model:
    """Dictionaries of everything that was ever committed."""

    def __init__(self) -> None:
        self.samples: dict[SeriesKey, dict[int, float]] = {}
        self.kinds: dict[SeriesKey, tuple[int, str]] = {}
        self.positions: dict[str, dict[bytes, set[int]]] = {}
        self.events: list[Event] = []
        self.committed: dict[str, int] = {}

    def commit(self, commits: Iterable[Commit]) -> None:
        for commit in commits:
            held = self.positions.setdefault(commit.ward, {})
            for first, last in commit.positions:
                held.setdefault(commit.incarnation, set()).update(range(first, last + 1))
            self.events.extend(commit.events)
            self.committed[commit.ward] = self.committed.get(commit.ward, 0) + len(commit.samples)
            for sample in commit.samples:
                key = SeriesKey(sample.ward, sample.device, sample.metric, sample.instance)
                series = self.samples.setdefault(key, {})
                before = series.get(sample.wall_time_us)
                if before is None or bits(sample.value) > bits(before):
                    series[sample.wall_time_us] = sample.value

    def held(self, ward: str, incarnation: bytes) -> IntervalSet:
        return IntervalSet((p, p) for p in sorted(self.positions.get(ward, {}).get(incarnation, ())))

    def history(self, key: SeriesKey, start_us: int, end_us: int) -> list[tuple[int, tuple[float, float]]]:
        series = self.samples.get(key, {})
        return [(time_us, bits(series[time_us])) for time_us in sorted(series) if start_us <= time_us < end_us]

    def latest(self, ward: str) -> dict[SeriesKey, tuple[int, tuple[float, float]]]:
        return {
            key: (max(series), bits(series[max(series)])) for key, series in self.samples.items() if key.ward == ward
        }

    def events_of(self, ward: str) -> list[Event]:
        return sorted((e for e in self.events if e.ward == ward), key=lambda e: (e.wall_time_us, e.position))
