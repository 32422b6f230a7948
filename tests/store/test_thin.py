"""A chart's worth of a long series: equal stretches, true extremes, gaps that stay gaps."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.base import Series, SeriesKey
from store.thin import thin

KEY = SeriesKey("w", "d", "m")


def test_few_samples_come_back_as_they_are() -> None:
    series = Series(KEY, [10, 20, 30], [1.0, 2.0, 3.0])
    assert thin(series, 0, 100, 3) == [(10, 1, 1, 1), (20, 2, 2, 2), (30, 3, 3, 3)]


def test_a_bucket_holds_mean_and_extremes_of_its_stretch() -> None:
    series = Series(KEY, list(range(0, 100, 10)), [0, 9, 1, 2, 3, 4, 5, 6, 7, 8])
    assert thin(series, 0, 100, 2) == [(20, 3.0, 0, 9), (70, 6.0, 4, 8)]


def test_only_what_lies_in_the_stretch_is_counted() -> None:
    series = Series(KEY, [0, 10, 20, 30], [1, 2, 3, 4])
    assert thin(series, 10, 30, 9) == [(10, 2, 2, 2), (20, 3, 3, 3)]


def test_a_gap_stays_a_gap() -> None:
    times = [*range(100), *range(900, 1000)]
    buckets = thin(Series(KEY, times, [1.0] * 200), 0, 1000, 10)
    assert [bucket.time_us for bucket in buckets] == [50, 950]


def test_what_is_infinite_is_left_out() -> None:
    series = Series(KEY, [1, 2, 3, 4], [1.0, math.inf, -math.inf, 3.0])
    assert thin(series, 0, 5, 1) == [(4, 2.0, 1.0, 3.0)]


def test_nothing_to_show_is_an_error() -> None:
    for start, end, points in ((5, 5, 10), (6, 5, 10), (0, 10, 0)):
        with pytest.raises(ValueError, match="nothing can be shown"):
            thin(Series(KEY, [], []), start, end, points)


@given(
    st.dictionaries(st.integers(-(1 << 62), 1 << 62), st.floats(allow_nan=False, allow_infinity=False), max_size=60),
    st.integers(-(1 << 62), 1 << 62),
    st.integers(1, 1 << 62),
    st.integers(1, 20),
)
def test_no_sample_is_lost_and_no_bucket_lies(held: dict[int, float], start: int, width: int, points: int) -> None:
    times = sorted(held)
    buckets = thin(Series(KEY, times, [held[t] for t in times]), start, start + width, points)
    within = [t for t in times if start <= t < start + width]
    assert len(buckets) <= points
    assert [b.time_us for b in buckets] == sorted({b.time_us for b in buckets})
    assert all(b.time_us in within and b.low <= b.value <= b.high for b in buckets)
    assert bool(buckets) == bool(within)
    if within:
        assert min(b.low for b in buckets) == min(held[t] for t in within)
        assert max(b.high for b in buckets) == max(held[t] for t in within)


def test_a_hundred_thousand_samples_are_thinned_in_a_blink() -> None:
    times = list(range(0, 100_000 * 30_000_000, 30_000_000))
    series = Series(KEY, times, [float(n % 977) for n in range(100_000)])
    before = time.process_time()
    buckets = thin(series, 0, 100_000 * 30_000_000, 600)
    assert time.process_time() - before < 0.25  # measured: 0.02 s
    assert len(buckets) == 600
