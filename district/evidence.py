"""What was proven of each camera, read from the store when somebody asks, and kept until there is news."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import TypeVar

from dashboards.console.site import CameraEvidence, Seen
from store.base import Event, Store
from telemetry.clock import Clock
from telemetry.entry import EntryError, decode
from telemetry.evidence import Body, Coverage, Evidence, EvidenceError, PictureSeen, ReplayProof, unpack

DAYS = 60
MOST_EVENTS = 3000  # of one camera that are looked through: two months of fifty a day
MOST_PROOFS = 500
MOST_KEPT = 512  # cameras
_DAY_US = 86_400_000_000

log = logging.getLogger(__name__)

Place = tuple[str, str]  # ward, device
B = TypeVar("B", bound=Body)


class EvidenceBook:
    """Any thread may call any method."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._known: OrderedDict[Place, CameraEvidence] = OrderedDict()
        self._news: dict[Place, int] = {}  # how often there was any, so that nothing is kept that was read before it
        self._lock = threading.Lock()

    def note(self, ward: str, device: str) -> None:
        """Something new of this camera is in the store."""
        with self._lock:
            self._news[ward, device] = self._news.get((ward, device), 0) + 1
            self._known.pop((ward, device), None)

    def of(self, ward: str, device: str) -> CameraEvidence:
        """Newest first; `held` is False everywhere. Raises StoreError."""
        place = (ward, device)
        with self._lock:
            found = self._known.get(place)
            if found is not None:
                self._known.move_to_end(place)
                return found
            news = self._news.get(place, 0)
        read = self._read(ward, device)
        with self._lock:
            if self._news.get(place, 0) == news:
                self._known[place] = read
                while len(self._known) > MOST_KEPT:
                    self._known.popitem(last=False)
        return read

    def _read(self, ward: str, device: str) -> CameraEvidence:
        start_us = self._clock.wall_us() - DAYS * _DAY_US
        events = self._store.events(
            ward, payload="evidence", device=device, start_us=start_us, limit=MOST_EVENTS, newest_first=True
        )
        coverage: Seen[Coverage] | None = None
        proofs: list[Seen[ReplayProof]] = []
        pictures: dict[str, Seen[PictureSeen]] = {}
        for event, evidence in _evidence(events):
            if evidence.kind == "coverage" and coverage is not None:
                continue  # an older one: not even read
            body = _body(event, evidence)
            if isinstance(body, Coverage):
                coverage = _seen(body, event, evidence)
            elif isinstance(body, ReplayProof) and len(proofs) < MOST_PROOFS:
                proofs.append(_seen(body, event, evidence))
            elif isinstance(body, PictureSeen):
                pictures.setdefault(body.condition, _seen(body, event, evidence))
        return CameraEvidence(coverage, tuple(proofs), tuple(pictures.values()))


def _seen(body: B, event: Event, evidence: Evidence) -> Seen[B]:
    return Seen(body, event.wall_time_us, evidence.blobs[0] if evidence.blobs else None)


def _evidence(events: list[Event]) -> Iterator[tuple[Event, Evidence]]:
    for event in events:
        try:
            payload = decode(event.entry).payload
        except EntryError as error:
            log.error("the store's entry %d of ward %s cannot be read: %s", event.position, event.ward, error)
            continue
        if isinstance(payload, Evidence):
            yield event, payload


def _body(event: Event, evidence: Evidence) -> Body | None:
    """None for what a later version wrote, or what is about another camera than its entry."""
    try:
        body = unpack(evidence)
    except EvidenceError as error:
        log.info("entry %d of ward %s: %s", event.position, event.ward, error)
        return None
    return body if body.camera == event.device else None
