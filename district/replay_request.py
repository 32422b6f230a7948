"""Which range of a ward's entries to ask for next, and how far what was asked for has come."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from district.holdings import Incarnation


@dataclass(slots=True)
class ReplayRequest:
    """A range that was asked for and has not come whole. `deadline` in monotonic seconds."""

    ward: str
    incarnation: Incarnation
    first: int
    last: int
    deadline: float
    open: int  # how many of them had not come when it was last looked at

    def went_on(self) -> bool:
        """Whether some of it came since the last look. Live entries of the same incarnation do not count: a request
        that got lost would else be waited for as long as the ward lives."""
        before = self.open
        self.open = sum(last - first + 1 for first, last in self.open_ranges())
        return self.open < before

    def open_ranges(self) -> list[tuple[int, int]]:
        holes = self.incarnation.held.missing(self.first, self.last)
        return [left for hole in holes for left in self.incarnation.lost.missing(*hole)]


def next_hole(
    incarnations: Iterable[Incarnation], current: bytes, requests: Collection[ReplayRequest], positions: int
) -> tuple[Incarnation, int, int] | None:
    """The oldest `positions` or fewer that are missing and not asked for; of the present incarnation first, since it
    says how things are now."""
    for incarnation in sorted(incarnations, key=lambda each: each.id != current):
        for first, last in incarnation.missing():
            for start, end in _not_asked(requests, incarnation, first, last):
                return incarnation, start, min(end, start + positions - 1)
    return None


def _not_asked(
    requests: Iterable[ReplayRequest], incarnation: Incarnation, first: int, last: int
) -> Iterable[tuple[int, int]]:
    """What of first..last is not under way."""
    left = first
    for request in sorted((each for each in requests if each.incarnation is incarnation), key=lambda each: each.first):
        if request.last < left or request.first > last:
            continue
        if request.first > left:
            yield left, request.first - 1
        left = max(left, request.last + 1)
    if left <= last:
        yield left, last
