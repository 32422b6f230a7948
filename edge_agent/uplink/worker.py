"""The uplink's own thread: connects, tells the ward's state, sends what became durable, answers the district."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edge_agent.uplink.batches import Replay, batches
from edge_agent.uplink.journal_view import JournalView
from edge_agent.uplink.link import Broker, Link, LinkError, Will
from edge_agent.uplink.requests import BadRequestError, Inbox, reply
from edge_agent.uplink.status import Status
from journal.model import Durable, JournalError
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason, ReasonCode
from telemetry.topics import Topic, What

log = logging.getLogger(__name__)

MAX_REPLAYS_WAITING = 64
LAST_WORDS_SECONDS = 2.0  # what a stop may take to send what just became durable


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Who we are and how we speak. Seconds and bytes."""

    district: str
    ward: str
    broker: Broker
    agent_version: str
    heartbeat_seconds: float = 15.0
    news_seconds: float = 5.0  # between statuses while the journal grows
    keepalive_seconds: int = 10
    ready_seconds: float = 15.0  # from the connection to an accepted subscription
    retry_seconds: tuple[float, float] = (1.0, 15.0)  # first and longest pause between attempts
    max_in_flight: int = 16
    max_live_bytes: int = 4_000_000  # of durable entries that wait for a slow line; beyond it the district asks
    replay_bytes_per_second: float = 1_000_000.0


@dataclass(slots=True)
class UplinkCounts:
    """Since the start."""

    connections: int = 0
    batches_sent: int = 0
    replays: int = 0
    bad_requests: int = 0
    live_dropped: int = 0  # entries that were durable, but had to wait too long for the line


class LiveStreams(Protocol):
    """What sends pictures when the district asks. Both return at once."""

    def start(self, device: str, stream: str, ticket: str, url: str) -> Reason | None:
        """Why not, if not."""

    def stop(self, device: str, stream: str) -> None:
        """Also when it was not sent at all."""


class Pictures(Protocol):
    """What sends single pictures when the district asks."""

    def send(self, sha256: bytes, device: str, ticket: str) -> Reason | None:
        """The one of that hash, or where there is none the newest of the device. Returns at once; why not, if not."""


