"""At a start: the situation made again from what the store holds."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping

from district.holdings import MOST_LOST_INTERVALS, MOST_NAMED
from district.hub_conditions import HubConditions
from district.presence import PresenceBook
from district.projection import WardView
from district.reachability import believable_us, recorded
from district.records import Records
from district.situation import Situation
from district.speakers import Speakers
from store.base import Event, SeriesKey, Store
from telemetry.clock import Clock
from telemetry.entry import Entry, EntryError, Tombstone, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading

# What is folded again, in the order in which a ward's state needs it: a device must be known before its conditions.
_FOLDED = ("inventory", "facts", "condition")
_LOOKED_BACK_US = (3_600_000_000, 86_400_000_000, 35 * 86_400_000_000)

logger = logging.getLogger(__name__)


def situation(clock: Clock, wards: Mapping[str, str], store: Store, records: Records) -> Situation:
    """Everything that the store and the hub's tables say about the wards (id to name) of the configuration."""
    conditions = HubConditions(clock, [each for each in records.open_conditions() if each.ward in wards])
    presence = PresenceBook(clock, conditions, wards, records.wards())
    shown = {record.id: record.incarnation for record in records.wards()}
    views = {ward: view(clock, ward, store, shown.get(ward, b"")) for ward in wards}
    speakers = Speakers(clock, wards, records.wards())
    return Situation(wards=wards, presence=presence, conditions=conditions, views=views, speakers=speakers)


def losses(store: Store, records: Records, *, final: bool = False) -> dict[tuple[str, bytes], IntervalSet]:
    """What is known to be lost: the hub's table, and the tombstones in the store, should the table be younger.
    `final`: only what a later word of the ward does not make missing once more."""
    found = records.losses(final=final)
    named = Counter[str]()
    for (ward, _), lost in found.items():
        named[ward] += lost.intervals
    for ward in store.wards():
        for event in store.events(ward, payload="tombstone"):
            payload = _payload(event)
            if isinstance(payload, Tombstone) and named[ward] < MOST_NAMED:
                lost = found.setdefault((ward, payload.incarnation), IntervalSet())
                before = lost.intervals
                for first, last in payload.ranges[: max(MOST_LOST_INTERVALS - before, 0)]:
                    lost.add(first, last)
                named[ward] += lost.intervals - before
    return found


def view(
    clock: Clock, ward: str, store: Store, current: bytes, shown: Callable[[str, bytes], bool] | None = None
) -> WardView:
    """How a ward is, as the store tells. `shown`: whether entries of an incarnation count for that, where two agents
    spoke as the ward. What the store calls newest is then of either; the next word of the shown one replaces it."""
    view = WardView(ward)
    view.current = current
    before_us = believable_us(clock)
    devices = set()
    for key, kind, wall_time_us, value in store.latest(ward):
        devices.add(key.device)
        doubtful = shown is not None
        if wall_time_us >= before_us:
            earlier = _before(store, key, before_us)
            doubtful = earlier is None
            wall_time_us, value = earlier or (wall_time_us, value)
        reading = Reading(key.metric, value, key.instance)
        view.put_latest(key.device, kind, reading, wall_time_us, doubtful=doubtful)
    for device in devices:
        reachability = recorded(store, ward, device, before_us)
        if reachability is not None:
            view.put_reachability(device, reachability)
    for name in _FOLDED:
        for event in store.events(ward, payload=name):
            entry = _entry(event) if shown is None or shown(ward, event.incarnation) else None
            if entry is not None:
                view.apply(entry)
    return view


def _before(store: Store, key: SeriesKey, before_us: int) -> tuple[int, float] | None:
    """The newest sample of a series that is of a time that can be; None where there is none of the last 35 days."""
    for back_us in _LOOKED_BACK_US:
        found = store.history(key, before_us - back_us, before_us)
        if found.times_us:
            return found.times_us[-1], found.values[-1]
    return None


def _entry(event: Event) -> Entry | None:
    try:
        return decode(event.entry)
    except EntryError as error:
        logger.error("the store's entry %d of ward %s cannot be read: %s", event.position, event.ward, error)
        return None


def _payload(event: Event) -> object:
    entry = _entry(event)
    return None if entry is None else entry.payload
