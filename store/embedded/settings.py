"""What may be set of the embedded store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """Retention and the trade between memory, start-up time and writes; the defaults suit a ward and a district."""

    samples_days: float = 400.0
    events_days: float = 400.0
    # Samples are kept as they came for so long; older ones as count, least, greatest, sum and last of five minutes, and
    # beyond `minutes_days` of an hour. The proofs of the Decision look back 35 days; a chart of four months has a
    # point for every five hours, one of a year for every fifteen.
    full_days: float = 40.0
    minutes_days: float = 120.0
    step_seconds: float = 0.015  # how long a step of summarising may hold commits up
    step_rest: float = 1.0  # and how long it then rests, by how long it took
    # The tail (samples not in chunks yet: 20 bytes each on disk, 16 in memory, read at start-up) is packed when it
    # is longer than both of these. Packing seldom fills chunks at once; packing often rewrites unfinished ones.
    tail_samples: int = 20_000
    tail_samples_per_series: int = 60
    chunk_samples: int = 120  # a chunk is closed at this many and never holds more than half as many again
    # Packing goes in steps after commits, so that no commit waits for all of it.
    step_samples: int = 4096
    step_events: int = 2000  # events pruned in one transaction
    wal_bytes: int = 16 * 1024 * 1024  # to which the write-ahead log is cut back
    cache_kib: int = 16 * 1024

    def __post_init__(self) -> None:
        if not 1 <= self.chunk_samples <= 40_000:
            raise ValueError(f"chunk_samples is {self.chunk_samples}; 1 .. 40000 fit a chunk")
        if not 0 < self.full_days <= self.minutes_days:
            raise ValueError(f"full_days is {self.full_days}, minutes_days {self.minutes_days}; 0 < full <= minutes")
        if min(self.samples_days, self.events_days) <= 0 or min(self.step_samples, self.step_events) < 1:
            raise ValueError("ages must be above zero, and a step must do something")
