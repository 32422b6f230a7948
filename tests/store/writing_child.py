"""Run as a process of its own by test_embedded_kill: commits without end and prints each position that is durable."""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path

from store.base import Commit, Event, Sample
from store.embedded import EmbeddedSettings, EmbeddedStore
from telemetry.clock import SystemClock
from telemetry.intervals import IntervalSet

WARD, INCARNATION = "ward", b"\x01" * 16
SERIES = 5
SETTINGS = EmbeddedSettings(tail_samples=300, tail_samples_per_series=1, chunk_samples=40, step_samples=50)


def samples_of(position: int) -> list[Sample]:
    """What the entry at `position` holds: one sample of each series, some of them late."""
    late_us = 3_000_000_000 if position % 7 == 0 else 0
    return [
        Sample(WARD, f"ups-{n}", "ups", "level", "", position * 1_000_000 - late_us, position + n / 10)
        for n in range(SERIES)
    ]


def event_of(position: int) -> Event:
    return Event(WARD, INCARNATION, position, position * 1_000_000, "ups-0", "condition", str(position).encode())


def tell(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def main(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = EmbeddedStore.open(path, clock=SystemClock(), settings=SETTINGS)
    ranges = list(store.positions(WARD, INCARNATION))
    first = ranges[-1][1] + 1 if ranges else 1
    tell("ready")
    for _ in itertools.count():
        last = first + chance.randrange(6)
        commits = [
            Commit(WARD, INCARNATION, IntervalSet([(position, position)]), samples_of(position), [event_of(position)])
            for position in range(first, last + 1)
        ]
        store.commit(commits)
        tell(str(last))
        first = last + 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
