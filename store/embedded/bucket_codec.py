"""Buckets in few bytes, the same when read again.

Layout (little-endian): form (bit 7: body deflated), decimals (or 255), number of buckets, CRC-32 of all else; body:
columns of whole numbers, each as its least number and what each is above it, in byte planes (store.embedded.codec).
Least, greatest and last values are whole numbers of 10^-decimals where that gives back every double (then the last two
and the sums are told by how much they are above the least), else the doubles' bits.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import accumulate, pairwise

from store.base import StoreError, StoreFault
from store.embedded.buckets import MOST_DECIMAL, Bucket
from store.embedded.codec import as_whole, integer, pack_column, read_integer, unpack_column

_HEADER = struct.Struct("<BBH")
_CHECK = struct.Struct("<I")
_FORM, _DEFLATED, _RAW = 1, 0x80, 255
_PLACES = 6  # decimals of Bucket.millionths
_WIDE = 15  # numbers beyond 64 bits, each with its own length
MOST_BUCKETS = 65535


def encode_buckets(buckets: dict[int, Bucket], width_us: int) -> bytes:
    """1 .. 65535 of them."""
    numbers = sorted(buckets)
    rows = [buckets[number] for number in numbers]
    decimals, value_columns = _values_out(rows)
    columns = [
        [numbers[0], *(later - earlier for earlier, later in pairwise(numbers))],
        [row.samples for row in rows],
        [row.infinite for row in rows],
        [row.last_us - number * width_us for number, row in zip(numbers, rows, strict=True)],
        *value_columns,
    ]
    body = b"".join(_column_out(column) for column in columns)
    form = _FORM
    deflated = zlib.compress(body, 6, -12)
    if len(deflated) < len(body):
        form, body = form | _DEFLATED, deflated
    header = _HEADER.pack(form, decimals, len(rows))
    return header + _CHECK.pack(zlib.crc32(body, zlib.crc32(header))) + body


def decode_buckets(data: bytes, width_us: int) -> dict[int, Bucket]:
    """What `encode_buckets` was given. Raises StoreError when it is damaged."""
    try:
        form, decimals, count = _HEADER.unpack_from(data)
        (check,) = _CHECK.unpack_from(data, _HEADER.size)
        body = data[_HEADER.size + _CHECK.size :]
        if form & ~_DEFLATED != _FORM or zlib.crc32(body, zlib.crc32(data[: _HEADER.size])) != check:
            raise _broken("its checksum is wrong, or its form unknown")
        if form & _DEFLATED:
            body = zlib.decompress(body, -12)
        columns, at = [], 0
        for _ in range(10 if decimals == _RAW else 8):
            column, at = _column_in(body, at, count)
            columns.append(column)
        numbers = list(accumulate(columns[0]))
        lasts = [number * width_us + beyond for number, beyond in zip(numbers, columns[3], strict=True)]
        values = _values_in(decimals, columns[1], columns[4:])
        return {
            number: Bucket(held, infinite, low, high, millionths, rest, last_us, last)
            for number, held, infinite, last_us, (low, high, last, millionths, rest) in zip(
                numbers, columns[1], columns[2], lasts, values, strict=True
            )
        }
    except (struct.error, zlib.error, IndexError, ValueError, OverflowError) as error:
        raise _broken(str(error)) from error


def _broken(why: str) -> StoreError:
    return StoreError(f"a summary cannot be read: {why}", StoreFault.DAMAGED)


Values = tuple[float, float, float, int, int]  # low, high, last, millionths, rest


def _values_out(rows: Sequence[Bucket]) -> tuple[int, list[list[int]]]:
    three = [[row.low for row in rows], [row.high for row in rows], [row.last for row in rows]]
    whole = None
    plain = max(max(map(abs, column)) for column in three) < MOST_DECIMAL
    if plain and not any(row.rest or row.infinite for row in rows):
        whole = as_whole([value for column in three for value in column])
    if whole is None:
        bits = [_bits(column) for column in three]
        return _RAW, [*bits, [row.millionths for row in rows], *_rests_out([row.rest for row in rows])]
    decimals, numbers = whole
    while decimals < _PLACES and any(row.millionths % 10 ** (_PLACES - decimals) for row in rows):
        decimals, numbers = decimals + 1, [10 * number for number in numbers]
    lows, highs, lasts = (numbers[at : at + len(rows)] for at in range(0, 3 * len(rows), len(rows)))
    unit = 10 ** (_PLACES - decimals)
    sums = [row.millionths // unit - row.samples * low for row, low in zip(rows, lows, strict=True)]
    above = [[number - low for number, low in zip(column, lows, strict=True)] for column in (highs, lasts)]
    return decimals, [[lows[0], *(later - earlier for earlier, later in pairwise(lows))], *above, sums]


def _values_in(decimals: int, counts: Sequence[int], columns: list[list[int]]) -> list[Values]:
    if decimals == _RAW:
        three = [struct.unpack(f"<{len(each)}d", struct.pack(f"<{len(each)}Q", *each)) for each in columns[:3]]
        rests = [number << shift for number, shift in zip(columns[4], columns[5], strict=True)]
        return list(zip(*three, columns[3], rests, strict=True))
    unit, scale = 10 ** (_PLACES - decimals), 10**decimals
    lows = list(accumulate(columns[0]))
    return [
        (low / scale, (low + high) / scale, (low + last) / scale, (total + count * low) * unit, 0)
        for low, high, last, total, count in zip(lows, *columns[1:], counts, strict=True)
    ]


def _bits(values: list[float]) -> list[int]:
    return list(struct.unpack(f"<{len(values)}Q", struct.pack(f"<{len(values)}d", *values)))


def _rests_out(rests: list[int]) -> list[list[int]]:
    """Without the zeros at their ends, and how many those were."""
    shifts = [(rest & -rest).bit_length() - 1 if rest else 0 for rest in rests]
    return [[rest >> shift for rest, shift in zip(rests, shifts, strict=True)], shifts]


def _column_out(numbers: list[int]) -> bytes:
    least = min(numbers)
    above = [number - least for number in numbers]
    if max(above) >> 64 or abs(least) >> 64:
        return bytes((_WIDE,)) + b"".join(map(_wide_out, numbers))
    width, planes = pack_column(above)
    return bytes((width,)) + integer(least) + planes


def _column_in(body: bytes, at: int, count: int) -> tuple[list[int], int]:
    width = body[at]
    if width != _WIDE:
        least, at = read_integer(body, at + 1)
        above, at = unpack_column(body, at, width, count)
        return [least + number for number in above], at
    numbers, at = [], at + 1
    for _ in range(count):
        (size,) = struct.unpack_from("<H", body, at)
        numbers.append(int.from_bytes(body[at + 2 : at + 2 + size], "little", signed=True))
        at += 2 + size
    return numbers, at


def _wide_out(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return struct.pack("<H", size) + number.to_bytes(size, "little", signed=True)
