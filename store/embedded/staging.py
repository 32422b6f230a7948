"""A commit on its way: checked and prepared first, then written in one transaction, then shown to readers."""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Sequence
from operator import attrgetter, ne

from store.base import Commit, Event, Sample, SeriesKey, StoreError, StoreFault
from store.embedded.database import LEAST_INTEGER, MOST_INTEGER
from store.embedded.merge import greater
from store.embedded.state import IncarnationState, SeriesState, State, WardState
from store.embedded.tail import pack
from telemetry.intervals import IntervalSet

_SAMPLES_PER_ROW = 8192  # a larger tail row gains nothing

EventRow = tuple[int, int, int, int, str, str, bytes]  # as the columns of `events`, without id


class _Held:
    """The positions of one incarnation as they will be, and which intervals of them are new or grew."""

    def __init__(self, incarnation: IncarnationState) -> None:
        self.incarnation = incarnation
        self.positions = incarnation.positions.copy()
        self.added: list[int] = []

    def add(self, positions: IntervalSet) -> None:
        for first, last in positions:
            if first < 0 or last > MOST_INTEGER:
                raise StoreError(f"positions {first}..{last} are out of range")
            if list(self.positions.missing(first, last)) != [(first, last)]:
                raise StoreError(f"some of the positions {first}..{last} are held already", StoreFault.HELD)
        for first, last in positions:
            self.positions.add(first, last)
            self.added.append(first)

    def changed(self) -> set[tuple[int, int]]:
        return {interval for first in self.added if (interval := self.positions.around(first)) is not None}


