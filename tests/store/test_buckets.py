"""A bucket is what its samples come to, exactly, in whatever order they came; and it is the same when read again."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.base import StoreError
from store.embedded.bucket_codec import decode_buckets, encode_buckets
from store.embedded.buckets import Bucket, buckets_of, coarser, join_into

WIDTH_US = 300_000_000
TIMES = st.integers(-20 * WIDTH_US, 20 * WIDTH_US)
PLAIN = st.integers(-5000, 5000).map(lambda n: n / 10)
ANY = st.one_of(
    PLAIN,
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1.7e308, -1.7e308, 1e12, -1e12, 1 / 3, 999_999_999.123456]),
    st.floats(allow_nan=False),
)
SAMPLES = st.one_of(st.dictionaries(TIMES, PLAIN, min_size=1), st.dictionaries(TIMES, ANY, min_size=1))


def exact(value: float) -> Fraction:
    """What a reader takes it for: the decimal it is written as, where that is short; else the double."""
    written = Decimal(repr(value))
    exponent = written.normalize().as_tuple().exponent
    short = abs(value) < 1e9 and isinstance(exponent, int) and exponent >= -6
    return Fraction(written) if short else Fraction(value)


def by_hand(samples: dict[int, float], width_us: int) -> dict[int, tuple[object, ...]]:
    """The same as `buckets_of`, without a thought for speed: count, infinite, low, high, sum, time of last, last."""
    rows: dict[int, dict[int, float]] = {}
    for time_us, value in samples.items():
        rows.setdefault(time_us // width_us, {})[time_us] = value
    found = {}
    for number, row in rows.items():
        finite = [value for value in row.values() if abs(value) != float("inf")]
        total = sum(map(exact, finite), Fraction())
        last_us = max(row)
        low, high = min(row.values()), max(row.values())
        found[number] = (len(row), len(row) - len(finite), low, high, total, last_us, row[last_us])
    return found


def told(buckets: dict[int, Bucket]) -> dict[int, tuple[object, ...]]:
    return {number: (b.samples, b.infinite, b.low, b.high, b.total, b.last_us, b.last) for number, b in buckets.items()}


@settings(max_examples=300, deadline=None)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_in_any_order_at_once_or_in_pieces_it_is_the_same_bucket(
    samples: dict[int, float], chance: random.Random
) -> None:
    expected = by_hand(samples, WIDTH_US)
    times = list(samples)
    chance.shuffle(times)
    joined: dict[int, Bucket] = {}
    while times:
        piece = sorted(times[: chance.randrange(1, 20)])
        del times[: len(piece)]
        join_into(joined, buckets_of(piece, [samples[time_us] for time_us in piece], WIDTH_US))
        joined = decode_buckets(encode_buckets(joined, WIDTH_US), WIDTH_US)
    assert told(joined) == expected
    assert told(coarser(joined, 12)) == by_hand(samples, 12 * WIDTH_US)
    for number, bucket in joined.items():
        if not bucket.infinite:
            assert bucket.low <= bucket.mean <= bucket.high
            assert bucket.mean == pytest.approx(float(expected[number][4] / bucket.samples), rel=1e-15, abs=5e-324)  # type: ignore[operator]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_summary_is_said_so(data: st.DataObject) -> None:
    buckets = buckets_of([n * 30_000_000 for n in range(200)], [n % 70 / 10 for n in range(200)], WIDTH_US)
    whole = bytearray(encode_buckets(buckets, WIDTH_US))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        decode_buckets(bytes(whole), WIDTH_US)


def test_a_quiet_day_takes_few_bytes() -> None:
    times = [n * 30_000_000 for n in range(2880)]
    buckets = buckets_of(times, [40.0] * 2880, WIDTH_US)
    assert len(encode_buckets(buckets, WIDTH_US)) < 100
