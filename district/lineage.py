"""Whether a ward's journal goes on where it ended: each start names the incarnation before it, that one's last position
and that entry's leaf hash. The district compares that with what it holds.

The rule (docs/durability.md, "An agent restored from an old backup"): what the district holds stays. What a ward no
longer holds and the district never had is a named loss.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from dashboards.console.site import Change, Topic
from district.forks import Again, differing
from district.holdings import Holdings
from district.hub_conditions import AGENT_RESTORED, JOURNAL_FORKED
from district.records import FORKED, LossRecord
from district.situation import Situation
from store.base import Event, Store, StoreError
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.conditions import Severity
from telemetry.entry import Entry, EntryError, Lifecycle, LifecycleEvent, decode, leaf_hash

TOLD_SECONDS = 86_400.0  # it is no lasting state: so long somebody may read of it
REWOUND_SECONDS = 20.0  # a status may come late once, but not for longer than a heartbeat

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Ward:
    """`followers`: who names an incarnation as the one before it. `behind_at`: since when (monotonic seconds) the
    statuses of an incarnation tell of a head below what is held."""

    followers: dict[bytes, set[bytes]] = field(default_factory=dict)
    behind_at: dict[bytes, float] = field(default_factory=dict)


class Lineage:
    """Used by the ingest's thread only."""

    def __init__(self, clock: Clock, situation: Situation, store: Store, holdings: Holdings) -> None:
        self._clock, self._situation = clock, situation
        self._store, self._holdings = store, holdings
        self._wards = {ward: self._known(ward) for ward in situation.wards}

    def begins(self, ward: str, entry: Entry, started: Lifecycle) -> Iterator[Change]:
        """The start entry of an incarnation is in the store now."""
        previous = started.previous_incarnation
        if not previous:
            return
        others = self._wards[ward].followers.setdefault(previous, set()) - {entry.incarnation}
        self._wards[ward].followers[previous].add(entry.incarnation)
        beyond = self._reaches(ward, previous, started.previous_position)
        end = self._ending(ward, previous, started.previous_position)
        if end is not None and leaf_hash(end.entry) != started.previous_hash:
            yield from self._tell(ward, JOURNAL_FORKED, entry.wall_time_us, Severity.FAILURE)
        elif beyond or others:
            yield from self._tell(ward, AGENT_RESTORED, entry.wall_time_us, Severity.ATTENTION)

    def goes_on(self, ward: str, incarnation: bytes, last: int) -> None:
        """New entries came that end at position `last`. Where nothing is held beyond, the agent was not put back: a
        status that told of less was late. Between two statuses a minute may pass, and two may be late."""
        if last >= self._holdings.of(ward, incarnation).bounds()[1]:
            self._wards[ward].behind_at.pop(incarnation, None)

    def status(self, ward: str, status: wire.Status) -> Iterator[Change]:
        """A live status: an agent that was put back together with its memory (a virtual machine's snapshot) writes
        other entries at positions that are held."""
        behind_at, now = self._wards[ward].behind_at, self._clock.monotonic()
        known = self._holdings.of(ward, status.incarnation)
        if status.head_position >= known.bounds()[1]:
            behind_at.pop(status.incarnation, None)
        elif now - behind_at.setdefault(status.incarnation, now) >= REWOUND_SECONDS:
            yield from self._tell(ward, JOURNAL_FORKED, status.wall_time_us, Severity.FAILURE)

    def again(self, ward: str, incarnation: bytes, again: list[Again]) -> tuple[list[LossRecord], list[Change]]:
        """Live entries came at positions that were held or in hand. Where something else is held, the journal forked:
        what is held stays, and what is dropped is named."""
        held = self._holdings.of(ward, incarnation).held
        try:
            other = differing(self._store, ward, incarnation, [each for each in again if each[0] in held])
        except StoreError as error:
            logger.warning("ward %s: what came again could not be compared: %s", ward, error)
            return [], []
        if not other:
            return [], []
        logger.error("ward %s wrote positions %s of %s again, as something else", ward, other, incarnation.hex())
        changes = list(self._tell(ward, JOURNAL_FORKED, self._clock.wall_us(), Severity.FAILURE))
        return [LossRecord(ward, incarnation, *each, why=FORKED) for each in other], changes

    def tick(self) -> Iterator[Change]:
        """What was told long enough is over."""
        conditions, now_us = self._situation.conditions, self._clock.wall_us()
        for ward in self._situation.wards:
            for rule in (AGENT_RESTORED, JOURNAL_FORKED):
                told = conditions.get(ward, rule)
                if told is not None and abs(now_us - told.raised_us) >= TOLD_SECONDS * 1e6:
                    conditions.clear(ward, rule)
                    yield Change(Topic.CONDITION, ward)

    def _tell(self, ward: str, rule: str, since_us: int, severity: Severity) -> Iterator[Change]:
        if self._situation.conditions.put(ward, rule, since_us, severity=severity):
            logger.error("ward %s: %s; its journal does not go on where it ended", ward, rule)
            yield Change(Topic.CONDITION, ward)

    def _reaches(self, ward: str, previous: bytes, position: int) -> bool:
        """Whether the incarnation before is known to have gone on beyond the position at which it is said to have
        ended. One that is held in part is known to reach that position at least."""
        if not self._holdings.knows(ward, previous):
            return False
        known = self._holdings.of(ward, previous)
        beyond = max(known.head, known.bounds()[1]) > position
        if known.held:
            known.head = max(known.head, position)
        return beyond

    def _ending(self, ward: str, incarnation: bytes, position: int) -> Event | None:
        """The event at that place, if the store holds one: where a run ended in order, its STOPPED."""
        for event in self._store.events(ward, payload="lifecycle", newest_first=True):
            if (event.incarnation, event.position) == (incarnation, position):
                return event
        return None

    def _known(self, ward: str) -> _Ward:
        found = _Ward()
        for event in self._store.events(ward, payload="lifecycle"):
            try:
                payload = decode(event.entry).payload
            except EntryError:
                continue  # `ward-district verify` tells of it
            if isinstance(payload, Lifecycle) and payload.event is LifecycleEvent.STARTED:
                found.followers.setdefault(payload.previous_incarnation, set()).add(event.incarnation)
                self._reaches(ward, payload.previous_incarnation, payload.previous_position)
        found.followers.pop(b"", None)
        return found
