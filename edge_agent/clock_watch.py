"""Notices when somebody sets the ward's clock: wall time and monotonic time move apart at a stroke."""

from __future__ import annotations

from telemetry.clock import Clock

STEP_SECONDS = 2.0


class ClockWatch:
    """Compares the two clocks at each look; a slow drift between looks is no step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._measure()

    def step(self) -> float | None:
        """By how many seconds the wall clock jumped since the last look; None when it did not."""
        offset = self._measure()
        moved = offset - self._offset
        self._offset = offset
        return moved if abs(moved) > STEP_SECONDS else None

    def _measure(self) -> float:
        return self._clock.wall_us() / 1e6 - self._clock.monotonic()
