"""How many days a recorder will keep at today's write rate, and from which day on that is too few."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from camera.retention.index import Index
from camera.retention.spans import DAY_US, Span, clipped, total_us

_LEAST_SPAN_US = DAY_US // 4


@dataclass(frozen=True, slots=True)
class Disks:
    """All of a recorder's disks that are in use."""

    total_bytes: float
    free_bytes: float
    overwrites: bool = True

    @property
    def used_bytes(self) -> float:
        return max(0.0, self.total_bytes - self.free_bytes)


@dataclass(frozen=True, slots=True)
class Forecast:
    """`kept_days`: once the disks are full of footage written at today's rate. `short_in_days`: until less is kept than
    was asked; None where that does not come."""

    kept_days: float
    short_in_days: float | None = None


def daily_bytes(indexes: Iterable[Index], now_us: int) -> float | None:
    """Bytes written in the last day by all channels, by the sizes in their indexes; None where those are not told."""
    yesterday = Span(now_us - DAY_US, now_us)
    found, told = 0.0, False
    for index in indexes:
        for each in index.until(now_us).recorded:
            length = each.end_us - each.begin_us
            if not each.size_bytes or length <= 0:
                continue
            told = True
            part = total_us(clipped([Span(each.begin_us, each.end_us)], *yesterday))
            found += each.size_bytes * part / length
    return found if told and found > 0 else None


def forecast(
    disks: Disks, oldest_us: int | None, now_us: int, asked_days: float, rate: float | None
) -> Forecast | None:
    """`oldest_us`: of all channels, where recording goes on from. `rate`: bytes a day; None: as until now.

    As a full disk forgets, each day takes away as many of the old days as today's rate fills of them.
    """
    kept_now = (now_us - oldest_us) / DAY_US if oldest_us is not None and now_us - oldest_us >= _LEAST_SPAN_US else None
    if disks.total_bytes <= 0 or disks.used_bytes <= 0:
        return None
    before = disks.used_bytes / kept_now if kept_now else None
    rate = rate or before
    if not rate:
        return None
    kept = disks.total_bytes / rate
    if kept >= asked_days or kept_now is None or before is None:
        return Forecast(kept)
    full_in = disks.free_bytes / rate
    at_full = kept_now + full_in
    if at_full <= asked_days or rate <= before:
        return Forecast(kept, 0.0 if full_in <= 0 else full_in)
    return Forecast(kept, full_in + (at_full - asked_days) / (rate / before - 1))
