"""Chunks give back every number bit for bit, are small where the numbers are plain, and notice damage."""

from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.base import StoreError
from store.embedded.codec import decode, encode

DAY_US = 86_400_000_000
TIMES = st.integers(-(1 << 63), (1 << 63) - 1)
ANY_VALUE = st.floats(allow_nan=False)
PLAIN_VALUE = st.builds(lambda whole, decimals: whole / 10**decimals, st.integers(-(10**9), 10**9), st.integers(0, 4))
VALUES = st.one_of(
    st.lists(ANY_VALUE, min_size=1, max_size=200),
    st.lists(PLAIN_VALUE, min_size=1, max_size=200),
    st.lists(st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.0**53, 2.0**53 + 2, math.inf, 0.1 + 0.2]), min_size=1),
)


def same(a: list[float], b: list[float]) -> bool:
    return struct.pack(f"{len(a)}d", *a) == struct.pack(f"{len(b)}d", *b)


@settings(max_examples=400, deadline=None)
@given(st.data(), VALUES)
def test_every_time_and_every_bit_of_every_value_comes_back(data: st.DataObject, values: list[float]) -> None:
    times = sorted(data.draw(st.sets(TIMES, min_size=len(values), max_size=len(values))))
    back_times, back_values = decode(encode(times, values), times[0])
    assert back_times == times
    assert same(back_values, values)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 1 << 40), min_size=1, max_size=300), st.integers(-1000, 1000), st.integers(0, 6))
def test_polls_of_plain_numbers_come_back(intervals: list[int], whole: int, decimals: int) -> None:
    times, values = [1_790_000_000_000_000], [whole / 10**decimals]
    for interval in intervals:
        times.append(times[-1] + interval)
        values.append((whole + interval % 97) / 10**decimals)
    back_times, back_values = decode(encode(times, values), times[0])
    assert back_times == times
    assert same(back_values, values)


def test_a_steady_series_takes_next_to_nothing() -> None:
    times = [1_790_000_000_000_000 + n * 30_000_000 for n in range(120)]
    assert len(encode(times, [1.0] * 120)) <= 24


def test_a_regular_series_of_tenths_takes_less_than_a_byte_a_sample() -> None:
    chance = random.Random(7)
    times = [1_790_000_000_000_000 + n * 30_000_000 for n in range(120)]
    level, values = 500, []
    for _ in times:
        level += chance.choice((-3, -2, -1, 0, 0, 1, 2, 3))
        values.append(level / 10)
    assert len(encode(times, values)) < 120


def test_a_chunk_of_one_sample_is_a_chunk() -> None:
    assert decode(encode([-5], [-0.0]), -5)[0] == [-5]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_chunk_is_noticed(data: st.DataObject) -> None:
    times = [1_790_000_000_000_000 + n * 30_000_000 + n % 7 for n in range(50)]
    chunk = bytearray(encode(times, [n / 7 for n in range(50)]))
    at = data.draw(st.integers(0, len(chunk) - 1))
    if data.draw(st.booleans()):
        chunk[at] ^= data.draw(st.integers(1, 255))
    else:
        del chunk[at:]
    with pytest.raises(StoreError):
        decode(bytes(chunk), times[0])


def test_a_chunk_under_another_start_is_noticed() -> None:
    chunk = encode([100, 200], [1.0, 2.0])
    with pytest.raises(StoreError):
        decode(chunk, 101)
