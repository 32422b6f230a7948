"""The district as the console sees it: a Site of many wards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dashboards.console.site import (
    CameraEvidence,
    ConditionSpan,
    DeviceState,
    History,
    Listener,
    OpenCondition,
    Thumbnail,
    UnknownPlaceError,
    WardState,
)
from district.condition_book import Entry as BookEntry
from district.condition_book import spans
from district.evidence import EvidenceBook
from district.hub_conditions import condition_of
from district.pictures.desk import PictureDesk
from district.pictures.shelf import PictureShelf
from district.projection import WardView
from district.records import Records
from district.situation import Numbers, Situation
from district.stamps import Stamp
from store.base import Event, SeriesKey, Store
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.conditions import Condition
from telemetry.entry import EntryError, decode
from telemetry.evidence import Evidence
from telemetry.kinds import Kind
from telemetry.readings import DeviceInfo, Inventory

MOST_BLOBS = 32  # pictures that one entry may name

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proven:
    """Where evidence and its pictures are."""

    book: EvidenceBook
    shelf: PictureShelf
    desk: PictureDesk


def note(proven: Proven, ward: str, device: str, evidence: Evidence) -> None:
    """Evidence is in the store: what was read before is old, and its pictures are asked for."""
    proven.book.note(ward, device)
    for sha256 in evidence.blobs[:MOST_BLOBS]:
        proven.desk.lack(ward, device, sha256)


class DistrictSite:
    """See dashboards.console.site.Site. Every call may come from any thread."""

    def __init__(
        self,
        clock: Clock,
        label: str,
        situation: Situation,
        store: Store,
        records: Records,
        send: Callable[[str, wire.Request], bool],
        proven: Proven,
    ) -> None:
        self._clock, self._label = clock, label
        self._situation, self._store, self._records, self._send = situation, store, records, send
        self._book, self._shelf, self._desk = proven.book, proven.shelf, proven.desk

    @property
    def label(self) -> str:
        return self._label

    def now_us(self) -> int:
        return self._clock.wall_us()

    def wards(self) -> Sequence[WardState]:
        return [self.ward(ward) for ward in self._situation.wards]

    def ward(self, ward: str) -> WardState:
        self._view(ward)
        record = self._situation.presence.record(ward)
        numbers = self._situation.numbers.get(ward, Numbers())
        return WardState(
            id=ward,
            name=self._situation.wards[ward],
            presence=self._situation.presence.presence(ward),
            last_word_us=record.last_word_us if record else None,
            offline_since_us=record.offline_since_us if record else None,
            missing_positions=numbers.missing_positions,
            named_losses=numbers.named_losses,
            refused_entries=numbers.refused_entries,
            agent_version=record.agent_version if record else "",
        )

    def devices(self, ward: str) -> Sequence[DeviceState]:
        view = self._view(ward)
        with self._situation.lock:
            states = [view.state(info) for info in view.inventory.devices]
        return [self._with_thumbnail(ward, state) for state in states]

    def device(self, ward: str, device: str) -> DeviceState:
        view = self._view(ward)
        with self._situation.lock:
            state = view.state(self._info(view, device))
        return self._with_thumbnail(ward, state)

    def open_conditions(self, ward: str | None = None) -> Sequence[OpenCondition]:
        if ward is not None:
            self._view(ward)
        wards = self._situation.wards if ward is None else (ward,)
        found = [each for name in wards for each in self._situation.open_conditions(name)]
        return sorted(found, key=lambda each: (-each.condition.severity, each.condition.since_us))

    def condition_spans(self, ward: str, device: str, start_us: int, end_us: int) -> Sequence[ConditionSpan]:
        view = self._view(ward)
        if device:
            with self._situation.lock:
                self._info(view, device)
        # From the begin of all time to now: what was raised before start_us may last into it, and beyond end_us.
        entries = [*self._told(ward, "condition", device), *self._told(ward, "inventory", None)]
        found = spans(entries)
        if not device:
            own = self._records.conditions(ward, start_us, end_us)
            found += [ConditionSpan(condition_of(each), each.since_us, each.cleared_us) for each in own]
        touching = [
            span for span in found if span.start_us < end_us and (span.end_us is None or span.end_us > start_us)
        ]
        return sorted(touching, key=lambda span: span.start_us)

    def history(
        self, ward: str, device: str, metric: str, instance: str, start_us: int, end_us: int, points: int
    ) -> History:
        self._check(ward, device)
        series = self._store.history(SeriesKey(ward, device, metric, instance), start_us, end_us, points=points)
        return History(series.times_us, series.values, series.low, series.high)

    def evidence(self, ward: str, device: str) -> CameraEvidence:
        self._check(ward, device)
        found = self._book.of(ward, device)
        return CameraEvidence(
            found.coverage,
            [replace(each, held=self._holds(ward, each.picture)) for each in found.proofs],
            [replace(each, held=self._holds(ward, each.picture)) for each in found.pictures],
        )

    def picture(self, ward: str, sha256: bytes) -> bytes | None:
        self._view(ward)
        return self._shelf.get(ward, sha256)

    def thumbnail(self, ward: str, device: str) -> Thumbnail | None:
        self._check(ward, device)
        return self._desk.look(ward, device)

    def listen(self, listener: Listener) -> Callable[[], None]:
        return self._situation.listen(listener)

    def poll_now(self, ward: str, device: str) -> None:
        self._check(ward, device)
        request = wire.Request(id=f"poll-{self._clock.wall_us():x}", poll=wire.PollNow(device=device))
        if not self._send(ward, request):
            logger.info("ward %s cannot be asked to poll %s: no broker", ward, device)

    def _view(self, ward: str) -> WardView:
        try:
            return self._situation.views[ward]
        except KeyError as error:
            raise UnknownPlaceError(ward) from error

    def _check(self, ward: str, device: str) -> None:
        """Raises UnknownPlaceError."""
        view = self._view(ward)
        with self._situation.lock:
            self._info(view, device)

    def _with_thumbnail(self, ward: str, state: DeviceState) -> DeviceState:
        if state.info.kind != Kind.CAMERA:
            return state
        return replace(state, thumbnail=self._desk.newest(ward, state.info.id))

    def _holds(self, ward: str, sha256: bytes | None) -> bool:
        return sha256 is not None and self._shelf.has(ward, sha256)

    def _info(self, view: WardView, device: str) -> DeviceInfo:
        info = view.info(device)
        if info is None:
            raise UnknownPlaceError(f"{view.ward}/{device}")
        return info

    def _told(self, ward: str, payload: str, device: str | None) -> list[BookEntry]:
        events = self._store.events(ward, payload=payload, device=device)
        return [entry for event in events if (entry := _book_entry(event)) is not None]


def _book_entry(event: Event) -> BookEntry | None:
    try:
        payload = decode(event.entry).payload
    except EntryError as error:
        logger.error("the store's entry %d of ward %s cannot be read: %s", event.position, event.ward, error)
        return None
    if not isinstance(payload, (Condition, Inventory)):
        return None
    return Stamp(event.incarnation, event.position, event.wall_time_us), payload
