"""What goes wrong at the district itself, told as a condition of every ward: a store that refuses, a broker that is
gone; and of one ward: that it floods."""

from __future__ import annotations

import logging

from dashboards.console.site import Change, Topic
from district.hub_conditions import BROKER_LOST, STORE_FAILED, WARD_FLOODS
from district.situation import Situation
from telemetry.clock import Clock

PROBE_SECONDS = 5.0  # how often a store that failed is tried with entries that were asked for
BROKER_LOST_SECONDS = 15.0

_FLOOD = {True: "ward %s floods: what is too much is not taken", False: "ward %s floods no more"}

logger = logging.getLogger(__name__)


class Troubles:
    """Raised and cleared by itself. Used by the ingest's thread only."""

    def __init__(self, clock: Clock, situation: Situation) -> None:
        self._clock, self._situation = clock, situation
        self._probe_at: float | None = None  # set while the store fails
        self._lost_broker_at: float | None = clock.monotonic()

    @property
    def may_ask(self) -> bool:
        """Whether there is somewhere to put what wards would send again."""
        return self._probe_at is None or self._clock.monotonic() >= self._probe_at

    def store_failed(self, why: object) -> list[Change]:
        """It took nothing."""
        if self._probe_at is None:
            logger.error("the store takes nothing: %s", why)
        self._probe_at = self._clock.monotonic() + PROBE_SECONDS
        return self._raise(STORE_FAILED)

    def store_works(self) -> list[Change]:
        """It took something."""
        if self._probe_at is not None:
            logger.info("the store works again")
        self._probe_at = None
        return self._clear(STORE_FAILED)

    def broker(self, hearing_since: float | None) -> list[Change]:
        """Since when (monotonic seconds) the broker is there; None: it is not."""
        now = self._clock.monotonic()
        if hearing_since is not None:
            self._lost_broker_at = None
            return self._clear(BROKER_LOST)
        if self._lost_broker_at is None:
            self._lost_broker_at = now
        lasts = now - self._lost_broker_at >= BROKER_LOST_SECONDS
        return self._raise(BROKER_LOST) if lasts else []

    def floods(self, flooding: frozenset[str]) -> list[Change]:
        """Which wards send more than any ward has to."""
        conditions, now_us = self._situation.conditions, self._clock.wall_us()
        changes = []
        for ward in self._situation.wards:
            if ward in flooding:
                news = conditions.put(ward, WARD_FLOODS, now_us)
            else:
                news = conditions.clear(ward, WARD_FLOODS)
            if news:
                logger.log(logging.WARNING if ward in flooding else logging.INFO, _FLOOD[ward in flooding], ward)
                changes.append(Change(Topic.CONDITION, ward))
        return changes

    def _raise(self, rule: str) -> list[Change]:
        now_us, conditions = self._clock.wall_us(), self._situation.conditions
        return [Change(Topic.CONDITION, ward) for ward in self._situation.wards if conditions.put(ward, rule, now_us)]

    def _clear(self, rule: str) -> list[Change]:
        conditions = self._situation.conditions
        return [Change(Topic.CONDITION, ward) for ward in self._situation.wards if conditions.clear(ward, rule)]
