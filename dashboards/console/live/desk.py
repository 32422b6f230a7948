"""All live pictures of this console: who watches what, who brings it, whom to ask for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dashboards.console.live.channel import Channel, Place
from dashboards.console.live.interest import Interest, StreamRequests, Wish
from dashboards.console.live.publisher import NOT_WANTED, OVERDUE, REPLACED, Publisher
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.tickets import Claim, Refusal, Ticket, TicketError, Tickets
from dashboards.console.live.viewer import Outlet, Viewer
from telemetry.live import LiveNote, LiveNoteType, StreamName
from telemetry.readings import Reason, ReasonCode

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
_SILENT_SECONDS = 8.0  # a ward that was asked and brought nothing for so long is called silent
_TOOK_NOTHING, _SIGNED_OUT = 4408, 4401  # close codes


class TooManyViewersError(Exception):
    """This session, or everyone together, has as many live pictures open as there may be."""


@dataclass(slots=True)
class Line:
    """One stream with all that belongs to it."""

    channel: Channel
    interest: Interest
    publisher: Publisher | None = None


class LiveDesk:
    """Used by the event loop's thread only, but for `refused`. `run` keeps it going."""

    def __init__(self, requests: StreamRequests, settings: LiveSettings, monotonic: Callable[[], float]) -> None:
        self.settings, self.monotonic = settings, monotonic
        self.lines: dict[Place, Line] = {}
        self.refusals: Counter[str] = Counter()  # of publishers, by reason
        self.tickets: Tickets[Place] = Tickets(monotonic, settings.ticket_seconds)
        self._requests = requests
        self._sessions: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._courier = ThreadPoolExecutor(1, "live-requests")  # one, so that a stop never overtakes a start

    # ---- viewers ------------------------------------------------------------------------------------------------

    def enter(self, place: Place, viewer: Viewer) -> Channel:
        """Somebody watches from now on. Raises TooManyViewersError."""
        full = self._sessions[viewer.session] >= self.settings.viewers_per_session
        if full or self._sessions.total() >= self.settings.viewers_total:
            raise TooManyViewersError
        self._sessions[viewer.session] += 1
        line = self.lines.get(place)
        if line is None:
            channel = Channel(place, self.settings, self.monotonic, self._later)
            line = self.lines[place] = Line(channel, Interest(self.settings))
        line.channel.join(viewer)
        self._turn(line)
        return line.channel

    def leave(self, place: Place, viewer: Viewer) -> None:
        """Somebody went. Call it once for each `enter`."""
        self._sessions[viewer.session] -= 1
        if self._sessions[viewer.session] <= 0:
            del self._sessions[viewer.session]
        line = self.lines.get(place)
        if line is not None:
            line.channel.leave(viewer)
            self._turn(line)

    def end_session(self, session: str) -> None:
        """Somebody signed out: what that session watches ends."""
        for line in self.lines.values():
            for viewer in line.channel.viewers:
                if viewer.session == session:
                    viewer.outlet.close(_SIGNED_OUT, "not_signed_in")

    # ---- publishers ---------------------------------------------------------------------------------------------

    def admit(self, text: str, claim: Claim) -> Ticket[Place]:
        """Take a publisher's ticket. Raises TicketError, and counts it."""
        try:
            ticket = self.tickets.take(text, claim)
            line = self.lines.get(ticket.place)
            if line is None:
                raise TicketError(Refusal.UNKNOWN)
            if line.publisher is not None and line.publisher.number > ticket.number:
                raise TicketError(Refusal.SUPERSEDED)
        except TicketError as error:
            self.refusals[error.refusal.value] += 1
            raise
        return ticket

    def begin(self, ticket: Ticket[Place], outlet: Outlet) -> Publisher | None:
        """Its socket is open: from now on it is the one, and the one before it goes. None: nobody wants it any more."""
        line = self.lines.get(ticket.place)
        if line is None:
            outlet.close(NOT_WANTED, "nobody watches any more")
            return None
        if line.publisher is not None:
            line.publisher.outlet.close(REPLACED, "replaced by a newer publisher")
        line.channel.begin()
        line.publisher = Publisher(line.channel, ticket.number, outlet, self.settings, self.monotonic())
        self._turn(line)
        return line.publisher

    def end(self, publisher: Publisher) -> None:
        """Its socket is closed."""
        line = self.lines.get(publisher.channel.place)
        if line is not None and line.publisher is publisher:
            line.publisher = None
            line.channel.end()
            self._turn(line)

    # ---- what happens by itself ---------------------------------------------------------------------------------

    async def run(self, signed_in: Callable[[str], Awaitable[bool]]) -> None:
        """Until cancelled. `signed_in` tells whether a session's token is still good."""
        self._loop = asyncio.get_running_loop()
        self._requests.listen(self.refused)
        recheck = asyncio.create_task(self._recheck(signed_in))
        try:
            while True:
                try:
                    self.tick()
                except Exception:  # a defect of ours with one picture is no reason to forget the others
                    log.exception("looking after the live pictures failed")
                await asyncio.sleep(TICK_SECONDS)
        finally:
            recheck.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await recheck
            self._courier.shutdown(wait=False, cancel_futures=True)

    def tick(self) -> None:
        """What is due on every line."""
        now = self.monotonic()
        for line in list(self.lines.values()):
            publisher = line.publisher
            overdue = publisher.overdue(now) if publisher is not None else None
            if publisher is not None and overdue is not None:
                log.warning("the publisher of %s is let go: %s", line.channel.place, overdue)
                self.refusals["overdue"] += 1
                publisher.outlet.close(OVERDUE, overdue)
                self.end(publisher)
            for viewer in [each for each in line.channel.viewers if each.stalled(now)]:
                log.info("a viewer of %s took nothing for %.0f s: let go", *self._stall(line))
                viewer.outlet.close(_TOOK_NOTHING, "took nothing")
                viewer.outlet.abort()
                line.channel.leave(viewer)
            self._turn(line)

    def refused(self, ward: str, device: str, stream: StreamName, reason: Reason) -> None:
        """A ward answered that it cannot. Any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._refused, Place(ward, device, stream), reason, True)

    def _turn(self, line: Line) -> None:
        """See whether the ward is to be asked, or told to stop."""
        now, place = self.monotonic(), line.channel.place
        wish = line.interest.due(now, watched=bool(line.channel.viewers), published=line.publisher is not None)
        if wish is Wish.ASK:
            ticket = self.tickets.make(place)
            self._send(lambda: self._ask(place, ticket))
        elif wish is Wish.STOP:
            del self.lines[place]
            self.tickets.drop(place)
            if line.publisher is not None:
                line.publisher.outlet.close(NOT_WANTED, "nobody watches any more")
            self._send(lambda: self._requests.stop(place.ward, place.device, place.stream))
        elif line.interest.missing_seconds(now) > _SILENT_SECONDS and line.channel.trouble is None:
            line.channel.tell_trouble(_trouble(Reason(ReasonCode.WARD_SILENT, "asked, and no picture came")))

    def _ask(self, place: Place, ticket: str) -> None:
        """In the courier's thread."""
        reason = self._requests.start(place.ward, place.device, place.stream, ticket, self.settings.publish_path)
        if reason is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._refused, place, reason, False)

    def _refused(self, place: Place, reason: Reason, by_ward: bool) -> None:
        line = self.lines.get(place)
        if line is None or line.publisher is not None:
            return
        if by_ward:
            line.interest.refused(self.monotonic())
        line.channel.tell_trouble(_trouble(reason))

    def _send(self, job: Callable[[], None]) -> None:
        self._courier.submit(_logged, job)

    def _later(self, seconds: float, call: Callable[[], None]) -> object:
        return asyncio.get_running_loop().call_later(seconds, call)

    def _stall(self, line: Line) -> tuple[Place, float]:
        return line.channel.place, self.settings.stall_seconds

    async def _recheck(self, signed_in: Callable[[str], Awaitable[bool]]) -> None:
        """A session that expired sees no more, also where nobody signed it out."""
        while True:
            await asyncio.sleep(self.settings.session_seconds)
            viewers = [viewer for line in self.lines.values() for viewer in line.channel.viewers]
            for session, token in {viewer.session: viewer.token for viewer in viewers}.items():
                try:
                    good = await signed_in(token)
                except Exception:  # the database is in trouble: nobody is thrown out for that
                    log.exception("asking whether a viewer is still signed in failed")
                    continue
                if not good:
                    self.end_session(session)


def _trouble(reason: Reason) -> LiveNote:
    return LiveNote(LiveNoteType.TROUBLE, reason=reason.code.value, detail=reason.detail)


def _logged(job: Callable[[], None]) -> None:
    try:
        job()
    except Exception:  # asked again in a moment
        log.exception("asking a ward for a picture failed")
