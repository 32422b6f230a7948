"""Who is asked for which picture, and what comes of it.

The district asks, over MQTT, with a ticket that is good once, for one picture of one ward; the ward's agent brings
the picture over HTTPS (district.pictures.web). Nothing here counts on an answer: a ward that was away, a hub that was
killed, a picture that was lost on the way all end the same way, with the next question.
"""

from __future__ import annotations

import hashlib
import itertools
import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from dashboards.console.live.tickets import TicketError, Tickets
from dashboards.console.site import Change, Presence, Thumbnail, ThumbnailName, Topic
from district.pictures import search, thumbnails
from district.pictures.shelf import PictureShelf
from district.pictures.thumbnails import Thumbnails
from district.pictures.wanted import Wanted
from store.base import Store
from telemetry import jpeg
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.evidence import BLOB_HASH_BYTES
from telemetry.readings import ReasonCode

TICKET_SECONDS = 60.0
SEARCH_SECONDS = 6 * 3600.0
MOST_REMEMBERED = 2000  # questions whose answer may still come
_CLOCKS_DIFFER_US = 300_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """One picture of one ward: of this SHA-256, or where that is empty, the newest of the device."""

    ward: str
    device: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Brought:
    """What the bearer of a ticket says that it brings."""

    ward: str
    device: str
    sha256: bytes

    def fits(self, errand: Errand) -> bool:
        same = self.ward == errand.ward and self.device == errand.device
        return same and errand.sha256 in (b"", self.sha256)


