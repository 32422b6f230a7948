"""What one group commit will hold: the good and new entries of the batches that came together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from district.admission import Admitted
from district.holdings import Incarnation
from district.projection import WardView
from district.reachability import EVENT, ReachabilityLog
from district.stamps import Stamp
from store.base import Commit, Event, Sample
from telemetry.conditions import Condition
from telemetry.entry import Checkpoint, Entry, Facts, Lifecycle, LifecycleEvent, Payload, Readings, Tombstone
from telemetry.evidence import Evidence
from telemetry.intervals import IntervalSet
from telemetry.readings import Inventory

_NAMES: dict[type[object], str] = {
    Readings: EVENT,
    Facts: "facts",
    Condition: "condition",
    Lifecycle: "lifecycle",
    Checkpoint: "checkpoint",
    Tombstone: "tombstone",
    Inventory: "inventory",
    Evidence: "evidence",
}


def payload_name(payload: Payload) -> str:
    """As wire.proto calls it; "unknown" for a payload of a later version."""
    return _NAMES.get(type(payload), "unknown")


@dataclass(slots=True)
class Staged:
    """What is to be committed of one incarnation of one ward."""

    ward: str
    incarnation: Incarnation
    taken: IntervalSet  # what is held already, and what is staged
    positions: IntervalSet = field(default_factory=IntervalSet)
    samples: list[Sample] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    stopped: bool = False  # the agent ends, and waits until this is confirmed
    late: set[str] = field(default_factory=set)  # devices of which old readings came after newer ones

    def commit(self) -> Commit:
        return Commit(self.ward, self.incarnation.id, self.positions, self.samples, self.events)


class Staging:
    """The group that is being gathered."""

    def __init__(self, log: ReachabilityLog) -> None:
        self._log = log
        self._staged: dict[tuple[str, bytes], Staged] = {}

    def of(self, ward: str, incarnation: Incarnation) -> Staged:
        """What is staged of it so far."""
        key = (ward, incarnation.id)
        if key not in self._staged:
            self._staged[key] = Staged(ward, incarnation, incarnation.held.copy())
        return self._staged[key]

    def add(self, staged: Staged, view: WardView, admitted: Admitted) -> None:
        """Take the entries of one batch."""
        for entry, data in admitted.entries:
            position = entry.position
            staged.taken.add(position, position)
            staged.positions.add(position, position)
            staged.entries.append(entry)
            payload = entry.payload
            kept = self._log.follow(staged.ward, entry)
            if isinstance(payload, Readings):
                self._add_samples(staged, entry, payload)
                if kept:
                    staged.events.append(_event(staged.ward, entry, EVENT, data))
                    if not view.is_newest(entry.device, Stamp(entry.incarnation, position, entry.wall_time_us)):
                        staged.late.add(entry.device)
            else:
                staged.events.append(_event(staged.ward, entry, payload_name(payload), data))
                staged.stopped |= isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STOPPED

    def __iter__(self) -> Iterator[Staged]:
        return (each for each in self._staged.values() if each.positions)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def _add_samples(self, staged: Staged, entry: Entry, payload: Readings) -> None:
        ward, device, kind, time_us = staged.ward, entry.device, entry.kind, entry.wall_time_us
        staged.samples.extend(
            Sample(ward, device, kind, metric, instance, time_us, value) for metric, value, instance in payload.readings
        )


def _event(ward: str, entry: Entry, name: str, data: bytes) -> Event:
    return Event(ward, entry.incarnation, entry.position, entry.wall_time_us, entry.device, name, data)
