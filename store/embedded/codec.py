"""A chunk: a stretch of one series in few bytes, the same numbers bit for bit when read again.

Layout (little-endian): form (bit 7: body deflated), value form, widths (times << 4 | values), count, CRC-32 of
all else and of the first time, body. The body is the least interval, the first value, the least step and two columns
of small numbers:

- intervals, less the least of them: polls are regular, so nearly all are small;
- values as whole numbers of 10^-k (k = value form) where that gives back every double exactly; of them the steps from
  one to the next, less the least step. Else (value form RAW) the doubles' bits, each XOR the one before.

Columns are split into byte planes, which leaves runs of equal bytes for deflate to remove.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Sequence
from itertools import accumulate, islice, repeat
from operator import add, eq, sub, truediv, xor

from store.base import StoreError, StoreFault

_HEADER = struct.Struct("<BBBH")
_CHECK = struct.Struct("<I")
_FORM = 1
_DEFLATED = 0x80
_RAW = 255  # value form: XORed bits
_MOST_DECIMALS = 6
_EXACT = 2.0**53  # up to here a double holds every whole number
_WIDTHS = ((0, ""), (1, "B"), (2, "H"), (4, "I"), (8, "Q"))
_ABSOLUTE = 15  # width of times: intervals do not fit 64 bits, so the times themselves are there
MOST_SAMPLES = 65535


def encode(times_us: Sequence[int], values: Sequence[float]) -> bytes:
    """Pack strictly increasing times (µs, 64-bit signed) with their values (any double but NaN); 1..65535 of them.
    The first time is not part of it: `decode` is given it, as the chunk's key holds it."""
    intervals = list(map(sub, islice(times_us, 1, None), times_us))
    least = min(intervals, default=0)
    if max(intervals, default=0) - least < 1 << 64:
        time_width, time_column = pack_column(list(map(sub, intervals, repeat(least))))
    else:
        time_width, time_column = _ABSOLUTE, struct.pack(f"<{len(times_us)}q", *times_us)
    value_form, first, step, differences = _values_out(values)
    value_width, value_column = pack_column(differences)
    body = b"".join((integer(least), integer(first), integer(step), time_column, value_column))
    form = _FORM
    # A small window and the least memory: its short blocks suit columns of unlike kinds, and it starts fast.
    deflater = zlib.compressobj(6, zlib.DEFLATED, -9, 1)
    deflated = deflater.compress(body) + deflater.flush()
    if len(deflated) < len(body):
        form, body = form | _DEFLATED, deflated
    header = _HEADER.pack(form, value_form, time_width << 4 | value_width, len(times_us))
    return header + _CHECK.pack(_check(header, times_us[0], body)) + body


def decode(data: bytes, start_us: int) -> tuple[list[int], list[float]]:
    """The times and values of a chunk. Raises StoreError when it is damaged."""
    try:
        form, value_form, widths, count = _HEADER.unpack_from(data)
        (check,) = _CHECK.unpack_from(data, _HEADER.size)
        body = data[_HEADER.size + _CHECK.size :]
        if form & ~_DEFLATED != _FORM or _check(data[: _HEADER.size], start_us, body) != check:
            raise _broken("its checksum is wrong, or its form unknown")
        if form & _DEFLATED:
            body = zlib.decompress(body, -9)
        least, at = read_integer(body, 0)
        first, at = read_integer(body, at)
        step, at = read_integer(body, at)
        if widths >> 4 == _ABSOLUTE:
            times = list(struct.unpack_from(f"<{count}q", body, at))
            at += 8 * count
        else:
            column, at = unpack_column(body, at, widths >> 4, count - 1)
            times = _summed(start_us, least, column)
        differences, at = unpack_column(body, at, widths & 15, count - 1)
        return times, _values_in(value_form, first, step, differences)
    except (struct.error, zlib.error, IndexError, OverflowError) as error:
        raise _broken(str(error)) from error


def _broken(why: str) -> StoreError:
    return StoreError(f"a chunk cannot be read: {why}", StoreFault.DAMAGED)


def _check(header: bytes, start_us: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(header, start_us & 0xFFFFFFFF))


def _summed(first: int, step: int, column: Sequence[int]) -> list[int]:
    """first, then each the one before plus `step` plus the column's next; all of it at the speed of C."""
    return list(map(add, accumulate(column, initial=first), itertools.count(0, step)))


def _values_out(values: Sequence[float]) -> tuple[int, int, int, list[int]]:
    """Value form, first number, least step, column."""
    plain = as_whole(values)
    if plain is None:
        bits = struct.unpack(f"<{len(values)}Q", struct.pack(f"<{len(values)}d", *values))
        return _RAW, bits[0], 0, list(map(xor, islice(bits, 1, None), bits))
    decimals, whole = plain
    steps = list(map(sub, islice(whole, 1, None), whole))
    least = min(steps, default=0)
    return decimals, whole[0], least, list(map(sub, steps, repeat(least)))


def _values_in(form: int, first: int, step: int, column: Sequence[int]) -> list[float]:
    if form == _RAW:
        bits = list(accumulate(column, xor, initial=first))
        return list(struct.unpack(f"<{len(bits)}d", struct.pack(f"<{len(bits)}Q", *bits)))
    whole = _summed(first, step, column)
    return list(map(float, whole)) if form == 0 else list(map(truediv, whole, repeat(10.0**form)))


def as_whole(values: Sequence[float]) -> tuple[int, list[int]] | None:
    """The fewest decimals that give back every value exactly, and the values as whole numbers of 10^-decimals (to
    divide by a power of ten rounds correctly); None where there are none."""
    largest = max(map(abs, values))
    if 0.0 in values and any(value == 0.0 and math.copysign(1.0, value) < 0 for value in values):
        return None  # a whole number has no negative zero
    for decimals in range(_MOST_DECIMALS + 1):
        scale = 10.0**decimals
        if not largest * scale < _EXACT:
            return None
        if any(round(value * scale) / scale != value for value in values[:4]):
            continue  # found out early, as it mostly is
        whole = [round(value * scale) for value in values]
        if all(map(eq, [number / scale for number in whole], values)):
            return decimals, whole
    return None


def pack_column(numbers: list[int]) -> tuple[int, bytes]:
    """Index into _WIDTHS of the narrowest that fits, and the byte planes."""
    bits = max(numbers, default=0).bit_length()
    index = next(index for index, (width, _) in enumerate(_WIDTHS) if bits <= 8 * width)
    width, code = _WIDTHS[index]
    if width == 0:
        return index, b""
    column = struct.pack(f"<{len(numbers)}{code}", *numbers)
    return index, b"".join(column[plane::width] for plane in range(width))


def unpack_column(body: bytes, at: int, index: int, count: int) -> tuple[Sequence[int], int]:
    width, code = _WIDTHS[index]
    if width == 0:
        return [0] * count, at
    column = bytearray(width * count)
    for plane in range(width):
        piece = body[at : at + count]
        if len(piece) != count:
            raise _broken("it ends too early")
        column[plane::width] = piece
        at += count
    return struct.unpack(f"<{count}{code}", column), at


def integer(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return bytes((size,)) + number.to_bytes(size, "little", signed=True)


def read_integer(body: bytes, at: int) -> tuple[int, int]:
    end = at + 1 + body[at]
    return int.from_bytes(body[at + 1 : end], "little", signed=True), end
