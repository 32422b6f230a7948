"""Short ways to say what a ward sent."""

from __future__ import annotations

from collections.abc import Sequence

from store.base import Commit, Event, Sample, SeriesKey
from telemetry.intervals import IntervalSet

WARD = "hai-chau-1"
INCARNATION = b"\x01" * 16
START_US = 1_790_000_000_000_000
SECOND_US = 1_000_000
CHARGE = SeriesKey(WARD, "ups-1", "battery_charge_percent")


def sample(key: SeriesKey, time_us: int, value: float, kind: str = "ups") -> Sample:
    return Sample(key.ward, key.device, kind, key.metric, key.instance, time_us, value)


def commit(
    *samples: Sample,
    positions: Sequence[tuple[int, int]] = (),
    events: Sequence[Event] = (),
    ward: str = WARD,
    incarnation: bytes = INCARNATION,
) -> Commit:
    return Commit(ward, incarnation, IntervalSet(positions), samples, events)


def charges(*points: tuple[int, float]) -> list[Sample]:
    """Battery charges at seconds after START_US."""
    return [sample(CHARGE, START_US + round(second * SECOND_US), value) for second, value in points]


def event(position: int, second: float, payload: str = "condition", device: str = "ups-1", ward: str = WARD) -> Event:
    entry = f"{payload} {device} {position}".encode()
    return Event(ward, INCARNATION, position, START_US + round(second * SECOND_US), device, payload, entry)
