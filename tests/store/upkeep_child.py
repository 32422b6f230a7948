"""Run as a process of its own by test_embedded_kill: commits without end while a thread summarises and prunes."""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

from store.base import Commit, Sample
from store.embedded import EmbeddedSettings, EmbeddedStore
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.writing_child import INCARNATION, SERIES, WARD, tell

SETTINGS = EmbeddedSettings(
    tail_samples=200,
    tail_samples_per_series=1,
    chunk_samples=20,
    step_samples=50,
    full_days=1,
    minutes_days=3,
    samples_days=100_000,
    step_seconds=0.0,
    step_rest=0.1,
)
EVERY_US = 4 * 60_000_000


def samples_of(position: int) -> list[Sample]:
    """What the entry at `position` holds: one sample of each series; some come days late."""
    late_us = position % 7 * 86_400_000_000 if position % 5 == 0 else 0
    time_us = position * EVERY_US - late_us + position  # so no two are the same
    return [Sample(WARD, f"ups-{n}", "ups", "level", "", time_us, position % 100 + n / 10) for n in range(SERIES)]


def main(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clock = FakeClock(0)
    store = EmbeddedStore.open(path, clock=clock, settings=SETTINGS)
    ranges = list(store.positions(WARD, INCARNATION))
    first = ranges[-1][1] + 1 if ranges else 1
    clock.step_wall(first * EVERY_US / 1e6)

    def keep_up() -> None:
        while True:
            store.prune()

    threading.Thread(target=keep_up, daemon=True).start()
    tell("ready")
    while True:
        last = first + chance.randrange(6)
        store.commit(
            [
                Commit(WARD, INCARNATION, IntervalSet([(position, position)]), samples_of(position))
                for position in range(first, last + 1)
            ]
        )
        clock.advance((last + 1 - first) * EVERY_US / 1e6)
        tell(str(last))
        first = last + 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
