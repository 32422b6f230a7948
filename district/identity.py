"""What follows from who speaks as a ward: for its presence, for what is shown of it, for what is asked of it.

`district.speakers` has the rule; this applies it. Entries of an agent that is not the shown one are stored like all
others, and change nothing of what is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from dashboards.console.site import Change, Topic
from district import rebuild
from district.confirmed import Confirmed
from district.forks import Again
from district.holdings import Holdings
from district.hub_conditions import TWO_AGENTS
from district.lineage import Lineage
from district.records import LossRecord, OnceMore
from district.replication import Replication
from district.situation import Situation
from district.speakers import APART_SECONDS, Speaker
from district.staging import Staged
from district.ward_clocks import WardClocks
from store.base import Store
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.entry import Lifecycle, LifecycleEvent
from telemetry.intervals import IntervalSet

logger = logging.getLogger(__name__)


class Identity:
    """Used by the ingest's thread only."""

    def __init__(
        self, clock: Clock, situation: Situation, store: Store, holdings: Holdings, replication: Replication
    ) -> None:
        self._clock, self._situation, self._store = clock, situation, store
        self._holdings, self._replication = holdings, replication
        self._speakers = situation.speakers
        self._lineage = Lineage(clock, situation, store, holdings)
        self._confirmed = Confirmed(clock, situation, holdings, replication)
        self.clocks = WardClocks(clock, situation)
        self._changes: list[Change] = []
        self._since = clock.monotonic()
        self._together: dict[str, str] = {}  # wards of which it was told in this run, and in which words

    def status(self, ward: str, status: wire.Status, *, retained: bool) -> list[LossRecord | OnceMore]:
        """A status came. The result is what is thereby known to be lost, or not to be lost after all."""
        presence, speakers = self._situation.presence, self._speakers
        losses: list[LossRecord] = []
        if retained or not status.online:
            if not retained and not speakers.left(ward, status.incarnation):
                self._replication.seen(ward, status.incarnation, status.head_position)
                return []  # another one still speaks as this ward
            if status.online and speakers.remembered(ward, status) != status.incarnation:
                return []  # an agent that is not the shown one; it may live, and will say so
            self._show(ward, speakers.shown(ward))
            if status.online:
                self._confirmed.heard(ward, status.incarnation)  # before anything is asked for again
        else:
            self._hear(ward, status.incarnation, status)
            self._changes += self._lineage.status(ward, status)
            losses = self._confirmed.status(ward, status)
            if speakers.shown(ward) == status.incarnation:
                self.clocks.note(ward, status.wall_time_us, status.clock_state)
        shown = speakers.shown(ward)
        if status.online and status.incarnation != shown:
            presence.word(ward)
        else:
            presence.status(ward, status, retained=retained)
            record = presence.record(ward)
            if record is None or record.incarnation != status.incarnation:
                return []  # the will of one that another followed
        alone = speakers.is_alone(ward)
        return [*losses, *self._replication.status(ward, status, live=not retained, shown=shown, alone=alone)]

    def word(self, ward: str, incarnation: bytes, last: int) -> None:
        """Entries came, as they were written; `last` is the newest one's position."""
        self._hear(ward, incarnation, None)
        self._lineage.goes_on(ward, incarnation, last)

    def written(self, ward: str, incarnation: bytes, wall_us: int) -> None:
        """The newest of those entries is of that time, by the ward's clock."""
        if self._speakers.shown(ward) == incarnation:
            self.clocks.note(ward, wall_us)

    def takes(self, staged: Staged) -> bool:
        """Entries are in the store. Whether they are shown: not those of an agent that speaks beside the ward's."""
        ward, incarnation = staged.ward, staged.incarnation.id
        for entry in staged.entries:
            started = entry.payload
            if isinstance(started, Lifecycle) and started.event is LifecycleEvent.STARTED:
                self._changes += self._lineage.begins(ward, entry, started)
                before = self._speakers.shown(ward)
                self._speakers.follows(ward, incarnation, started.previous_incarnation)
                if self._speakers.shown(ward) != before:
                    self._show_again(ward)
                    return False  # with all that is in the store now
        return self.is_shown(ward, incarnation)

    def again(self, ward: str, incarnation: bytes, again: list[Again]) -> list[LossRecord]:
        """Live entries came at positions that were held. The result is what is dropped of a journal that forked."""
        lost, changes = self._lineage.again(ward, incarnation, again)
        self._changes += changes
        return lost

    def doubt(self) -> None:
        """The store holds less than it did."""
        self._confirmed.doubt()

    def is_shown(self, ward: str, incarnation: bytes) -> bool:
        """Whether what this incarnation says is how the ward is."""
        return not self._speakers.is_other(ward, incarnation)

    def tick(self) -> Iterator[Change]:
        """What changed for those who look; and that two agents speak as one ward, or no longer do."""
        conditions = self._situation.conditions
        changes, self._changes = self._changes, []
        yield from changes
        yield from self._lineage.tick()
        yield from self._confirmed.tick()
        yield from self.clocks.tick()
        for ward in self._situation.wards:
            together = self._speakers.together(ward)
            names = _names(together)
            if together and names != self._together.get(ward):
                self._together[ward] = names
                logger.error("ward %s: two agents speak as it: %s", ward, names)
                if conditions.clear(ward, TWO_AGENTS):  # told again, with the names as they are now
                    self._show_again(ward)
                conditions.put(ward, TWO_AGENTS, self._clock.wall_us(), instance=names)
                yield Change(Topic.CONDITION, ward)
            elif not together and (ward in self._together or self._heard_long()):
                self._together.pop(ward, None)
                if conditions.clear(ward, TWO_AGENTS):
                    logger.warning("ward %s: one agent speaks as it again", ward)
                    yield Change(Topic.CONDITION, ward)

    def _heard_long(self) -> bool:
        """Whether this run of the hub knows by itself that nobody else speaks."""
        return self._clock.monotonic() - self._since >= APART_SECONDS

    def _hear(self, ward: str, incarnation: bytes, status: wire.Status | None) -> None:
        speakers = self._speakers
        before, stood_aside = speakers.shown(ward), speakers.is_other(ward, incarnation)
        shown = speakers.heard(ward, incarnation, status)
        if not stood_aside and speakers.is_other(ward, incarnation):
            # It may have what was given up while it was away: its next status makes that missing once more.
            self._holdings.of(ward, incarnation).told = IntervalSet()
        if shown != before:
            logger.info("ward %s speaks as %s now, before as %s", ward, shown.hex(), before.hex() or "nobody")
        self._show(ward, shown)
        self._confirmed.heard(ward, incarnation)
        if shown != before and stood_aside:
            self._show_again(ward)

    def _show(self, ward: str, shown: bytes) -> None:
        with self._situation.lock:
            self._situation.views[ward].current = shown

    def _show_again(self, ward: str) -> None:
        """What is shown, made from the store without those that speak beside the shown one."""
        view = rebuild.view(self._clock, ward, self._store, self._speakers.shown(ward), self.is_shown)
        with self._situation.lock:
            self._situation.views[ward] = view
        self._changes += [Change(Topic.WARD, ward), Change(Topic.CONDITION, ward)]
        self._changes += [Change(Topic.DEVICE, ward, info.id) for info in view.inventory.devices]


def _names(together: list[Speaker]) -> str:
    """Who they are, for people; the shown one first."""
    return " · ".join(f"{each.machine or '?'} ({each.incarnation.hex()[:6]})" for each in together)
