"""Looks through the store for pictures that evidence names and that are not here: at a start, after a lost disk, and
now and then. A page at a time, newest first, so that it is in nobody's way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from store.base import Event, Store
from telemetry.entry import EntryError, decode
from telemetry.evidence import Evidence

PAGE = 200

log = logging.getLogger(__name__)

Found = Callable[[str, str, bytes], None]  # ward, device, SHA-256


def pages(store: Store, wards: Sequence[str], found: Found) -> Iterator[None]:
    """Go through all evidence of these wards, a page between two `next`; tells of every picture. Raises StoreError."""
    for ward in wards:
        end_us: int | None = None
        while True:
            events = store.events(ward, payload="evidence", end_us=end_us, limit=PAGE, newest_first=True)
            for event in events:
                for sha256 in _pictures(event):
                    found(ward, event.device, sha256)
            yield
            if len(events) < PAGE:
                break
            oldest = events[-1].wall_time_us
            # The next page begins with what is as old as the last of this one, unless a whole page was.
            end_us = oldest if end_us == oldest + 1 else oldest + 1


def _pictures(event: Event) -> Sequence[bytes]:
    try:
        payload = decode(event.entry).payload
    except EntryError as error:
        log.error("the store's entry %d of ward %s cannot be read: %s", event.position, event.ward, error)
        return ()
    return payload.blobs if isinstance(payload, Evidence) else ()
