"""A long series made short enough for a chart, without hiding what it reached."""

from __future__ import annotations

import math

from dashboards.console.models import HistoryOut
from dashboards.console.site import History


def thin(metric: str, instance: str, history: History, start_us: int, end_us: int, points: int) -> HistoryOut:
    """At most `points` points: equal stretches of start..end, each with its mean and extremes, at the time of its
    middle sample. A stretch without samples has no point, so gaps stay gaps. What cannot be a number is left out."""
    low, high = history.low or history.values, history.high or history.values
    rows = [
        (time_us, value, least, most)
        for time_us, value, least, most in zip(history.times_us, history.values, low, high, strict=True)
        if math.isfinite(value) and math.isfinite(least) and math.isfinite(most)
    ]
    out = HistoryOut(metric=metric, instance=instance, times_ms=[], values=[], low=[], high=[])
    for bucket in _buckets(rows, start_us, max(1, math.ceil((end_us - start_us) / points)), points):
        out.times_ms.append(bucket[len(bucket) // 2][0] // 1000)
        out.values.append(math.fsum(row[1] for row in bucket) / len(bucket))
        out.low.append(min(row[2] for row in bucket))
        out.high.append(max(row[3] for row in bucket))
    return out


Row = tuple[int, float, float, float]


def _buckets(rows: list[Row], start_us: int, width_us: int, points: int) -> list[list[Row]]:
    if len(rows) <= points:
        return [[row] for row in rows]
    buckets: dict[int, list[Row]] = {}
    for row in rows:
        # A sample on the very edge, or just outside of what was asked for, belongs to the outermost stretch.
        number = min(max((row[0] - start_us) // width_us, 0), points - 1)
        buckets.setdefault(number, []).append(row)
    return [buckets[number] for number in sorted(buckets)]
