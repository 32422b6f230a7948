"""How things are in all wards now. One thread (the ingest's) writes, any thread reads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dashboards.console.site import Change, Listener, OpenCondition
from district.hub_conditions import HubConditions
from district.presence import PresenceBook
from district.projection import WardView
from district.speakers import Speakers
from telemetry.kinds import Kind

LIVE_AGES = 600  # of each ward: ten minutes

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Numbers:
    """What the district counts of one ward."""

    missing_positions: int = 0
    named_losses: int = 0
    refused_entries: int = 0
    dropped_duplicates: int = 0
    flood_messages: int = 0  # not taken because the ward sent too much; since the hub's start


@dataclass(slots=True)
class Situation:
    """The wards as they are configured (id to name) and what is known of each. Hold `lock` around `views`."""

    wards: Mapping[str, str]
    presence: PresenceBook
    conditions: HubConditions
    views: dict[str, WardView]
    speakers: Speakers
    lock: threading.RLock = field(default_factory=threading.RLock)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    live_ages_us: deque[int] = field(default_factory=lambda: deque(maxlen=25_000))  # live batches', when committed
    live_ages_of_us: dict[str, deque[tuple[int, int]]] = field(default_factory=dict)  # by ward: committed at, age
    _listeners: list[Listener] = field(default_factory=list)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See Site.listen."""
        with self.lock:
            self._listeners.append(listener)

        def end() -> None:
            with self.lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def tell(self, changes: Iterable[Change]) -> None:
        """Each change once, to each listener. A listener that fails harms nobody else."""
        with self.lock:
            listeners = list(self._listeners)
        for change in dict.fromkeys(changes):
            for listener in listeners:
                try:
                    listener(change)
                except Exception:  # somebody's page is no reason to stop taking in readings
                    logger.exception("a listener failed")

    def live_age_ms(self, share: float) -> float | None:
        """How old live entries were when they were committed (by the wards' clocks): the quantile `share` of late."""
        ages = sorted(self.live_ages_us.copy())
        return ages[min(int(len(ages) * share), len(ages) - 1)] / 1000 if ages else None

    def note_live_age(self, ward: str, committed_us: int, made_us: int) -> None:
        """A live batch of it is in the store now; when its newest entry was made, by the ward's clock."""
        age_us = committed_us - made_us
        self.live_ages_us.append(age_us)
        self.live_ages_of_us.setdefault(ward, deque(maxlen=LIVE_AGES)).append((committed_us, age_us))

    def live_ages(self, ward: str) -> list[tuple[int, int]]:
        """When the ward's live batches of late were committed, and how old they were then; µs."""
        return list(self.live_ages_of_us.get(ward, ()))

    def cameras(self, ward: str) -> list[str]:
        """The ids of a ward's cameras."""
        with self.lock:
            return [info.id for info in self.views[ward].inventory.devices if info.kind == Kind.CAMERA]

    def open_conditions(self, ward: str) -> list[OpenCondition]:
        """The ward's own conditions and the district's about it."""
        with self.lock:
            own = self.views[ward].open_conditions()
        return [*self.conditions.of(ward), *own]
