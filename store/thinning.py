"""A long series made short enough for a chart, without hiding what it reached: of each of equal stretches the mean and
the extremes. A spike of a minute is there in a chart of a year."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable

from store.base import Series, SeriesKey

_PIECE_US = 32 * 86_400_000_000  # read at once, so that memory holds no more than that of a year
_MOST_PIECES = 64


def thinned(read: Callable[[int, int], Series], key: SeriesKey, start_us: int, end_us: int, points: int) -> Series:
    """What `read(start, end)` gives of start..end, in at most about `points` rows; all of it where it is not more."""
    width_us = max(1, -(-(end_us - start_us) // points))
    piece_us = max(1, max(_PIECE_US, (end_us - start_us) // _MOST_PIECES) // width_us) * width_us
    whole: list[Series] = []
    thin: list[Series] = []
    rows = 0
    for at in range(start_us, end_us, piece_us):
        piece = read(at, min(at + piece_us, end_us))
        rows += len(piece.times_us)
        if rows <= points:
            whole.append(piece)
        else:
            thin += [thin_out(each, start_us, width_us) for each in (*whole, piece)]
            whole.clear()
    return _joined(key, [*thin, *whole])


def thin_out(series: Series, start_us: int, width_us: int) -> Series:
    """One row for each stretch of `width_us` that has any, at the time of its middle row. What is no finite number is
    left out."""
    times = series.times_us
    low, high = series.low or series.values, series.high or series.values
    counts = series.counts or [1] * len(times)
    out = Series(series.key, [], [], [], [], [])
    at = 0
    while at < len(times):
        end = bisect_left(times, start_us + ((times[at] - start_us) // width_us + 1) * width_us, at)
        rows = slice(at, end)
        _add(out, times[(at + end) // 2], series.values[rows], low[rows], high[rows], counts[rows])
        at = end
    return out


def _add(
    out: Series, time_us: int, values: list[float], low: list[float], high: list[float], counts: list[int]
) -> None:
    if not (math.isfinite(min(low)) and math.isfinite(max(high))):
        rows = [row for row in zip(values, low, high, counts, strict=True) if all(map(math.isfinite, row))]
        if not rows:
            return
        values, low, high, counts = map(list, zip(*rows, strict=True))
    count = sum(counts)
    alike = count == len(values)
    total = math.fsum(values) if alike else math.fsum(map(float.__mul__, values, map(float, counts)))
    out.times_us.append(time_us)
    out.values.append(min(max(total / count, min(low)), max(high)))
    out.low.append(min(low))
    out.high.append(max(high))
    out.counts.append(count)


def _joined(key: SeriesKey, parts: list[Series]) -> Series:
    out = Series(key, [], [])
    if not any(part.counts for part in parts):
        for part in parts:
            out.times_us.extend(part.times_us)
            out.values.extend(part.values)
        return out
    for part in parts:
        out.times_us.extend(part.times_us)
        out.values.extend(part.values)
        out.low.extend(part.low or part.values)
        out.high.extend(part.high or part.values)
        out.counts.extend(part.counts or [1] * len(part.times_us))
    return out


def with_summaries(summaries: Series, samples: Series) -> Series:
    """Both as one, in order of time."""
    rows = [
        *zip(summaries.times_us, summaries.values, summaries.low, summaries.high, summaries.counts, strict=True),
        *((time_us, value, value, value, 1) for time_us, value in zip(samples.times_us, samples.values, strict=True)),
    ]
    times, values, low, high, counts = map(list, zip(*sorted(rows), strict=True))
    return Series(summaries.key, times, values, low, high, counts)
