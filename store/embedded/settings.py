"""What may be set of the embedded store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddedSettings:
    """Retention and the trade between memory, start-up time and writes; the defaults suit a ward and a district."""

    samples_days: float = 400.0
    events_days: float = 400.0
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
        if min(self.samples_days, self.events_days) <= 0 or min(self.step_samples, self.step_events) < 1:
            raise ValueError("ages must be above zero, and a step must do something")
