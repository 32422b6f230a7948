"""Whether what comes again is what is held: an agent that was put back with its memory (a virtual machine's snapshot)
writes other entries at positions that are taken.

Compared is what can be: the store keeps every entry whole but plain readings. Two readings at one position look alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from store.base import Store
from telemetry.entry import EntryError, Readings, decode
from telemetry.intervals import IntervalSet

MOST_EVENTS = 1_000  # of the ward, the newest, that are looked through
MOST_COMPARED = 500  # entries of one incarnation in one group

Again = tuple[int, bytes]  # position, entry as it came


def differing(store: Store, ward: str, incarnation: bytes, again: Iterable[Again]) -> IntervalSet:
    """The positions among these, all held, at which something else is held. Raises StoreError."""
    events = store.events(ward, limit=MOST_EVENTS, newest_first=True)
    kept = {event.position: event.entry for event in events if event.incarnation == incarnation}
    since_us = min((event.wall_time_us for event in events), default=None)
    found = IntervalSet()
    for position, data in again:
        try:
            entry = decode(data)
        except EntryError:
            continue
        if (entry.incarnation, entry.position) != (incarnation, position):
            continue
        if position in kept:
            other = kept[position] != data
        else:  # it would be kept whole, and among those: so something else is held there
            other = not isinstance(entry.payload, Readings) and since_us is not None and entry.wall_time_us > since_us
        if other:
            found.add(position, position)
    return found
