"""The ward's status: who we are, what the journal holds, what troubles us; and when it is time to say it again."""

from __future__ import annotations

import logging
import platform
from collections.abc import Sequence

from edge_agent.uplink.journal_view import JournalView
from journal.model import Held, JournalError
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock

log = logging.getLogger(__name__)

MACHINE = platform.node()[:64]
MOST_RANGES = 5_000  # of an account
FIRST_PAUSE_SECONDS = 1.0  # doubled with each telling
LONGEST_PAUSE_SECONDS = 180.0
MOST_HELD = 400  # earlier incarnations that one status names: 12 kB


class Status:
    """Says the status, and knows when it was last told.

    A ward says something every `heartbeat_seconds` at least: a live batch, which names its positions, or else the
    status; that every three minutes in any case, since the broker keeps it for a district that starts. It comes
    `news_seconds` apart while the journal grows and nothing of it could be sent; and often after a connection: a
    district that started together with the ward was not there for its first entries, and learns from the head
    position what it lacks."""

    def __init__(
        self, journal: JournalView, clock: Clock, agent_version: str, heartbeat_seconds: float, news_seconds: float
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._agent_version = agent_version
        self._heartbeat = heartbeat_seconds
        self._news = news_seconds
        self._told_at = 0.0
        self._told_head = 0
        self._heard_at = 0.0
        self._behind_since: float | None = None
        self._last_held: Sequence[Held] = ()
        self._pause = FIRST_PAUSE_SECONDS
        self._turn = 0

    def begin(self) -> None:
        """A new connection."""
        self._pause = FIRST_PAUSE_SECONDS / 2
        self._told_at = self._clock.monotonic() - self._pause

    def due(self) -> float:
        """When it is to be told (monotonic seconds)."""
        if self._journal.head() <= self._told_head:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self._clock.monotonic()
        if self._pause < self._heartbeat:
            calm = self._told_at + self._pause
        else:
            calm = min(self._heard_at + self._heartbeat, self._told_at + max(self._heartbeat, LONGEST_PAUSE_SECONDS))
        return calm if self._behind_since is None else min(calm, self._behind_since + self._news)

    def live(self, last: int) -> None:
        """A live batch went out that ends at that position: the district knows as much as by a status."""
        self._heard_at = self._clock.monotonic()
        self._told_head = max(self._told_head, last)

    def tell(self, *, account: bool = False) -> bytes:
        """The message, which is taken to be sent now; with an account of what was said to be committed, if asked."""
        self._told_at = self._heard_at = self._clock.monotonic()
        self._told_head = self._journal.head()
        self._behind_since = None
        self._pause *= 2
        return self.message(online=True, account=account)

    def message(self, *, online: bool, account: bool = False) -> bytes:
        """telemetry.wire Status."""
        journal = self._journal
        held, whole = self._held()
        own = [each.first_position for each in held if each.incarnation == journal.incarnation]
        trouble = journal.trouble()
        message = wire.Status(
            online=online,
            incarnation=journal.incarnation,
            first_position=own[0] if own else 1,
            head_position=journal.head(),
            agent_version=self._agent_version,
            wall_time_us=self._clock.wall_us(),
            trouble="" if trouble is None else str(trouble.code),
            machine=MACHINE,
            clock_state=int(self._clock.state()),  # type: ignore[arg-type]
        )
        earlier = [each for each in held if each.incarnation != journal.incarnation]
        in_turns = len(earlier) > MOST_HELD
        message.held_in_part = in_turns or not whole
        for each in self._in_turns(earlier) if in_turns else earlier:
            message.held.add(
                incarnation=each.incarnation, first_position=each.first_position, last_position=each.last_position
            )
        if account:
            self._account(message)
        return message.SerializeToString()

    def _in_turns(self, earlier: list[Held]) -> list[Held]:
        """The newest, and of the others ever the next: a ward whose agent starts each hour for a year tells of all,
        in messages that a narrow line carries."""
        newest, rest = earlier[-MOST_HELD // 2 :], earlier[: -MOST_HELD // 2]
        self._turn %= len(rest)
        turn = rest[self._turn : self._turn + MOST_HELD // 2]
        self._turn += len(turn)
        return turn + newest

    def _account(self, message: wire.Status) -> None:
        """The newest ranges, so many as a message may have; our own incarnation is there in any case."""
        try:
            told = self._journal.committed()
        except JournalError as error:  # the district asks again
            log.error("%s", error)
            return
        left = MOST_RANGES
        for incarnation, positions in reversed(list(told.items())):
            ranges = list(positions)[-left:] if left else []
            left -= len(ranges)
            if ranges or incarnation == self._journal.incarnation:
                each = [wire.Range(first=first, last=last) for first, last in ranges]
                message.committed.add(incarnation=incarnation, ranges=each)

    def _held(self) -> tuple[Sequence[Held], bool]:
        """What is held, and whether that is known to be all: a past that is not told of is else taken for gone."""
        whole = self._journal.is_whole()  # first: what is found after this may not be in what is told
        try:
            self._last_held = self._journal.held()
        except JournalError as error:  # as it was
            log.error("%s", error)
            whole = False
        return self._last_held, whole
