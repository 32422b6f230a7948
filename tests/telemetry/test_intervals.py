"""IntervalSet does what a set of whole numbers does, with less."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.intervals import IntervalSet

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda r: (r[0], r[0] + r[1])), max_size=25)


def brute(ranges: list[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES)
def test_it_holds_what_was_added_and_nothing_else(ranges: list[tuple[int, int]]) -> None:
    ours, truth = IntervalSet(ranges), brute(ranges)
    assert {number for number in range(-2, 80) if number in ours} == truth
    assert len(ours) == len(truth)
    assert bool(ours) == bool(truth)


@given(RANGES)
def test_its_intervals_are_sorted_disjoint_and_as_few_as_can_be(ranges: list[tuple[int, int]]) -> None:
    intervals = list(IntervalSet(ranges))
    assert all(first <= last for first, last in intervals)
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(intervals))


@given(RANGES, st.integers(-3, 75), st.integers(-3, 75))
def test_what_is_missing_is_the_rest(ranges: list[tuple[int, int]], first: int, last: int) -> None:
    holes = list(IntervalSet(ranges).missing(first, last))
    assert brute(holes) == set(range(first, last + 1)) - brute(ranges)
    assert holes == sorted(holes)


@given(RANGES, RANGES)
def test_updating_is_the_union_and_a_copy_is_its_own(one: list[tuple[int, int]], two: list[tuple[int, int]]) -> None:
    both = IntervalSet(one)
    before = both.copy()
    both.update(IntervalSet(two))
    assert brute(list(both)) == brute(one) | brute(two)
    assert before == IntervalSet(one)


@given(RANGES)
def test_the_order_of_adding_does_not_matter(ranges: list[tuple[int, int]]) -> None:
    assert IntervalSet(ranges) == IntervalSet(reversed(ranges))


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        IntervalSet().add(5, 4)
