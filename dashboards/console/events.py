"""Live fan-out: one builder, any number of readers.

The site tells of changes from any thread; the fan-out reads the state once for all readers, at most every
`coalesce_seconds`, and puts it in the ring as an event. A `Reader` (stream.py) takes from the ring what is new to it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from dashboards.console.assemble import device_out, ward_out
from dashboards.console.changes import Changes, Work
from dashboards.console.interest import Interest
from dashboards.console.models import WardOut
from dashboards.console.ring import Ring, Scope
from dashboards.console.settings import ConsoleSettings
from dashboards.console.site import Change, DeviceState, Site, UnknownPlaceError
from telemetry.readings import DeviceInfo

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0  # after a state that could not be read
RESET = b"{}"  # an event without data is not handed to the page


class TooManyStreamsError(Exception):
    """This session, or everyone together, has as many streams open as there may be."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was last told of a ward, and when (monotonic)."""

    ward: WardOut  # without its last word
    at: float


class Reader:
    """One open stream. Its owner waits for `wake`, then asks for news."""

    def __init__(self, scope: Scope, session: str, number: int | None) -> None:
        self.scope = scope
        self.session = session
        self.number = number  # None: it must fetch everything anew
        self.wake = asyncio.Event()
        self.ended = False
        self.beats = 0  # heartbeats due

    def end(self) -> None:
        self.ended = True
        self.wake.set()


