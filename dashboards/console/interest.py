"""Who is looking: with nobody there, nothing is built for anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class Interest:
    """Open streams, and pages that were answered lately and will open one. Not locked: its owner does that."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._streams: Counter[str] = Counter()  # "" counts all
        self._until: dict[str, float] = {}

    def expect(self, ward: str | None) -> None:
        """Somebody has the state up to now and will come for the changes, of `ward` too if one is named."""
        until = self._monotonic() + self._seconds
        self._until[""] = until
        if ward:
            self._until[ward] = until

    def opened(self, ward: str | None) -> None:
        """A stream began."""
        self._streams[""] += 1
        if ward:
            self._streams[ward] += 1

    def closed(self, ward: str | None) -> None:
        """A stream ended; its reader is expected back."""
        self._streams[""] -= 1
        if ward:
            self._streams[ward] -= 1
        self.expect(ward)

    def in_anything(self) -> bool:
        return self._in("")

    def in_ward(self, ward: str) -> bool:
        return self._in(ward)

    def _in(self, key: str) -> bool:
        return self._streams[key] > 0 or self._until.get(key, float("-inf")) > self._monotonic()
