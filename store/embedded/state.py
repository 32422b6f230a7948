"""What the store keeps in memory: whom it knows, the newest sample and the tail of each series, positions, counters.

All of it can be read again from the file; it changes only after the file did.
"""

from __future__ import annotations

import sqlite3
import struct
from array import array
from dataclasses import dataclass, field
from itertools import chain

from store.base import SeriesKey, StoreError, StoreFault
from store.embedded.merge import greater
from store.embedded.summaries import NO_BORDERS, Borders
from store.embedded.tail import unpack
from telemetry.intervals import IntervalSet

DOUBLE = struct.Struct("<d")  # series.last_value

IndexKey = tuple[str, str, str]  # device, metric, instance


class SeriesState:
    """One series. Its tail (`times`, `values`) is in order of arrival."""

    __slots__ = ("borders", "id", "key", "kind", "last_us", "last_value", "packed_through", "times", "values", "ward")

    def __init__(self, id: int, ward: int, key: SeriesKey, kind: str, packed_through: int) -> None:
        self.id = id
        self.ward = ward
        self.key = key
        self.kind = kind
        self.packed_through = packed_through
        self.last_us: int | None = None
        self.last_value = 0.0
        self.times = array("q")
        self.values = array("d")
        self.borders = NO_BORDERS

    def append(self, time_us: int, value: float) -> None:
        """One more sample in the tail."""
        self.times.append(time_us)
        self.values.append(value)
        if self.last_us is None or time_us > self.last_us:
            self.last_us = time_us
            self.last_value = value
        elif time_us == self.last_us:
            self.last_value = greater(self.last_value, value)

    def drop_tail(self, packed_through: int) -> None:
        """The tail is in chunks now."""
        self.packed_through = packed_through
        self.times = array("q")
        self.values = array("d")


@dataclass(slots=True)
class IncarnationState:
    id: int
    positions: IntervalSet = field(default_factory=IntervalSet)


@dataclass(slots=True)
class WardState:
    """One ward. `incarnations` are in the order in which they were first seen."""

    id: int
    name: str
    samples_committed: int = 0
    events_committed: int = 0
    series: dict[IndexKey, SeriesState] = field(default_factory=dict)
    devices: dict[str, list[SeriesState]] = field(default_factory=dict)
    incarnations: dict[bytes, IncarnationState] = field(default_factory=dict)

    def add(self, series: SeriesState) -> None:
        key = series.key
        self.series[key.device, key.metric, key.instance] = series
        self.devices.setdefault(key.device, []).append(series)

    def remove(self, series: SeriesState) -> None:
        key = series.key
        del self.series[key.device, key.metric, key.instance]
        self.devices[key.device].remove(series)
        if not self.devices[key.device]:
            del self.devices[key.device]


@dataclass(slots=True)
class State:
    """All wards. `head` is the id of the newest tail row ever written."""

    wards: dict[str, WardState] = field(default_factory=dict)
    series: dict[int, SeriesState] = field(default_factory=dict)
    head: int = 0
    tail_samples: int = 0
    last_ward_id: int = 0
    last_series_id: int = 0
    last_incarnation_id: int = 0

    def ward_of(self, series: SeriesState) -> WardState:
        return self.wards[series.key.ward]


def load(connection: sqlite3.Connection) -> State:
    """Read it all from the file. Raises sqlite3.Error, or StoreError where the file contradicts itself."""
    state = State()
    wards: dict[int, WardState] = {}
    for id, name, samples, events in connection.execute(
        "SELECT id, name, samples_committed, events_committed FROM wards ORDER BY id"
    ):
        wards[id] = state.wards[name] = WardState(id, name, samples, events)
        state.last_ward_id = id
    try:
        _load_series(connection, state, wards)
        _load_positions(connection, state, wards)
        _load_tail(connection, state)
    except (KeyError, ValueError, TypeError, struct.error) as error:
        raise StoreError(f"its tables do not fit together: {error!r}", StoreFault.DAMAGED) from error
    return state


def _load_series(connection: sqlite3.Connection, state: State, wards: dict[int, WardState]) -> None:
    rows = connection.execute(
        "SELECT id, ward, device, kind, metric, instance, packed_through, last_us, last_value, full_from_us,"
        " minutes_from_us FROM series ORDER BY id"
    )
    for id, ward_id, device, kind, metric, instance, packed_through, last_us, last_value, *borders in rows:
        ward = wards[ward_id]
        series = SeriesState(id, ward_id, SeriesKey(ward.name, device, metric, instance), kind, packed_through)
        if last_us is not None:
            series.last_us, (series.last_value,) = last_us, DOUBLE.unpack(last_value)
        series.borders = Borders(*borders)
        ward.add(series)
        state.series[id] = series
        state.last_series_id = id
        state.head = max(state.head, packed_through)


def _load_positions(connection: sqlite3.Connection, state: State, wards: dict[int, WardState]) -> None:
    incarnations: dict[int, IncarnationState] = {}
    for id, ward_id, incarnation in connection.execute("SELECT id, ward, incarnation FROM incarnations ORDER BY id"):
        incarnations[id] = wards[ward_id].incarnations[incarnation] = IncarnationState(id)
        state.last_incarnation_id = id
    for id, first, last in connection.execute("SELECT incarnation, first, last FROM positions"):
        incarnations[id].positions.add(first, last)


def _load_tail(connection: sqlite3.Connection, state: State) -> None:
    for row, data in connection.execute("SELECT id, data FROM tail ORDER BY id"):
        state.head = max(state.head, row)
        for id, time_us, value in unpack(data):
            series = state.series.get(id)
            # A series that was pruned may still have packed samples here; a later one of its number starts after them.
            if series is not None and row > series.packed_through:
                series.append(time_us, value)
                state.tail_samples += 1


def all_series(ward: WardState) -> list[SeriesState]:
    """The series of a ward, device by device."""
    return list(chain.from_iterable(ward.devices.values()))


def find(ward: WardState | None, key: SeriesKey) -> SeriesState | None:
    """The series of that name in its ward; None where there is none."""
    return ward.series.get((key.device, key.metric, key.instance)) if ward else None
