"""A store in memory and a ward that is written line by line: what the tests drive the hub with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from store.base import Commit, Event, Latest, Sample, Series, SeriesKey, StoreError
from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState
from telemetry.entry import Entry, Lifecycle, LifecycleEvent, Payload, Readings, decode, encode, leaf_hash
from telemetry.intervals import IntervalSet
from telemetry.readings import REACHABLE, DeviceInfo, Inventory, Reading

START_US = 1_790_000_000_000_000
INCARNATION = bytes(range(16))


class MemoryStore:
    """A Store that holds everything in lists. `fails` makes each commit refuse."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.fails: StoreError | None = None
        self._positions: dict[tuple[str, bytes], IntervalSet] = {}
        self._samples: list[Sample] = []
        self._events: list[Event] = []

    def commit(self, commits: Iterable[Commit]) -> None:
        if self.fails is not None:
            raise self.fails
        for commit in commits:
            held = self._positions.setdefault((commit.ward, commit.incarnation), IntervalSet())
            for first, last in commit.positions:
                assert list(held.missing(first, last)) == [(first, last)], "a position was committed twice"
            held.update(commit.positions)
            self._samples += commit.samples
            self._events += commit.events
            self.commits.append(commit)

    def take_back(self, ward: str, incarnation: bytes, first: int) -> None:
        """It has lost everything from that position on."""
        held = self._positions[ward, incarnation]
        self._positions[ward, incarnation] = held.without(IntervalSet([(first, 2**53)]))

    def positions(self, ward: str, incarnation: bytes) -> IntervalSet:
        return self._positions.get((ward, incarnation), IntervalSet()).copy()

    def incarnations(self, ward: str) -> list[bytes]:
        return [incarnation for name, incarnation in self._positions if name == ward]

    def wards(self) -> list[str]:
        return list(dict.fromkeys(ward for ward, _ in self._positions))

    def latest(self, ward: str, device: str | None = None) -> list[Latest]:
        newest: dict[SeriesKey, Sample] = {}
        for sample in self._samples:
            key = SeriesKey(sample.ward, sample.device, sample.metric, sample.instance)
            if sample.ward == ward and (key not in newest or newest[key].wall_time_us <= sample.wall_time_us):
                newest[key] = sample
        return [Latest(key, sample.kind, sample.wall_time_us, sample.value) for key, sample in newest.items()]

    def history(self, key: SeriesKey, start_us: int, end_us: int, *, points: int | None = None) -> Series:
        found = sorted(
            (sample.wall_time_us, sample.value)
            for sample in self._samples
            if (sample.ward, sample.device, sample.metric, sample.instance) == key
            and start_us <= sample.wall_time_us < end_us
        )
        return Series(key, [time_us for time_us, _ in found], [value for _, value in found])

    def events(
        self,
        ward: str,
        *,
        payload: str | None = None,
        device: str | None = None,
        start_us: int = 0,
        end_us: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        found = [
            event
            for event in self._events
            if event.ward == ward
            and payload in (None, event.payload)
            and device in (None, event.device)
            and start_us <= event.wall_time_us
            and (end_us is None or event.wall_time_us < end_us)
        ]
        found.sort(key=lambda event: (event.wall_time_us, event.position), reverse=newest_first)
        return found[:limit]

    def close(self) -> None:
        pass


@dataclass
class ScriptedWard:
    """The journal of a ward, made up: entries are numbered as they are written."""

    ward: str = "hai-chau-1"
    district: str = "hai-chau"
    incarnation: bytes = INCARNATION
    wall_us: int = START_US
    entries: list[bytes] = field(default_factory=list)
    machine: str = ""

    def started(self, after: ScriptedWard | None = None) -> ScriptedWard:
        """With the two entries that every incarnation begins with; `after`: the one before it in the same journal."""
        previous = (after.incarnation, len(after.entries), leaf_hash(after.entries[-1])) if after else ()
        self.write(Lifecycle(LifecycleEvent.STARTED, "0.1", *previous))
        self.write(Inventory("Phường Hải Châu 1", (DeviceInfo("ups-1", "ups"), DeviceInfo("printer-1", "printer"))))
        return self

    def write(self, payload: Payload, device: str = "", kind: str = "", seconds: float = 1.0) -> int:
        """One more entry, `seconds` after the one before; returns its position."""
        self.wall_us += round(seconds * 1e6)
        entry = Entry(
            incarnation=self.incarnation,
            position=len(self.entries) + 1,
            wall_time_us=self.wall_us,
            boot_id=b"\x01" * 16,
            monotonic_us=self.wall_us - START_US,
            clock_state=ClockState.SYNCHRONISED,
            kind=kind,
            device=device,
            payload=payload,
        )
        self.entries.append(encode(entry))
        return entry.position

    def poll(self, device: str = "ups-1", **values: float) -> int:
        """A poll that brought these values, and `reachable`."""
        readings = [Reading(REACHABLE, 1.0), *(Reading(metric, value) for metric, value in values.items())]
        return self.write(Readings(readings), device, device.partition("-")[0])

    def topic(self, what: str) -> str:
        return f"wardwatch/1/{self.district}/{self.ward}/{what}"

    def batch(self, first: int, last: int | None = None, request: str = "") -> bytes:
        last = last or len(self.entries)
        message = wire.Batch(
            incarnation=self.incarnation,
            first_position=first,
            entries=self.entries[first - 1 : last],
            request_id=request,
        )
        return message.SerializeToString()

    def status(
        self,
        *,
        online: bool = True,
        first: int = 1,
        held: Sequence[wire.Held] = (),
        clock_state: ClockState = ClockState.UNKNOWN,
    ) -> bytes:
        message = wire.Status(
            online=online,
            incarnation=self.incarnation,
            first_position=first,
            head_position=len(self.entries),
            agent_version="0.1",
            wall_time_us=self.wall_us,
            held=held,
            machine=self.machine,
            clock_state=int(clock_state),  # type: ignore[arg-type]
        )
        return message.SerializeToString()


def many_polls(ward: ScriptedWard, count: int, chance: random.Random) -> None:
    """`count` more entries of two devices."""
    for _ in range(count):
        ward.poll(chance.choice(("ups-1", "printer-1")), battery_charge_percent=chance.uniform(0, 100))


def journaled(ward: ScriptedWard) -> dict[SeriesKey, dict[int, float]]:
    """Every number in a ward's journal, by series and time."""
    found: dict[SeriesKey, dict[int, float]] = {}
    for entry in map(decode, ward.entries):
        if isinstance(entry.payload, Readings):
            for metric, value, instance in entry.payload.readings:
                key = SeriesKey(ward.ward, entry.device, metric, instance)
                found.setdefault(key, {})[entry.wall_time_us] = value
    return found