class PictureRefusedError(Exception):
    """What was brought is not what was asked for. `code` is one of the console's problems."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(slots=True)
class PictureCounts:
    """Of one ward, since the start of the hub."""

    asked: int = 0
    taken: int = 0  # that evidence names
    thumbnails: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by why


class PictureDesk:
    """Any thread may call any method; `tick` is called often, by one."""

    def __init__(
        self,
        clock: Clock,
        shelf: PictureShelf,
        store: Store,
        wards: Collection[str],
        send: Callable[[str, wire.Request], bool],
        presence: Callable[[str], Presence],
        cameras: Callable[[str], Collection[str]],
        tell: Callable[[Change], None],
    ) -> None:
        """`send` hands a request to a ward, False when there is no broker; `cameras` are the ids of a ward's; `tell`
        is told when a picture arrived."""
        self.tickets: Tickets[Errand] = Tickets(clock.monotonic, TICKET_SECONDS)
        self.counts: Mapping[str, PictureCounts] = {ward: PictureCounts() for ward in wards}
        self._clock, self._shelf, self._store = clock, shelf, store
        self._send, self._presence, self._cameras, self._tell = send, presence, cameras, tell
        self._numbers = itertools.count(clock.wall_us())  # ids that no earlier hub used
        self._wanted = {ward: Wanted() for ward in wards}
        self._thumbnails = Thumbnails()
        self._asked: OrderedDict[str, Errand] = OrderedDict()
        self._online: set[str] = set()
        self._search: Iterator[None] | None = None
        self._search_at = clock.monotonic()
        self._lock = threading.Lock()

    # ---- what is to be had ---------------------------------------------------------------------------------------

    def lack(self, ward: str, device: str, sha256: bytes) -> None:
        """Evidence names this picture: ask for it unless it is here."""
        if len(sha256) != BLOB_HASH_BYTES or ward not in self._wanted or self._shelf.has(ward, sha256):
            return
        with self._lock:
            self._wanted[ward].add(sha256, device, self._clock.monotonic())

    def look(self, ward: str, camera: str) -> Thumbnail | None:
        """A camera's newest picture, for somebody who will look on for a while."""
        with self._lock:
            return self._thumbnails.look((ward, camera), self._clock.monotonic())

    def newest(self, ward: str, camera: str) -> ThumbnailName | None:
        """Which is a camera's newest picture."""
        with self._lock:
            found = self._thumbnails.newest((ward, camera))
        return found.name if found else None

    def lacking(self, ward: str) -> tuple[int, int]:
        """How many pictures are asked for, and how many were given up."""
        with self._lock:
            wanted = self._wanted[ward]
            return len(wanted), wanted.given_up

    # ---- asking --------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """What is due, in each ward that is there."""
        now = self._clock.monotonic()
        self._go_on_searching(now)
        for ward in self._wanted:
            if self._presence(ward) is not Presence.ONLINE:
                self._online.discard(ward)
                continue
            if ward not in self._online:
                self._online.add(ward)
                with self._lock:
                    self._wanted[ward].resume(now)
                    self._thumbnails.resume(ward, now)
            self._ask_ward(ward, now)

    def reply(self, ward: str, reply: wire.Reply) -> None:
        """What a ward answered to any request; those that are not about pictures are none of ours."""
        with self._lock:
            errand = self._asked.get(reply.request_id)
            if errand is None or errand.ward != ward:
                return
            del self._asked[reply.request_id]
            if reply.ok:
                return
            if errand.sha256:
                gone = reply.reason.code == ReasonCode.NO_PICTURE
                self._wanted[ward].refused(errand.sha256, gone=gone)
            else:
                gone = False
                self._thumbnails.refused((ward, errand.device))
        if gone:
            log.warning("ward %s has no picture %s of %s any more", ward, errand.sha256.hex(), errand.device)

    def _ask_ward(self, ward: str, now: float) -> None:
        cameras = set(self._cameras(ward))
        with self._lock:
            self._thumbnails.keep_only(ward, cameras)
            lacking = self._wanted[ward].next(now)
            errands = [] if lacking is None else [Errand(ward, lacking[1], lacking[0])]
            errands += [Errand(ward, each, b"") for each in cameras if self._thumbnails.due((ward, each), now)]
        for errand in errands:
            if not self._ask(errand):
                return

    def _ask(self, errand: Errand) -> bool:
        with self._lock:
            number = f"picture-{next(self._numbers):x}"
            ticket = self.tickets.make(errand)
            self._asked[number] = errand
            while len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)
            self.counts[errand.ward].asked += 1
        question = wire.SendPicture(sha256=errand.sha256, device=errand.device, ticket=ticket)
        return self._send(errand.ward, wire.Request(id=number, send_picture=question))

    def _go_on_searching(self, now: float) -> None:
        if self._search is None:
            if now < self._search_at and not self._has_room_again():
                return
            self._search = search.pages(self._store, list(self._wanted), self.lack)
        try:
            if next(self._search, self) is self:
                self._search, self._search_at = None, now + SEARCH_SECONDS
        except Exception:  # a store in trouble: what it holds is looked through when it works again
            log.exception("looking for pictures that are lacking failed")
            self._search, self._search_at = None, now + TICKET_SECONDS

    def _has_room_again(self) -> bool:
        """Whether pictures were found that there was no room to want, and now there is."""
        with self._lock:
            found = [wanted for wanted in self._wanted.values() if wanted.overflowed and not len(wanted)]
            for wanted in found:
                wanted.overflowed = False
        return bool(found)

    # ---- what is brought -----------------------------------------------------------------------------------------

    def admit(self, ticket: str, brought: Brought) -> Errand:
        """Use a ticket up. Raises TicketError, and counts it for the ward that it was said to be."""
        with self._lock:
            try:
                return self.tickets.take(ticket, brought).place
            except TicketError as error:
                if brought.ward in self.counts:
                    self.counts[brought.ward].refused[f"ticket_{error.refusal.value}"] += 1
                raise

    def take(self, errand: Errand, sha256: bytes, data: bytes, taken_us: int | None) -> None:
        """Keep what was brought, and tell of it. Raises PictureRefusedError, and counts it; BlobError."""
        try:
            _check(errand, sha256, data)
        except PictureRefusedError as error:
            log.warning("ward %s brought a picture that is refused: %s", errand.ward, error)
            with self._lock:
                self.counts[errand.ward].refused[error.code] += 1
            raise
        if errand.sha256:
            self._shelf.put(errand.ward, data)
            with self._lock:
                self._wanted[errand.ward].arrived(sha256)
                self.counts[errand.ward].taken += 1
            self._tell(Change(Topic.EVIDENCE, errand.ward, errand.device))
        elif self._keep_newest(errand, sha256, data, taken_us):
            self._tell(Change(Topic.DEVICE, errand.ward, errand.device))

    def _keep_newest(self, errand: Errand, sha256: bytes, data: bytes, taken_us: int | None) -> bool:
        now_us = self._clock.wall_us()
        # A ward whose clock is ahead must not show tomorrow's picture.
        taken = now_us if taken_us is None or taken_us > now_us + _CLOCKS_DIFFER_US else min(taken_us, now_us)
        picture = Thumbnail(ThumbnailName(sha256, taken), data)
        with self._lock:
            self.counts[errand.ward].thumbnails += 1
            return self._thumbnails.arrived((errand.ward, errand.device), picture, self._clock.monotonic())


def _check(errand: Errand, sha256: bytes, data: bytes) -> None:
    if hashlib.sha256(data).digest() != sha256:
        raise PictureRefusedError("picture_not_the_one", "SHA-256")
    if not errand.sha256 and len(data) > thumbnails.MOST_BYTES:
        raise PictureRefusedError("no_picture", f"{len(data)} > {thumbnails.MOST_BYTES} bytes")
    try:
        jpeg.check(data)
    except jpeg.PictureError as error:
        raise PictureRefusedError("no_picture", str(error)) from error