class Staging:
    """Several commits that go in at once. `add` changes nothing but this object and may raise StoreError."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._new_wards: dict[str, WardState] = {}
        self._new_incarnations: dict[tuple[str, bytes], IncarnationState] = {}
        self._new_series: dict[SeriesKey, SeriesState] = {}
        self._kinds: dict[SeriesState, tuple[int, str]] = {}  # the newest sample's, where it is another than before
        self._held: dict[int, _Held] = {}
        self._ids, self._times, self._values = array("I"), array("q"), array("d")
        self._targets: list[SeriesState] = []
        self._counts: dict[str, tuple[int, int]] = {}
        self._events: list[EventRow] = []

    @property
    def samples(self) -> int:
        return len(self._targets)

    def add(self, commit: Commit) -> None:
        """Take one commit in. Raises StoreError for what cannot be kept."""
        ward = self._ward(commit.ward)
        if commit.positions or commit.events:
            held = self._incarnation(ward, commit.incarnation)
            held.add(commit.positions)
            if len({event.position for event in commit.events}) != len(commit.events):
                raise StoreError(f"two events of {commit.ward} at one position")
            self._events.extend(self._event(event, commit, ward, held) for event in commit.events)
        if commit.samples:
            self._add_samples(ward, commit.samples)
        samples, events = self._counts.get(ward.name, (0, 0))
        self._counts[ward.name] = samples + len(commit.samples), events + len(commit.events)

    def adopt(self, key: SeriesKey, kind: str, samples: int) -> SeriesState:
        """A series whose samples came in as summaries; the series of that name."""
        ward = self._ward(key.ward)
        series = ward.series.get((key.device, key.metric, key.instance))
        counted, events = self._counts.get(ward.name, (0, 0))
        self._counts[ward.name] = counted + samples, events
        return series or self._unknown(ward, Sample(key.ward, key.device, kind, key.metric, key.instance, 0, 0.0))

    def _ward(self, name: str) -> WardState:
        ward = self._state.wards.get(name) or self._new_wards.get(name)
        if ward is None:
            ward = WardState(self._state.last_ward_id + len(self._new_wards) + 1, name)
            self._new_wards[name] = ward
        return ward

    def _incarnation(self, ward: WardState, name: bytes) -> _Held:
        found = ward.incarnations.get(name) or self._new_incarnations.get((ward.name, name))
        if found is None:
            found = IncarnationState(self._state.last_incarnation_id + len(self._new_incarnations) + 1)
            self._new_incarnations[ward.name, name] = found
        if found.id not in self._held:
            self._held[found.id] = _Held(found)
        return self._held[found.id]

    def _event(self, event: Event, commit: Commit, ward: WardState, held: _Held) -> EventRow:
        if (event.ward, event.incarnation) != (commit.ward, commit.incarnation):
            raise StoreError(f"an event of {event.ward} in a commit of {commit.ward}, or of another incarnation")
        if event.position not in commit.positions:
            raise StoreError(f"an event at position {event.position}, which its commit does not name")
        time_us = event.wall_time_us
        if not LEAST_INTEGER <= time_us <= MOST_INTEGER:
            raise StoreError(f"an event at {time_us} µs, which is out of range")
        return ward.id, held.incarnation.id, event.position, time_us, event.device, event.payload, event.entry

    def _add_samples(self, ward: WardState, samples: Sequence[Sample]) -> None:
        wards, devices, kinds, metrics, instances, times, values = zip(*samples, strict=True)
        if set(wards) != {ward.name}:
            raise StoreError(f"samples of {sorted(set(wards))} in a commit of {ward.name}")
        try:
            time_column, value_column = array("q", times), array("d", values)
        except (TypeError, OverflowError) as error:
            raise StoreError(f"a sample whose time or value is no number that fits: {error}") from error
        if any(map(math.isnan, value_column)):
            at = next(at for at, value in enumerate(value_column) if math.isnan(value))
            raise StoreError(f"a sample that is not a number (NaN): {samples[at]}")
        keys = zip(devices, metrics, instances, strict=True)
        targets = list(map(ward.series.get, keys))
        known = (
            [target or self._unknown(ward, sample) for target, sample in zip(targets, samples, strict=True)]
            if None in targets
            else [target for target in targets if target]
        )
        if any(map(ne, kinds, map(attrgetter("kind"), known))):
            self._note_kinds(known, samples)
        self._ids.extend(map(attrgetter("id"), known))
        self._times.extend(time_column)
        self._values.extend(value_column)
        self._targets.extend(known)

    def _unknown(self, ward: WardState, sample: Sample) -> SeriesState:
        """The series of a sample that no earlier commit named."""
        key = SeriesKey(sample.ward, sample.device, sample.metric, sample.instance)
        series = self._new_series.get(key)
        if series is None:
            id = self._state.last_series_id + len(self._new_series) + 1
            series = SeriesState(id, ward.id, key, sample.kind, self._state.head)
            self._new_series[key] = series
        return series

    def _note_kinds(self, targets: list[SeriesState], samples: Sequence[Sample]) -> None:
        for series, sample in zip(targets, samples, strict=True):
            newest_us, kind = self._kinds.get(series, (series.last_us, series.kind))
            if sample.kind != kind and (newest_us is None or sample.wall_time_us >= newest_us):
                self._kinds[series] = sample.wall_time_us, sample.kind

    # ---- to the disk -------------------------------------------------------------------------------------------

    def write(self, connection: sqlite3.Connection) -> None:
        """The rows; within the caller's transaction."""
        if self._new_wards or self._new_incarnations or self._new_series or self._kinds:
            self._write_names(connection)
        for row, start in enumerate(range(0, len(self._ids), _SAMPLES_PER_ROW), self._state.head + 1):
            piece = slice(start, start + _SAMPLES_PER_ROW)
            data = pack(self._ids[piece], self._times[piece], self._values[piece])
            connection.execute("INSERT INTO tail (id, data) VALUES (?, ?)", (row, data))
        for held in self._held.values():
            for first, last in held.changed():
                place = (held.incarnation.id, first, last)
                connection.execute("DELETE FROM positions WHERE incarnation = ? AND first BETWEEN ? AND ?", place)
                connection.execute("INSERT INTO positions (incarnation, first, last) VALUES (?, ?, ?)", place)
        connection.executemany(
            "UPDATE wards SET samples_committed = samples_committed + ?, events_committed = events_committed + ?"
            " WHERE name = ?",
            [(samples, events, name) for name, (samples, events) in self._counts.items()],
        )
        if self._events:
            connection.executemany(
                "INSERT INTO events (ward, incarnation, position, wall_time_us, device, payload, entry)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                self._events,
            )

    def _write_names(self, connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO wards (id, name) VALUES (?, ?)", [(ward.id, ward.name) for ward in self._new_wards.values()]
        )
        connection.executemany(
            "INSERT INTO incarnations (id, ward, incarnation) VALUES (?, ?, ?)",
            [(state.id, self._ward(ward).id, name) for (ward, name), state in self._new_incarnations.items()],
        )
        connection.executemany(
            "INSERT INTO series (id, ward, device, kind, metric, instance, packed_through)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    each.id,
                    each.ward,
                    each.key.device,
                    each.kind,
                    each.key.metric,
                    each.key.instance,
                    each.packed_through,
                )
                for each in self._new_series.values()
            ],
        )
        connection.executemany(
            "UPDATE series SET kind = ? WHERE id = ?", [(kind, series.id) for series, (_, kind) in self._kinds.items()]
        )

    # ---- to the readers ----------------------------------------------------------------------------------------

    def publish(self) -> None:
        """Into the state; under its lock, after the transaction."""
        state = self._state
        state.wards.update(self._new_wards)
        state.last_ward_id += len(self._new_wards)
        for (ward, incarnation_name), incarnation in self._new_incarnations.items():
            state.wards[ward].incarnations[incarnation_name] = incarnation
        state.last_incarnation_id += len(self._new_incarnations)
        for series in self._new_series.values():
            state.wards[series.key.ward].add(series)
            state.series[series.id] = series
        state.last_series_id += len(self._new_series)
        for series, (_, kind) in self._kinds.items():
            series.kind = kind
        for series, time_us, value in zip(self._targets, self._times, self._values, strict=True):
            # As SeriesState.append, without a call for each: this loop is a third of what a large commit costs.
            series.times.append(time_us)
            series.values.append(value)
            if series.last_us is None or time_us > series.last_us:
                series.last_us, series.last_value = time_us, value
            elif time_us == series.last_us:
                series.last_value = greater(series.last_value, value)
        state.head += -(-len(self._ids) // _SAMPLES_PER_ROW)
        state.tail_samples += len(self._targets)
        for held in self._held.values():
            held.incarnation.positions = held.positions
        for name, (samples, events) in self._counts.items():
            state.wards[name].samples_committed += samples
            state.wards[name].events_committed += events
