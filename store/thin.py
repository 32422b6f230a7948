"""A long series made short enough for a chart, without hiding what it reached."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from store.base import Series


class Bucket(NamedTuple):
    """A stretch of time with samples in it: the time (µs) of its middle sample, their mean and their extremes."""

    time_us: int
    value: float
    low: float
    high: float


def thin(series: Series, start_us: int, end_us: int, points: int) -> list[Bucket]:
    """At most `points` buckets over start <= time < end, of equal width; oldest first.

    A stretch without samples has no bucket, so gaps stay gaps. Up to `points` samples come back as they are.
    Infinite values, which no chart can show, are left out. Raises ValueError for an empty stretch or no points."""
    if end_us <= start_us or points < 1:
        raise ValueError(f"nothing can be shown of {start_us}..{end_us} in {points} points")
    first, last = bisect_left(series.times_us, start_us), bisect_left(series.times_us, end_us)
    times, values = series.times_us[first:last], series.values[first:last]
    if not all(map(math.isfinite, values)):
        finite = [(time_us, value) for time_us, value in zip(times, values, strict=True) if math.isfinite(value)]
        times, values = [time_us for time_us, _ in finite], [value for _, value in finite]
    if len(times) <= points:
        return [Bucket(time_us, value, value, value) for time_us, value in zip(times, values, strict=True)]
    return list(_buckets(times, values, start_us, end_us, points))


def _buckets(times: list[int], values: list[float], start_us: int, end_us: int, points: int) -> Iterator[Bucket]:
    at = 0
    while at < len(times):
        # The bucket of the next sample; empty ones are passed over. Whole numbers, so that no edge is blurred.
        number = (times[at] - start_us) * points // (end_us - start_us)
        edge_us = start_us - (-(number + 1) * (end_us - start_us) // points)
        end = bisect_left(times, edge_us, at)
        part = values[at:end]
        low, high = min(part), max(part)
        yield Bucket(times[(at + end) // 2], min(max(_mean(part), low), high), low, high)
        at = end


def _mean(values: list[float]) -> float:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # near the largest double
        return math.fsum(value / len(values) for value in values)
