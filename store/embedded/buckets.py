"""What a stretch of samples comes to: how many, the least, the greatest, their sum and the last of them.

Joining is exact, so samples give the same bucket in whatever order they come, at once or one by one. That needs an
exact sum. Nearly all values are decimals (of at most six places, below 10^9), each of which is one whole number of
millionths; those are added up as such. Any other double is a whole number of 2^-1074.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import repeat
from operator import attrgetter, eq, mul, truediv
from typing import NamedTuple

from store.embedded.merge import greater

MILLION = 1_000_000
MOST_DECIMAL = 1e9  # below it six places are at most 15 digits, which a double gives back
_LEAST_BIT = 1074  # the smallest double is 2^-1074


class Bucket(NamedTuple):
    """Numbers of one stretch of one series. `infinite` of `samples` are infinities, which no sum holds; a negative zero
    counts as zero."""

    samples: int
    infinite: int
    low: float
    high: float
    millionths: int  # the sum of those that are decimals
    rest: int  # the sum of all other finite values, in 2^-1074
    last_us: int
    last: float

    @property
    def total(self) -> Fraction:
        """The exact sum of what is finite."""
        return Fraction(self.millionths, MILLION) + Fraction(self.rest, 1 << _LEAST_BIT)

    @property
    def mean(self) -> float:
        """Of what is finite, rounded once; an infinity where nothing is."""
        finite = self.samples - self.infinite
        if not finite:
            return self.last
        # Division of whole numbers rounds correctly, and below 2^53 so does that of doubles.
        return self.millionths / (finite * MILLION) if not self.rest else float(self.total / finite)


def join(one: Bucket, other: Bucket) -> Bucket:
    """Both as one."""
    last = greater(one.last, other.last) if one.last_us == other.last_us else max(one, other, key=_time_of_last).last
    return Bucket(
        one.samples + other.samples,
        one.infinite + other.infinite,
        min(one.low, other.low),
        max(one.high, other.high),
        one.millionths + other.millionths,
        one.rest + other.rest,
        max(one.last_us, other.last_us),
        last,
    )


_time_of_last = attrgetter("last_us")


def join_into(buckets: dict[int, Bucket], more: dict[int, Bucket]) -> None:
    for number, bucket in more.items():
        held = buckets.get(number)
        buckets[number] = bucket if held is None else join(held, bucket)


def buckets_of(times_us: Sequence[int], values: Sequence[float], width_us: int) -> dict[int, Bucket]:
    """Samples, times strictly increasing, by the number of their bucket (time // width)."""
    found: dict[int, Bucket] = {}
    values = [value + 0.0 for value in values]  # -0.0 becomes 0.0
    whole = _millionths(values)
    at = 0
    while at < len(times_us):
        number = times_us[at] // width_us
        end = bisect_left(times_us, (number + 1) * width_us, at)
        piece = values[at:end]
        sums = (0, sum(whole[at:end]), 0) if whole is not None else _sums(piece)
        infinite, millionths, rest = sums
        found[number] = Bucket(
            end - at, infinite, min(piece), max(piece), millionths, rest, times_us[end - 1], values[end - 1]
        )
        at = end
    return found


def coarser(buckets: dict[int, Bucket], factor: int) -> dict[int, Bucket]:
    """Buckets of `factor` times the width."""
    found: dict[int, Bucket] = {}
    for number, bucket in buckets.items():
        join_into(found, {number // factor: bucket})
    return found


def _millionths(values: list[float]) -> list[int] | None:
    """Each as a whole number of millionths; None where not all are decimals."""
    if not values or not max(map(abs, values)) < MOST_DECIMAL:
        return None
    whole = list(map(round, map(mul, values, repeat(1e6))))
    return whole if all(map(eq, map(truediv, whole, repeat(1e6)), values)) else None


def _sums(values: list[float]) -> tuple[int, int, int]:
    """How many are infinite, the sum of decimals in millionths, that of the others in 2^-1074."""
    infinite = millionths = rest = 0
    for value in values:
        whole = _millionths([value])
        if whole is not None:
            millionths += whole[0]
        elif math.isinf(value):
            infinite += 1
        else:
            numerator, denominator = value.as_integer_ratio()
            rest += numerator * ((1 << _LEAST_BIT) // denominator)
    return infinite, millionths, rest
