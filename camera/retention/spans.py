"""Stretches of time as half-open pairs of µs since 1970 UTC; a list of them is in order and none touches the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

US = 1_000_000
MINUTE_US = 60 * US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US


class Span(NamedTuple):
    """From `begin_us` on, up to and without `end_us`."""

    begin_us: int
    end_us: int

    @property
    def length_us(self) -> int:
        return self.end_us - self.begin_us


Spans = Sequence[Span]


def merged(given: Iterable[tuple[int, int]]) -> list[Span]:
    """In order, what overlaps or touches made one; what ends before it begins, or at once, is nothing."""
    found: list[Span] = []
    for begin, end in sorted((begin, end) for begin, end in given if begin < end):
        if found and begin <= found[-1].end_us:
            found[-1] = Span(found[-1].begin_us, max(found[-1].end_us, end))
        else:
            found.append(Span(begin, end))
    return found


def clipped(spans: Spans, begin_us: int, end_us: int) -> list[Span]:
    """What of them lies within."""
    return [
        Span(max(span.begin_us, begin_us), min(span.end_us, end_us))
        for span in spans
        if span.begin_us < end_us and span.end_us > begin_us
    ]


def holes(spans: Spans, begin_us: int, end_us: int) -> list[Span]:
    """What they leave uncovered from `begin_us` to `end_us`."""
    found: list[Span] = []
    at = begin_us
    for span in clipped(spans, begin_us, end_us):
        if span.begin_us > at:
            found.append(Span(at, span.begin_us))
        at = max(at, span.end_us)
    if at < end_us:
        found.append(Span(at, end_us))
    return found


def common(left: Spans, right: Spans) -> Iterator[Span]:
    """What both cover."""
    others = iter(right)
    other = next(others, None)
    for span in left:
        while other is not None and other.end_us <= span.begin_us:
            other = next(others, None)
        while other is not None and other.begin_us < span.end_us:
            yield Span(max(span.begin_us, other.begin_us), min(span.end_us, other.end_us))
            if other.end_us > span.end_us:
                break
            other = next(others, None)


def total_us(spans: Iterable[Span]) -> int:
    return sum(span.length_us for span in spans)
