"""Whether a camera is young, or its recorder forgets: both show the same index, which begins some days ago."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from camera.retention.judge import Deletes
from camera.retention.spans import DAY_US, HOUR_US


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells the two apart. `limit_days`: how long the recorder is told to keep, at most. `disk_full`: it has no
    room left, and so overwrites; None where it does not say. `others_us`: from when on its other cameras are there."""

    earliest_us: int | None
    seen_us: int | None = None
    limit_days: float | None = None
    disk_full: bool | None = None
    others_us: tuple[int, ...] = ()


def deletes(traces: Traces, asked_days: float) -> Deletes:
    """In this order: it is told to delete sooner; what was seen is gone; another camera's footage is a day older, so
    that what is oldest is not what was deleted last; its disk is full; it has room left."""
    earliest = traces.earliest_us
    if traces.limit_days is not None and 0 < traces.limit_days < asked_days:
        return Deletes.YES
    if earliest is not None and traces.seen_us is not None and earliest > traces.seen_us + HOUR_US:
        return Deletes.YES
    if earliest is not None and _any_before(traces.others_us, earliest - DAY_US):
        return Deletes.NO
    if traces.disk_full is None:
        return Deletes.UNKNOWN
    return Deletes.YES if traces.disk_full else Deletes.NO


def _any_before(moments: Iterable[int], at_us: int) -> bool:
    return any(moment < at_us for moment in moments)
