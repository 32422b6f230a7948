"""A tail row: samples as they were committed, in three columns of fixed width (20 bytes a sample)."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator

from store.base import StoreError, StoreFault

SAMPLE_BYTES = 20


def pack(ids: array[int], times_us: array[int], values: array[float]) -> bytes:
    """Series ids (array "I"), times ("q") and values ("d") of equal length."""
    return b"".join(_little_endian(column).tobytes() for column in (ids, times_us, values))


def unpack(data: bytes) -> Iterator[tuple[int, int, float]]:
    """(series id, time in µs, value) of each sample. Raises StoreError."""
    count, rest = divmod(len(data), SAMPLE_BYTES)
    if rest:
        raise StoreError("a row of the tail has no whole number of samples", StoreFault.DAMAGED)
    ids, times, values = array("I"), array("q"), array("d")
    ids.frombytes(data[: 4 * count])
    times.frombytes(data[4 * count : 12 * count])
    values.frombytes(data[12 * count :])
    return _rows(_little_endian(ids), _little_endian(times), _little_endian(values))


def _rows(ids: Iterable[int], times: Iterable[int], values: Iterable[float]) -> Iterator[tuple[int, int, float]]:
    return zip(ids, times, values, strict=True)


def _little_endian(column: array) -> array:  # type: ignore[type-arg]  # of either number
    if sys.byteorder == "little":
        return column
    column = column[:]
    column.byteswap()
    return column
