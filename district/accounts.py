"""What the ingest counts of each ward, and when what is to be remembered is written down."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from dashboards.console.site import Change, Topic
from district.database import HubDatabaseError
from district.holdings import Holdings
from district.records import Changes, Counts, LossRecord, OnceMore, Records
from district.situation import Numbers, Situation
from telemetry.clock import Clock

SAVE_SECONDS = 10.0  # how exactly last words and counts survive a crash of the hub

NONE: Mapping[str, int] = {}

logger = logging.getLogger(__name__)


class Accounts:
    """Counts, losses and the hub's own tables. Used by the ingest's thread only."""

    def __init__(self, clock: Clock, situation: Situation, records: Records, holdings: Holdings) -> None:
        self._clock, self._situation, self._records, self._holdings = clock, situation, records, holdings
        self._counts = records.counts()
        self._dirty: set[str] = set()
        self._unsaved = Changes()
        self._save_at = clock.monotonic()
        self._failed = False

    def of(self, ward: str) -> Counts:
        """The counts of a ward, to be raised."""
        self._dirty.add(ward)
        return self._counts.setdefault(ward, Counts())

    def lose(self, loss: LossRecord | OnceMore) -> None:
        """To be remembered."""
        self._unsaved.losses.append(loss)

    def number(self, wards: Iterable[str], flooded: Mapping[str, int] = NONE) -> list[Change]:
        """Bring the counted figures of these wards up to date. `flooded`: messages that were not taken, by ward."""
        changes = []
        for ward in {*wards, *(flooded.keys() & self._situation.wards.keys())}:
            counts = self._counts.get(ward, Counts())
            numbers = Numbers(
                missing_positions=self._holdings.missing_count(ward),
                named_losses=self._holdings.lost_count(ward),
                refused_entries=counts.refused_entries,
                dropped_duplicates=counts.dropped_duplicates,
                flood_messages=flooded.get(ward, 0),
            )
            if numbers != self._situation.numbers.get(ward):
                self._situation.numbers[ward] = numbers
                changes.append(Change(Topic.WARD, ward))
        return changes

    def close(self) -> None:
        """Write down what is not yet."""
        self._save_at = self._clock.monotonic()
        self.save()

    def save(self) -> None:
        """Write down what is to be remembered; last words and counts only now and then, as each costs a write."""
        presence, conditions = self._situation.presence, self._situation.conditions
        changes, self._unsaved = self._unsaved, Changes()
        changes.presence, presence.changes = changes.presence + presence.changes, []
        changes.raised, conditions.raised = changes.raised + conditions.raised, []
        changes.cleared, conditions.cleared = changes.cleared + conditions.cleared, []
        if changes or self._clock.monotonic() >= self._save_at:
            self._save_at = self._clock.monotonic() + SAVE_SECONDS
            changes.wards += presence.take_dirty()
            changes.counts |= {ward: self._counts[ward] for ward in self._dirty}
            self._dirty.clear()
        if not changes:
            return
        try:
            self._records.write(changes, self._clock.wall_us())
        except HubDatabaseError as error:
            if not self._failed:
                logger.error("%s", error)
            self._unsaved = changes  # with the next ones
            self._failed = True
        else:
            self._failed = False
