"""At a start: the situation made again from what the store holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from district.hub_conditions import HubConditions
from district.presence import PresenceBook
from district.projection import WardView
from district.reachability import recorded
from district.records import Records
from district.situation import Situation
from store.base import Event, Store
from telemetry.clock import Clock
from telemetry.entry import Entry, EntryError, Tombstone, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading

# What is folded again, in the order in which a ward's state needs it: a device must be known before its conditions.
_FOLDED = ("inventory", "facts", "condition")
_CLOCKS_DIFFER_US = 300_000_000

logger = logging.getLogger(__name__)


def situation(clock: Clock, wards: Mapping[str, str], store: Store, records: Records) -> Situation:
    """Everything that the store and the hub's tables say about the wards (id to name) of the configuration."""
    conditions = HubConditions(clock, [each for each in records.open_conditions() if each.ward in wards])
    presence = PresenceBook(clock, conditions, wards, records.wards())
    views = {ward: _view(clock, ward, store, presence) for ward in wards}
    return Situation(wards=wards, presence=presence, conditions=conditions, views=views)


def losses(store: Store, records: Records) -> dict[tuple[str, bytes], IntervalSet]:
    """What is known to be lost: the hub's table, and the tombstones in the store, should the table be younger."""
    found = records.losses()
    for ward in store.wards():
        for event in store.events(ward, payload="tombstone"):
            payload = _payload(event)
            if isinstance(payload, Tombstone):
                lost = found.setdefault((ward, payload.incarnation), IntervalSet())
                for first, last in payload.ranges:
                    lost.add(first, last)
    return found


def _view(clock: Clock, ward: str, store: Store, presence: PresenceBook) -> WardView:
    view = WardView(ward)
    record = presence.record(ward)
    view.current = record.incarnation if record is not None else b""
    now_us = clock.wall_us()
    devices = set()
    for key, kind, wall_time_us, value in store.latest(ward):
        devices.add(key.device)
        reading = Reading(key.metric, value, key.instance)
        view.put_latest(key.device, kind, reading, wall_time_us, doubtful=wall_time_us > now_us + _CLOCKS_DIFFER_US)
    for device in devices:
        reachability = recorded(store, ward, device)
        if reachability is not None:
            view.put_reachability(device, reachability)
    for name in _FOLDED:
        for event in store.events(ward, payload=name):
            entry = _entry(event)
            if entry is not None:
                view.apply(entry)
    return view


def _entry(event: Event) -> Entry | None:
    try:
        return decode(event.entry)
    except EntryError as error:
        logger.error("the store's entry %d of ward %s cannot be read: %s", event.position, event.ward, error)
        return None


def _payload(event: Event) -> object:
    entry = _entry(event)
    return None if entry is None else entry.payload