class Uplink:
    """The ward's side of replication. `offer` may be called from any thread; all else happens in its own."""

    def __init__(
        self,
        settings: UplinkSettings,
        journal: JournalView,
        poll_now: Callable[[str], bool],
        clock: Clock,
        chance: random.Random,
        live: LiveStreams | None = None,
        pictures: Pictures | None = None,
    ) -> None:
        self.counts = UplinkCounts()
        self.committed: dict[bytes, IntervalSet] = {}  # as the district told since our start
        self._settings = settings
        self._journal = journal
        self._poll_now = poll_now
        self._clock = clock
        self._chance = chance
        self._live_streams = live
        self._pictures = pictures
        self._bell = threading.Condition()
        self._stopping = False
        self._stop_at = 0.0
        self._accepting = False
        self._nudged = False
        self._live: deque[Durable] = deque()
        self._live_bytes = 0
        self._inbox = Inbox()
        self._link: Link | None = None
        self._replays: deque[Replay] = deque()
        self._replay_at = 0.0  # monotonic; not before
        self._status = Status(journal, clock, settings.agent_version, settings.heartbeat_seconds, settings.news_seconds)
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send what is durable by now, say goodbye, so that the district knows at once, and end."""
        with self._bell:
            self._stop_at = self._clock.monotonic() + LAST_WORDS_SECONDS
            self._stopping = True
            self._bell.notify_all()
        self._thread.join()

    def offer(self, durable: Durable) -> None:
        """Entries that the disk now holds. Forgotten while the line is down: the district sees what it lacks."""
        with self._bell:
            if not self._accepting:
                return
            self._live.append(durable)
            self._live_bytes += sum(map(len, durable.entries))
            if self._live_bytes > self._settings.max_live_bytes:
                self.counts.live_dropped += sum(len(waiting.entries) for waiting in self._live)
                self._forget_live()
            self._bell.notify_all()

    def wait_until_committed(self, seconds: float) -> bool:
        """Wait until the district holds all of this incarnation; False when the time is over first."""
        with self._bell:
            return self._bell.wait_for(self._all_committed, seconds)

    def nudge(self) -> None:
        """The journal got into trouble or out of it: tell the district now, not at the next heartbeat."""
        with self._bell:
            self._nudged = True
            self._bell.notify_all()

    def _all_committed(self) -> bool:
        known = self.committed.get(self._journal.incarnation, IntervalSet())
        return not any(known.missing(1, self._journal.head()))

    # ---- one connection after the other --------------------------------------------------------------------------

    def _run(self) -> None:
        shortest, longest = self._settings.retry_seconds
        pause = shortest
        while not self._stopping:
            link = self._make_link()
            try:
                link.open()
                if self._serve(link):
                    pause = shortest
                else:
                    self._say(f"no uplink to {self._settings.broker}: {link.ended or 'no answer'}")
            except LinkError as error:
                self._say(f"no uplink to {self._settings.broker}: {error}")
            except Exception:  # the ward goes on without its district, and tries again
                log.exception("the uplink failed")
            finally:
                self._end(link)
            with self._bell:
                self._bell.wait_for(lambda: self._stopping, pause * self._chance.uniform(0.7, 1.0))
            pause = min(longest, pause * 2)

    def _make_link(self) -> Link:
        settings = self._settings
        will = Will(self._topic(What.STATUS), self._status.message(online=False))
        return Link(
            settings.broker,
            client_id=f"ward-agent-{settings.district}-{settings.ward}",
            listen=self._topic(What.REQUESTS),
            will=will,
            keepalive=settings.keepalive_seconds,
            received=self._received,
            changed=self._ring,
        )

    def _end(self, link: Link) -> None:
        with self._bell:
            self._accepting = False
            self._forget_live()
        self._link = None
        self._replays.clear()
        self._inbox.clear()
        link.close(Will(self._topic(What.STATUS), self._status.message(online=False)) if self._stopping else None)

    def _serve(self, link: Link) -> bool:
        """Work until the connection ends. False when it never came to be."""
        with self._bell:
            self._bell.wait_for(lambda: link.ready or link.ended or self._stopping, self._settings.ready_seconds)
            if not link.ready:
                return False
            self._accepting = True  # before the status: what is durable after its head position is sent live
        self._link = link
        self.counts.connections += 1
        self._say(f"uplink to {self._settings.broker} is there")
        self._status.begin()
        self._publish(What.STATUS, self._status.tell(), retain=True)
        while not link.ended and not self._done():
            if not self._work():
                with self._bell:
                    if self._nothing_new(link):
                        self._bell.wait(self._seconds_until_due())
        if link.ended:
            self._say(f"uplink to {self._settings.broker} lost: {link.ended}")
        return True

    def _done(self) -> bool:
        """Whether to stop now: asked to, and nothing left to send or no more time for it."""
        return self._stopping and (not self._live or self._clock.monotonic() >= self._stop_at)

    # ---- one piece of work at a time -----------------------------------------------------------------------------

    def _work(self) -> bool:
        """Do the most urgent thing; False when there is nothing to do now."""
        now = self._clock.monotonic()
        if now >= self._status.due() or self._nudged:
            self._nudged = False
            self._publish(What.STATUS, self._status.tell(), retain=True)
            return True
        data = self._inbox.take()
        if data is not None:
            self._handle(data)
            return True
        if not self._may_send():
            return False
        durable = self._take_live()
        if durable is not None:
            for message in batches(durable.incarnation, durable.first_position, durable.entries):
                self._publish(What.ENTRIES, message)
                self.counts.batches_sent += 1
            return True
        if self._replays and now >= self._replay_at:
            self._go_on_replaying(self._replays[0], now)
            return True
        return False

    def _may_send(self) -> bool:
        return self._link is not None and self._link.in_flight < self._settings.max_in_flight

    def _nothing_new(self, link: Link) -> bool:
        """Whether to wait; asked with the bell in hand, so that nothing that rang just now is slept over."""
        waits = bool(self._live) and self._may_send()
        return not (waits or self._inbox or self._nudged or link.ended or self._done())

    def _seconds_until_due(self) -> float:
        now = self._clock.monotonic()
        due = min(self._status.due(), self._stop_at) if self._stopping else self._status.due()
        if self._replays and self._may_send():
            due = min(due, self._replay_at)
        return max(0.0, due - now)

    def _take_live(self) -> Durable | None:
        with self._bell:
            if not self._live:
                return None
            durable = self._live.popleft()
            self._live_bytes -= sum(map(len, durable.entries))
            return durable

    def _forget_live(self) -> None:
        self._live.clear()
        self._live_bytes = 0

    # ---- what the district asks ----------------------------------------------------------------------------------

    def _received(self, data: bytes) -> None:
        if not self._inbox.put(data):
            self._bad_request("too many requests wait")
        self._ring()

    def _handle(self, data: bytes) -> None:
        try:
            request = self._inbox.parse(data)
        except BadRequestError as error:
            self._bad_request(str(error))
            return
        what = request.WhichOneof("what")
        if what == "committed":
            self._note_committed(request.committed)
        elif what == "replay":
            self._start_replay(request)
        elif what == "poll":
            known = self._poll_now(request.poll.device)
            no_such = None if known else Reason(ReasonCode.UNSUPPORTED, f"no device {request.poll.device!r} here")
            self._publish(What.REPLIES, reply(request.id, no_such))
        elif what == "send_picture":
            self._publish(What.REPLIES, reply(request.id, self._picture(request.send_picture)))
        else:
            self._publish(What.REPLIES, reply(request.id, self._live_picture(request)))

    def _picture(self, asked: wire.SendPicture) -> Reason | None:
        if self._pictures is None:
            return Reason(ReasonCode.UNSUPPORTED, "no pictures are kept here")
        return self._pictures.send(asked.sha256, asked.device, asked.ticket)

    def _live_picture(self, request: wire.Request) -> Reason | None:
        """A stream is to be started or stopped."""
        if self._live_streams is None:
            return Reason(ReasonCode.UNSUPPORTED, "no live picture is offered here")
        if request.WhichOneof("what") == "stop_stream":
            self._live_streams.stop(request.stop_stream.device, request.stop_stream.stream)
            return None
        asked = request.start_stream
        return self._live_streams.start(asked.device, asked.stream, asked.ticket, asked.url)

    def _bad_request(self, why: str) -> None:
        self.counts.bad_requests += 1
        log.warning("a request was ignored: %s", why)

    def _note_committed(self, committed: wire.Committed) -> None:
        positions = IntervalSet((each.first, each.last) for each in committed.ranges)
        if positions:
            self._journal.mark_committed(committed.incarnation, positions)
        with self._bell:
            self.committed.setdefault(committed.incarnation, IntervalSet()).update(positions)
            self._bell.notify_all()

    def _start_replay(self, request: wire.Request) -> None:
        asked = request.replay
        if len(self._replays) >= MAX_REPLAYS_WAITING:
            reason = Reason(ReasonCode.UNSUPPORTED, "too many replays wait; ask again later")
            self._publish(What.REPLIES, reply(request.id, reason))
            return
        self.counts.replays += 1
        self._replays.append(Replay(self._journal, request.id, asked.incarnation, asked.first, asked.last))

    def _go_on_replaying(self, replay: Replay, now: float) -> None:
        try:
            message = replay.next()
        except JournalError as error:
            log.error("a replay failed: %s", error)
            self._replays.popleft()
            self._publish(What.REPLIES, reply(replay.request, Reason(ReasonCode.AGENT_FAULT, str(error))))
            return
        if message is None:
            self._replays.popleft()
            self._publish(What.REPLIES, reply(replay.request, None, replay.unavailable))
            return
        self._publish(What.REPLAY, message)
        self._replay_at = now + len(message) / self._settings.replay_bytes_per_second

    # ---- what we say ---------------------------------------------------------------------------------------------

    def _publish(self, what: What, message: bytes, *, retain: bool = False) -> None:
        if self._link is not None:
            self._link.publish(self._topic(what), message, retain=retain)

    def _topic(self, what: What) -> str:
        return str(Topic(self._settings.district, self._settings.ward, what))

    def _ring(self) -> None:
        with self._bell:
            self._bell.notify_all()

    def _say(self, what: str) -> None:
        """Once for each change, not once for each attempt."""
        if what != self._said:
            self._said = what
            log.info("%s", what)
