"""What may be set of the VictoriaMetrics store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VictoriaSettings:
    """Where VictoriaMetrics is, how long it must keep samples, and how they go there."""

    url: str
    district: str  # a label of every series
    username: str = ""
    password: str = ""
    samples_days: float = 400.0  # asked of its -retentionPeriod, too
    events_days: float = 400.0
    ship_seconds: float = 5.0  # how late Grafana has them; our own readers wait for nothing
    batch_samples: int = 50_000  # shipped at once
    most_waiting: int = 4_000_000  # samples (36 bytes each, disk and memory together) that wait while it is away
    timeout_seconds: float = 30.0
    spans_days: float = 36.0  # how long it is known which positions came when: as long as wards keep readings
    given_up_after: int = 5  # rounds after which a sample that it took and does not show is kept beside it
