"""The one rule for samples of one series with equal times: the greater value is kept.

So the same samples give the same series, in whatever order and however often they arrive; VictoriaMetrics'
deduplication does the same. (0.0 counts as greater than -0.0.)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import lt


def greater(a: float, b: float) -> float:
    """The one that stays."""
    if a == b:
        return a if math.copysign(1.0, a) > 0 else b
    return max(a, b)


def is_increasing(times_us: Sequence[int]) -> bool:
    """Whether each time is after the one before."""
    return all(map(lt, times_us, islice(times_us, 1, None)))


def merge(
    times_us: Iterable[int], values: Iterable[float], more_times_us: Iterable[int], more_values: Iterable[float]
) -> tuple[list[int], list[float]]:
    """Both stretches as one, times strictly increasing; neither needs to be in order."""
    merged: dict[int, float] = {}
    for pairs in (zip(times_us, values, strict=True), zip(more_times_us, more_values, strict=True)):
        for time_us, value in pairs:
            held = merged.get(time_us)
            merged[time_us] = value if held is None else greater(held, value)
    times = sorted(merged)
    return times, [merged[time_us] for time_us in times]