class Fanout:
    """Turns changes into events while anybody is there to get them."""

    def __init__(self, site: Site, settings: ConsoleSettings, monotonic: Callable[[], float]) -> None:
        self._site = site
        self._settings = settings
        self._monotonic = monotonic
        self._changes = Changes()
        self.ring = Ring(secrets.token_hex(4), settings.ring_events, settings.ring_bytes)
        self._lock = threading.Lock()  # interest, and whether anything was passed over without it
        self._interest = Interest(settings.interest_seconds, monotonic)
        self._passed_over = False
        self._readers: set[Reader] = set()
        self._sessions: Counter[str] = Counter()
        self._told: dict[str, _Told] = {}
        self._later: dict[str, float] = {}  # wards of which only the last word changed, and when that is told
        self._inventories: dict[str, tuple[DeviceInfo, ...]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._limiter = CapacityLimiter(1)
        self.failed = False

    # ---- for pages (any thread) ----

    def position(self, ward: str | None = None) -> str:
        """The id from which on a page that reads the state *after* this call will miss nothing."""
        with self._lock:
            self._expect(ward)
        return self.ring.id_of(self.ring.head)

    def served(self, ward: str, devices: Sequence[DeviceState]) -> None:
        """A page was given this inventory: another one from now on is news."""
        self._inventories.setdefault(ward, tuple(device.info for device in devices))

    # ---- for streams (the event loop) ----

    def open(self, scope: Scope, session: str, last_event_id: str) -> Reader:
        """A new reader, from an id on or from now on. Raises TooManyStreamsError."""
        full = self._sessions[session] >= self._settings.streams_per_session
        if full or len(self._readers) >= self._settings.streams_total:
            raise TooManyStreamsError
        with self._lock:
            self._expect(scope.watches)
            self._interest.opened(scope.watches)
        number = self.ring.number_of(last_event_id) if last_event_id else self.ring.head
        reader = Reader(scope, session, number)
        self._readers.add(reader)
        self._sessions[session] += 1
        return reader

    def close(self, reader: Reader) -> None:
        """The reader went."""
        self._readers.discard(reader)
        self._sessions[reader.session] -= 1
        if self._sessions[reader.session] <= 0:
            del self._sessions[reader.session]
        with self._lock:
            self._interest.closed(reader.scope.watches)

    def news(self, reader: Reader) -> bytes:
        """What the reader has not had yet, as it goes over the wire; b"" when there is nothing."""
        found = None if reader.number is None else self.ring.news(reader.number, reader.scope)
        if found is None:
            reader.number = self.ring.head
            return b"id: %b\nevent: reset\ndata: %b\n\n" % (self.ring.id_of(reader.number).encode(), RESET)
        reader.number, wire = found
        return wire

    def end_session(self, session: str) -> None:
        """Somebody signed out: the streams of that session end."""
        for reader in self._readers:
            if reader.session == session:
                reader.end()

    def end_all(self) -> None:
        """The server stops: streams would hold it up for ever. Safe to call from the loop only."""
        for reader in self._readers:
            reader.end()

    @property
    def readers(self) -> int:
        return len(self._readers)

    # ---- the builder ----

    async def run(self) -> None:
        """Until cancelled. Where it ends otherwise, `failed` says so, and the pages' streams end."""
        try:
            await self._run()
        except Exception:
            self.failed = True
            log.exception("the live pages' fan-out ended; they get no news until the console starts again")

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        beat = asyncio.create_task(self._beat())
        stop_listening = await to_thread.run_sync(self._site.listen, self._changed)
        try:
            while True:
                await self._tick()
        finally:
            beat.cancel()
            stop_listening()
            self.end_all()

    def _changed(self, change: Change) -> None:
        with self._lock:
            if not self._interest.in_anything():
                self._passed_over = True
                return
        if self._changes.note(change) and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def _expect(self, ward: str | None) -> None:
        self._interest.expect(ward)
        if self._passed_over:
            self._passed_over = False
            self.ring.skip()

    async def _tick(self) -> None:
        await self._something_due()
        work = self._changes.take()
        known = {each.ward for each in work}
        now = self._monotonic()
        due = [ward for ward, at in self._later.items() if at <= now]
        work += [Work(ward, urgent=True) for ward in due if ward not in known]
        if not work:
            return
        pause = self._settings.coalesce_seconds
        failed = await to_thread.run_sync(self._tell, work, limiter=self._limiter)
        if failed:
            self._changes.put_back(failed)
            self._wake.set()
            pause = max(pause, _RETRY_SECONDS)
        for reader in self._readers:
            reader.wake.set()
        await asyncio.sleep(pause)

    async def _something_due(self) -> None:
        later = min(self._later.values(), default=None)
        wait = None if later is None else max(0.0, later - self._monotonic())
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _tell(self, work: list[Work]) -> list[Work]:
        """Put events into the ring; returns what could not be read and waits for another time."""
        failed = []
        for each in work:
            try:
                self._tell_ward(each)
            except UnknownPlaceError:
                self._told.pop(each.ward, None)
                self._later.pop(each.ward, None)
                self._inventories.pop(each.ward, None)
                self.ring.add("reset", RESET)  # the ward is gone: every list of wards is wrong
            except Exception:
                # Whatever a site's storage throws, the others' news must not wait for it.
                log.exception("the state of %s cannot be read for the live pages; trying again", each.ward)
                failed.append(each)
        return failed

    def _tell_ward(self, work: Work) -> None:
        state = self._site.ward(work.ward)
        devices = self._site.devices(work.ward)
        ward = ward_out(state, devices, self._site.open_conditions(work.ward))
        with self._lock:
            watched = self._interest.in_ward(work.ward)
        self._tell_devices(work, devices, watched)
        bare = ward.model_copy(update={"last_word_ms": None})
        told = self._told.get(work.ward)
        now = self._monotonic()
        waits_until = 0.0 if told is None else told.at + self._settings.last_word_seconds
        if not work.urgent and told is not None and told.ward == bare and now < waits_until:
            self._later[work.ward] = waits_until
            return
        self._later.pop(work.ward, None)
        self._told[work.ward] = _Told(bare, now)
        self.ring.add("ward", ward.model_dump_json().encode(), ward=work.ward)

    def _tell_devices(self, work: Work, devices: Sequence[DeviceState], watched: bool) -> None:
        inventory = tuple(device.info for device in devices)
        changed = self._inventories.get(work.ward, inventory) != inventory
        self._inventories[work.ward] = inventory
        if not watched:
            if work.devices or work.proven or changed:
                self.ring.skip(work.ward)
            return
        if changed:
            self.ring.add("reset", RESET, ward=work.ward, only_watchers=True)
        start = b'{"ward":"%b","device":' % work.ward.encode()
        for device in devices:
            if device.info.id in work.devices:
                data = start + device_out(device).model_dump_json().encode() + b"}"
                self.ring.add("device", data, ward=work.ward, only_watchers=True)
        for camera in sorted(work.proven):
            data = b'{"ward":"%b","device":"%b"}' % (work.ward.encode(), camera.encode())  # ids need no escaping
            self.ring.add("evidence", data, ward=work.ward, only_watchers=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat_seconds)
            for reader in self._readers:
                reader.beats += 1
                reader.wake.set()
