"""How often somebody may try: free tries first, then waits that double."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from telemetry.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries are free; then each must wait twice as long as the one before, up to `longest_seconds`."""

    free: int
    first_seconds: float
    longest_seconds: float


@dataclass(slots=True)
class _Tries:
    count: int
    last: float  # monotonic


class Throttle:
    """Tries per key. A try counts when it begins, so that a hundred at once are a hundred; success takes it back."""

    def __init__(self, clock: Clock, limit: Limit, *, forget_seconds: float = 3600.0, most_keys: int = 20_000) -> None:
        self._clock = clock
        self._limit = limit
        self._forget_seconds = forget_seconds
        self._most_keys = most_keys
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, key: str) -> float:
        """How long this key has to wait before its next try; 0 when it may try now."""
        with self._lock:
            tries = self._known(key)
            if tries is None or tries.count < self._limit.free:
                return 0.0
            return max(0.0, tries.last + self._pause(tries.count) - self._clock.monotonic())

    def begin(self, key: str) -> None:
        """A try begins."""
        now = self._clock.monotonic()
        with self._lock:
            tries = self._known(key)
            self._tries[key] = _Tries(1 if tries is None else tries.count + 1, now)
            self._tries.move_to_end(key)
            while len(self._tries) > self._most_keys:
                self._tries.popitem(last=False)

    def succeeded(self, key: str, *, clear: bool) -> None:
        """The try was good: it does not count, and with `clear` neither do those before it."""
        with self._lock:
            tries = self._tries.get(key)
            if tries is None:
                return
            tries.count -= 1
            if clear or tries.count <= 0:
                del self._tries[key]

    def _known(self, key: str) -> _Tries | None:
        tries = self._tries.get(key)
        if tries is not None and self._clock.monotonic() - tries.last > self._forget_seconds:
            del self._tries[key]
            return None
        return tries

    def _pause(self, count: int) -> float:
        doublings = min(count - self._limit.free, 30)
        return min(self._limit.first_seconds * 2.0**doublings, self._limit.longest_seconds)
