"""A search through a recorder's index, page by page, that always ends."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from camera.recorders.client import MOST_PAGES, MOST_ROWS, MOST_SECONDS, MOST_STALE_PAGES
from camera.retention.index import Index, Recorded
from telemetry.clock import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer brought. `more`: the recorder says that there is more."""

    recorded: Sequence[Recorded]
    more: bool
    rows: int  # also those that were not understood


@dataclass(slots=True)
class Pages:
    """Gathers until nothing is left, or a bound is met; then the index is not complete.

    Pages that bring nothing new are no progress: a recorder that repeats itself for ever is left. Some name a file
    more than once, so one such page is no sign of it.
    """

    clock: Clock
    most_pages: int = MOST_PAGES
    most_rows: int = MOST_ROWS
    most_seconds: float = MOST_SECONDS
    _found: dict[Recorded, None] = field(default_factory=dict)

    async def gather(self, page: Callable[[int], Awaitable[Page]]) -> Index:
        """`page`: asks for the rows from a position on."""
        deadline = self.clock.monotonic() + self.most_seconds
        position = stale = 0
        for _ in range(self.most_pages):
            one = await page(position)
            before = len(self._found)
            self._found.update(dict.fromkeys(one.recorded))
            position += one.rows
            if not one.more:
                return Index(list(self._found))
            stale = stale + 1 if len(self._found) == before else 0
            if not one.rows or stale > MOST_STALE_PAGES:
                log.warning("the recorder's index repeats itself after %d rows", position)
                break
            if position >= self.most_rows or self.clock.monotonic() > deadline:
                log.warning("the recorder's index has no end: %d rows", position)
                break
        return Index(list(self._found), complete=False)
