"""The uplink's own thread: connects, tells the ward's state, sends what became durable, answers the district."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from edge_agent.uplink.answers import Answers, LiveStreams, Pictures
from edge_agent.uplink.batches import batches
from edge_agent.uplink.journal_view import JournalView
from edge_agent.uplink.line_form import LineForm
from edge_agent.uplink.link import Link, LinkError, Will
from edge_agent.uplink.live_queue import LiveQueue
from edge_agent.uplink.pace import Pace
from edge_agent.uplink.replays import Replays
from edge_agent.uplink.requests import BadRequestError, Inbox
from edge_agent.uplink.settings import UplinkCounts, UplinkSettings
from edge_agent.uplink.status import Status
from journal.model import Durable
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.intervals import IntervalSet
from telemetry.topics import Topic, What

log = logging.getLogger(__name__)

LAST_WORDS_SECONDS = 2.0  # what a stop may take to send what just became durable


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
        self._committed = IntervalSet()  # of this incarnation, as the district told since our start
        self._settings = settings
        self._journal = journal
        self._answers = Answers(poll_now, live, pictures)
        self._clock = clock
        self._chance = chance
        self._bell = threading.Condition()
        self._stopping = False
        self._stop_at = 0.0
        self._accepting = False
        self._nudged = False
        self._live = LiveQueue(settings.max_live_bytes)
        self._inbox = Inbox()
        self._link: Link | None = None
        self._replays = Replays(journal, settings.replay_bytes_per_second)
        self._form = LineForm(journal)
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
            self.counts.live_dropped += self._live.put(durable)
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
        return not any(self._committed.missing(1, self._journal.head()))

    # ---- one connection after the other --------------------------------------------------------------------------

    def _run(self) -> None:
        shortest, longest = self._settings.retry_seconds
        pause = shortest
        mqtt5 = True
        while not self._stopping:
            link = self._make_link(mqtt5)
            mqtt5 = True
            try:
                link.open()
                if self._serve(link):
                    pause = shortest
                elif link.is_too_new:
                    mqtt5 = False
                    continue  # the older version, at once
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

    def _make_link(self, mqtt5: bool) -> Link:
        settings = self._settings
        will = Will(self._topic(What.STATUS), self._status.message(online=False))
        return Link(
            settings.broker,
            # With the incarnation: two agents of one ward would else throw each other off, in turns.
            client_id=f"ward-agent-{settings.district}-{settings.ward}-{self._journal.incarnation.hex()[:12]}",
            listen=self._topic(What.REQUESTS),
            will=will,
            keepalive=settings.keepalive_seconds,
            received=self._received,
            changed=self._ring,
            pace=Pace(settings.replay_wait_seconds),
            clock=self._clock,
            mqtt5=mqtt5,
        )

    def _end(self, link: Link) -> None:
        with self._bell:
            self._accepting = False
            self._live.forget()
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
        self._form.begin()
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
        with self._bell:
            durable = self._live.take()
        if durable is not None:
            entries, first = durable.entries, durable.first_position
            for message in batches(durable.incarnation, first, entries, form=self._form.live):
                self._publish(What.ENTRIES, message)
                self.counts.batches_sent += 1
            self._status.live(first + len(entries) - 1)
            return True
        if self._may_replay() and now >= self._replays.due:
            what, message = self._replays.next(now, self._link.replay_batch if self._link else 0)
            self._publish(what, message, replay=True)
            return True
        return False

    def _may_send(self) -> bool:
        return self._link is not None and self._link.in_flight < self._settings.max_in_flight

    def _may_replay(self) -> bool:
        """Whether something is asked for, and nothing new would have to wait long behind it."""
        return bool(self._replays) and self._may_send() and self._link is not None and self._link.may_replay

    def _nothing_new(self, link: Link) -> bool:
        """Whether to wait; asked with the bell in hand, so that nothing that rang just now is slept over."""
        waits = bool(self._live) and self._may_send()
        return not (waits or self._inbox or self._nudged or link.ended or self._done())

    def _seconds_until_due(self) -> float:
        now = self._clock.monotonic()
        due = min(self._status.due(), self._stop_at) if self._stopping else self._status.due()
        if self._may_replay():
            due = min(due, self._replays.due)
        return max(0.0, due - now)

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
        if request.to not in (b"", self._journal.incarnation):
            return  # for the other agent that speaks as this ward
        if what == "committed":
            self._note_committed(request.committed)
        elif what == "take_back":
            self._take_back(request.take_back)
        elif what == "tell_committed":
            self._publish(What.STATUS, self._status.tell(account=True), retain=True)
        elif what == "replay":
            refused = self._replays.ask(request)
            if refused is None:
                self.counts.replays += 1
            else:
                self._publish(What.REPLIES, refused)
        else:
            self._publish(What.REPLIES, self._answers.answer(request))

    def _bad_request(self, why: str) -> None:
        self.counts.bad_requests += 1
        log.warning("a request was ignored: %s", why)

    def _take_back(self, told: wire.TakeBack) -> None:
        positions = IntervalSet((each.first, each.last) for each in told.ranges)
        log.warning("the district lacks %d entries that it had confirmed; they are kept again", len(positions))
        self._journal.take_back(told.incarnation, positions)
        with self._bell:
            if told.incarnation == self._journal.incarnation:
                self._committed = self._committed.without(positions)

    def _note_committed(self, committed: wire.Committed) -> None:
        positions = IntervalSet((each.first, each.last) for each in committed.ranges)
        if positions:
            self._journal.mark_committed(committed.incarnation, positions)
        self._form.told(committed)
        with self._bell:
            if committed.incarnation == self._journal.incarnation:
                self._committed.update(positions)
            self._bell.notify_all()

    # ---- what we say ---------------------------------------------------------------------------------------------

    def _publish(self, what: What, message: bytes, *, retain: bool = False, replay: bool = False) -> None:
        if self._link is not None:
            self._link.publish(self._topic(what), message, retain=retain, replay=replay)

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
