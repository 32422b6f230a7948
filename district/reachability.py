"""Why a device does not answer, kept: samples hold that `reachable` is 0, but no text. So the entries in which a
device's reachability or its reason changes go into the store a second time, whole, as events named "readings"."""

from __future__ import annotations

from district.projection import Reachability, reachability_of
from store.base import READINGS, Event, Store
from telemetry.clock import Clock
from telemetry.entry import Entry, EntryError, Readings, decode
from telemetry.readings import REACHABLE

EVENT = READINGS
CLOCKS_DIFFER_US = 300_000_000  # two clocks that are right
_PAGE = 64
_RUNS = 8  # live entries, and the ranges that are being replayed


class ReachabilityLog:
    """Decides which entries with readings are such changes. Used by the ingest's thread only.

    Entries may come in any order: live ones, replayed ones, after gaps. So they are followed in runs of consecutive
    positions, and the first that a run says of a device is kept whatever it says. Then whatever the order was,
    each entry that differs from the one before it is kept, since it is either the first of its run or in a run with it.
    Only an entry that holds `reachable` says anything; an agent writes that whenever it or the reason changes.
    """

    def __init__(self) -> None:
        self._runs: dict[tuple[str, bytes], dict[int, dict[str, Reachability]]] = {}

    def follow(self, ward: str, entry: Entry) -> bool:
        """Take the next entry that came, whatever its payload. True for one whose reachability is to be kept."""
        runs = self._runs.setdefault((ward, entry.incarnation), {})
        said = runs.pop(entry.position - 1, {})
        runs[entry.position] = said  # the newest run comes last
        if len(runs) > _RUNS:
            del runs[next(iter(runs))]
        if not isinstance(entry.payload, Readings) or not _speaks(entry.payload):
            return False
        before = said.get(entry.device)
        now = reachability_of(entry.payload, before or Reachability(), entry.wall_time_us)
        said[entry.device] = now
        return before is None or not now.says_the_same(before)

    def forget(self) -> None:
        """What was followed did not get into the store: begin again."""
        self._runs.clear()


def believable_us(clock: Clock) -> int:
    """What is of later than this was written by a clock that was wrong (µs)."""
    return clock.wall_us() + CLOCKS_DIFFER_US


def recorded(store: Store, ward: str, device: str, before_us: int) -> Reachability | None:
    """What the events say of a device's reachability now, and since when; None where there are none. Those that are
    not before `before_us` count only where there are no others."""
    found = _recorded(store, ward, device, before_us)
    return found if found is not None else _recorded(store, ward, device, None)


def _recorded(store: Store, ward: str, device: str, end_us: int | None) -> Reachability | None:
    newest: Reachability | None = None
    since_us = 0
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
    if not isinstance(payload, Readings) or not _speaks(payload):
        return None
    return reachability_of(payload, Reachability(), event.wall_time_us)


def _speaks(payload: Readings) -> bool:
    return any(reading.metric == REACHABLE for reading in payload.readings)
