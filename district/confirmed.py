"""Whether the district still has all that it once confirmed: not after its files were put back from an old backup.

A ward lets go of what was confirmed. So at each start, and when the store lost something, each agent is asked what it
was told; what the district lacks of that, it takes back: the ward keeps it again, and is asked for it. The rule is in
docs/durability.md, "A district restored from an old backup".
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from dashboards.console.site import Change, Topic
from district.holdings import Holdings
from district.hub_conditions import DISTRICT_BEHIND
from district.records import LossRecord
from district.replication import Replication
from district.situation import Situation
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock

AGAIN_SECONDS = 15.0  # no answer, or one with something to take back: ask again
MOST_QUESTIONS = 5
MOST_RANGES = 5_000  # of one message

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Ward:
    """`before_us`: the ward's newest word that the hub's files know of, which is the age of a backup. `settled`: the
    agents that were told nothing that is not here; `ask_at` (monotonic seconds) of the others."""

    before_us: int | None
    settled: set[bytes] = field(default_factory=set)
    ask_at: dict[bytes, float] = field(default_factory=dict)
    asked: dict[bytes, int] = field(default_factory=dict)  # how often, without an answer


class Confirmed:
    """Used by the ingest's thread only."""

    def __init__(self, clock: Clock, situation: Situation, holdings: Holdings, replication: Replication) -> None:
        self._clock, self._situation = clock, situation
        self._holdings, self._replication = holdings, replication
        records = {ward: situation.presence.record(ward) for ward in situation.wards}
        self._wards = {ward: _Ward(record.last_word_us if record else None) for ward, record in records.items()}

    def doubt(self) -> None:
        """What is held is less than it was: ask all wards."""
        for state in self._wards.values():
            state.settled.clear()
            state.ask_at.clear()
            state.asked.clear()

    def heard(self, ward: str, incarnation: bytes) -> None:
        """An agent said something live: it can be asked."""
        state, now = self._wards[ward], self._clock.monotonic()
        if incarnation in state.settled or now < state.ask_at.get(incarnation, now):
            return
        state.asked[incarnation] = state.asked.get(incarnation, 0) + 1
        if state.asked[incarnation] > MOST_QUESTIONS:
            state.settled.add(incarnation)  # an agent of an earlier version, which does not know the question
            return
        state.ask_at[incarnation] = now + AGAIN_SECONDS
        self._replication.say(ward, wire.Request(to=incarnation, tell_committed=wire.TellCommitted()))

    def status(self, ward: str, status: wire.Status) -> list[LossRecord]:
        """A live status; it may be the answer. The result is what it tells to be lost: confirmed once, not here, and
        gone in the ward."""
        state = self._wards[ward]
        if not status.committed or status.incarnation in state.settled:
            return []
        gone = self._gone(ward, status)
        if not gone:
            state.settled.add(status.incarnation)
            return []
        state.asked.pop(status.incarnation, None)  # it knows the question; ask again until nothing is left
        self._take_back(ward, status, gone)
        return list(_given_up(ward, status, gone))

    def tick(self) -> Iterator[Change]:
        """It is over where the agent was told nothing that is not here, and nothing is missing."""
        for ward, state in self._wards.items():
            if self._situation.conditions.is_open(ward, DISTRICT_BEHIND) and (
                self._situation.speakers.shown(ward) in state.settled and not self._holdings.missing_count(ward)
            ):
                self._situation.conditions.clear(ward, DISTRICT_BEHIND)
                logger.warning("ward %s: the district has again what the ward still holds", ward)
                yield Change(Topic.CONDITION, ward)

    def _gone(self, ward: str, status: wire.Status) -> dict[bytes, list[tuple[int, int]]]:
        """What was confirmed and is not here, nor known to be lost."""
        gone = {}
        for told in status.committed:
            if self._holdings.is_too_many(ward, told.incarnation):
                continue
            known = self._holdings.of(ward, told.incarnation)
            holes = [hole for each in told.ranges for hole in known.held.missing(each.first, each.last)]
            missing = [left for hole in holes for left in known.lost.missing(*hole)]
            if missing:
                gone[bytes(told.incarnation)] = missing[:MOST_RANGES]
        return gone

    def _take_back(self, ward: str, status: wire.Status, gone: dict[bytes, list[tuple[int, int]]]) -> None:
        count = sum(last - first + 1 for ranges in gone.values() for first, last in ranges)
        before_us = self._wards[ward].before_us
        since_us = self._clock.wall_us() if before_us is None else before_us
        if self._situation.conditions.put(ward, DISTRICT_BEHIND, since_us, instance=str(count)):
            logger.error("ward %s: %d entries that the district had confirmed are not here; asking again", ward, count)
        for incarnation, ranges in gone.items():
            back = wire.TakeBack(
                incarnation=incarnation, ranges=[wire.Range(first=first, last=last) for first, last in ranges]
            )
            self._replication.say(ward, wire.Request(to=status.incarnation, take_back=back))


def _given_up(ward: str, status: wire.Status, gone: dict[bytes, list[tuple[int, int]]]) -> Iterator[LossRecord]:
    """What lies below the first position that the ward still holds can come from nowhere. Holes above it are asked
    for, and named when the ward says that it does not have them."""
    firsts = {held.incarnation: held.first_position for held in status.held}
    firsts[status.incarnation] = status.first_position
    for incarnation, ranges in gone.items():
        below = firsts.get(incarnation, 0) - 1
        for first, last in ranges:
            if first <= below:
                yield LossRecord(ward, incarnation, first, min(last, below), why="not_held")
