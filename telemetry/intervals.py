"""Sets of positions as sorted, disjoint, closed intervals: what a district holds, and which holes it has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator


class IntervalSet:
    """A set of whole numbers kept as closed intervals; adjacent ones are merged.

    Adding at the end, which is what a live ward does, is O(1); elsewhere O(log n + moved intervals).
    """

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Add first..last. Raises ValueError when last < first."""
        if last < first:
            raise ValueError(f"an interval cannot end ({last}) before it begins ({first})")
        low = bisect_left(self._lasts, first - 1)  # first interval that touches or follows
        high = bisect_right(self._firsts, last + 1)  # one behind the last that touches
        if low < high:
            first = min(first, self._firsts[low])
            last = max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def update(self, other: IntervalSet) -> None:
        """Add all of `other`."""
        for first, last in other:
            self.add(first, last)

    def __contains__(self, position: int) -> bool:
        at = bisect_right(self._firsts, position) - 1
        return at >= 0 and position <= self._lasts[at]

    def around(self, position: int) -> tuple[int, int] | None:
        """The interval that holds `position`, or None."""
        at = bisect_right(self._firsts, position) - 1
        return (self._firsts[at], self._lasts[at]) if at >= 0 and position <= self._lasts[at] else None

    def bounds(self) -> tuple[int, int] | None:
        """The least and the greatest number that it holds; None where it holds none."""
        return (self._firsts[0], self._lasts[-1]) if self._firsts else None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._firsts, self._lasts, strict=True)))

    def __len__(self) -> int:
        """How many numbers it holds (not how many intervals)."""
        return sum(last - first + 1 for first, last in self)

    @property
    def intervals(self) -> int:
        """How many intervals it takes to say what it holds."""
        return len(self._firsts)

    def __bool__(self) -> bool:
        return bool(self._firsts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"IntervalSet({list(self)!r})"

    def copy(self) -> IntervalSet:
        twin = IntervalSet()
        twin._firsts = self._firsts.copy()
        twin._lasts = self._lasts.copy()
        return twin

    def without(self, other: IntervalSet) -> IntervalSet:
        """What of it is not in `other`."""
        return IntervalSet(left for first, last in self for left in other.missing(first, last))

    def missing(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The holes within first..last, in order."""
        at = bisect_left(self._lasts, first)
        while first <= last:
            if at >= len(self._firsts) or self._firsts[at] > last:
                yield (first, last)
                return
            if self._firsts[at] > first:
                yield (first, self._firsts[at] - 1)
            first = self._lasts[at] + 1
            at += 1
