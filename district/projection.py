"""How things are in one ward now, as its entries tell, whatever order they come in. Held in memory; the store is the
truth, from which `district.rebuild` makes it again at each start."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboards.console.site import Change, DeviceState, LatestReading, OpenCondition, Topic
from district.condition_book import ConditionBook
from district.stamps import DOUBTFUL, NEVER, Stamp, newer
from telemetry.conditions import Condition
from telemetry.entry import Entry, Facts, Readings
from telemetry.evidence import Evidence
from telemetry.readings import REACHABLE, DeviceInfo, Fact, Inventory, Reading, Reason

ReadingKey = tuple[str, str]  # metric, instance


@dataclass(frozen=True, slots=True)
class Reachability:
    """Whether a device answers, since when, and what is wrong with its answers."""

    reachable: bool | None = None
    since_us: int | None = None
    reason: Reason | None = None

    def says_the_same(self, other: Reachability) -> bool:
        """Apart from the time."""
        mine, theirs = (each.reason.code if each.reason else None for each in (self, other))
        return self.reachable == other.reachable and mine == theirs


def reachability_of(readings: Readings, before: Reachability, wall_time_us: int) -> Reachability:
    """What a poll says, given what was known. A poll that does not repeat `reachable` did not change it."""
    reachable = before.reachable
    for metric, value, _ in readings.readings:
        if metric == REACHABLE:
            reachable = value != 0.0
    since = before.since_us if reachable == before.reachable else wall_time_us
    return Reachability(reachable, since, readings.reason)


@dataclass(slots=True)
class _Device:
    """The last that is known of one device. `newest` is the newest entry with readings; single readings have a stamp
    of their own only while they may be out of order."""

    kind: str = ""
    newest: Stamp = NEVER
    readings: dict[ReadingKey, tuple[float, Stamp]] = field(default_factory=dict)
    reachability: Reachability = Reachability()
    facts: dict[str, tuple[str, Stamp]] = field(default_factory=dict)


class WardView:
    """One ward. Not safe for threads: the owner locks."""

    def __init__(self, ward: str) -> None:
        self.ward = ward
        self.current = b""  # the incarnation that it speaks as
        self.inventory = Inventory("")
        self._inventory_stamp = NEVER
        self._devices: dict[str, _Device] = {}
        self._book = ConditionBook(ward)

    # ---- what came ----------------------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> Change | None:
        """Take an entry that is in the store now. The result is what changed for those who look."""
        stamp = Stamp(entry.incarnation, entry.position, entry.wall_time_us)
        payload = entry.payload
        if isinstance(payload, Readings):
            return self._readings(entry.device, entry.kind, payload, stamp)
        if isinstance(payload, Facts):
            known = self._device(entry.device).facts
            for name, text in payload.facts:
                if newer(stamp, known.get(name, ("", NEVER))[1], self.current):
                    known[name] = (text, stamp)
            return Change(Topic.DEVICE, self.ward, entry.device)
        if isinstance(payload, Condition):
            changed = self._book.note(payload, stamp, self.current)
            return Change(Topic.CONDITION, self.ward, payload.device) if changed else None
        if isinstance(payload, Evidence):  # stays in the store; district.evidence reads it
            return Change(Topic.EVIDENCE, self.ward, entry.device)
        if isinstance(payload, Inventory) and newer(stamp, self._inventory_stamp, self.current):
            self.inventory, self._inventory_stamp = payload, stamp
            self._book.keep_only(payload, stamp, self.current)
            return Change(Topic.WARD, self.ward)
        return None

    def put_latest(self, device: str, kind: str, reading: Reading, wall_time_us: int, *, doubtful: bool) -> None:
        """At a start: what the store calls the newest sample of a series. One from the future is doubtful: a clock
        was wrong when it was written. It is shown, but any other replaces it."""
        known = self._device(device)
        stamp = Stamp(b"", DOUBTFUL if doubtful else 0, wall_time_us)
        known.kind = known.kind or kind
        known.readings[(reading.metric, reading.instance)] = (reading.value, stamp)
        if newer(stamp, known.newest, self.current):
            known.newest = stamp

    def put_reachability(self, device: str, reachability: Reachability) -> None:
        """What the store's own record says: at a start, and after entries that came late."""
        self._device(device).reachability = reachability

    def reachability(self, device: str) -> Reachability:
        found = self._devices.get(device)
        return found.reachability if found else Reachability()

    def is_newest(self, device: str, stamp: Stamp) -> bool:
        """Whether nothing newer was read of this device."""
        found = self._devices.get(device)
        return found is None or newer(stamp, found.newest, self.current)

    def _device(self, device: str) -> _Device:
        return self._devices.setdefault(device, _Device())

    def _readings(self, device: str, kind: str, payload: Readings, stamp: Stamp) -> Change | None:
        known = self._device(device)
        if newer(stamp, known.newest, self.current):
            known.newest, known.kind = stamp, kind
            known.reachability = reachability_of(payload, known.reachability, stamp.wall_time_us)
            for metric, value, instance in payload.readings:
                known.readings[(metric, instance)] = (value, stamp)
            return Change(Topic.DEVICE, self.ward, device)
        changed = False
        for metric, value, instance in payload.readings:
            before = known.readings.get((metric, instance))
            if before is None or newer(stamp, before[1], self.current):
                known.readings[(metric, instance)] = (value, stamp)
                changed = True
        return Change(Topic.DEVICE, self.ward, device) if changed else None

    # ---- what is asked ------------------------------------------------------------------------------------------

    def info(self, device: str) -> DeviceInfo | None:
        """As the ward's configuration names it; None where it names none."""
        return next((info for info in self.inventory.devices if info.id == device), None)

    def state(self, info: DeviceInfo) -> DeviceState:
        known = self._devices.get(info.id, _Device())
        return DeviceState(
            info=info,
            reachable=known.reachability.reachable,
            reachable_since_us=known.reachability.since_us,
            reason=known.reachability.reason,
            last_reading_us=max(
                (stamp.wall_time_us for (metric, _), (_, stamp) in known.readings.items() if metric != REACHABLE),
                default=None,
            ),
            readings=tuple(
                LatestReading(metric, instance, value, stamp.wall_time_us)
                for (metric, instance), (value, stamp) in sorted(known.readings.items())
            ),
            facts=tuple(Fact(name, text) for name, (text, _) in sorted(known.facts.items())),
        )

    def open_conditions(self) -> list[OpenCondition]:
        return list(self._book.open())
