"""Why a device does not answer, kept: samples hold that `reachable` is 0, but no text. So the entries in which a
device's reachability or its reason changes go into the store a second time, whole, as events named "readings"."""

from __future__ import annotations

from district.projection import Reachability, WardView, reachability_of
from district.stamps import Stamp
from store.base import Event, Store
from telemetry.entry import Entry, EntryError, Readings, decode

EVENT = "readings"
_PAGE = 64


class ReachabilityLog:
    """Decides which entries with readings are such changes. Used by the ingest's thread only."""

    def __init__(self) -> None:
        # Live entries and late ones are two stories of one device, each in order: told apart, so that neither makes
        # the other look like a change, and no change of either goes unnoticed.
        self._last: dict[tuple[str, str, bytes, bool], Reachability] = {}

    def is_change(self, view: WardView, entry: Entry) -> bool:
        """Whether this entry (with readings) says something else than the one before."""
        assert isinstance(entry.payload, Readings)
        live = view.is_newest(entry.device, Stamp(entry.incarnation, entry.position, entry.wall_time_us))
        key = (view.ward, entry.device, entry.incarnation, live)
        before = self._last.get(key)
        if before is None and live:
            before = view.reachability(entry.device)
        now = reachability_of(entry.payload, before or Reachability(), entry.wall_time_us)
        self._last[key] = now
        return before is None or not now.says_the_same(before)

    def forget(self) -> None:
        """What was noted did not get into the store: take the next entry of each device as a change."""
        self._last.clear()


def recorded(store: Store, ward: str, device: str) -> Reachability | None:
    """What the events say of a device's reachability now, and since when; None where there are none."""
    newest: Reachability | None = None
    since_us = 0
    end_us: int | None = None
    while events := store.events(ward, payload=EVENT, device=device, end_us=end_us, limit=_PAGE, newest_first=True):
        for event in events:
            said = _said(event)
            if said is None:
                continue
            if newest is None:
                newest = said
            if said.reachable != newest.reachable:
                return Reachability(newest.reachable, since_us, newest.reason)
            since_us = event.wall_time_us
        if len(events) < _PAGE:
            break
        end_us = events[-1].wall_time_us
    return newest and Reachability(newest.reachable, since_us, newest.reason)


def _said(event: Event) -> Reachability | None:
    try:
        payload = decode(event.entry).payload
    except EntryError:
        return None  # `ward-district verify` tells of it
    return reachability_of(payload, Reachability(), event.wall_time_us) if isinstance(payload, Readings) else None
