"""The clock that machines read: a row of 32 black or white blocks at the left of the picture's bottom edge.

Geometry, the same for every size: the picture is 80 blocks wide and 45 blocks high (16x16 px of 1280x720, 8x8 px of
640x360). Block i (0..31) has its centre at x = (i + 0.5) / 80 of the width, y = 44.5 / 45 of the height. White is 1.

    blocks 0..26   milliseconds since midnight UTC, Gray code, most significant bit first
    blocks 27..31  check bits: block 27 + c is 1 where an even number of the data blocks c, c + 5, c + 10, ... is white

So neither an all-black nor an all-white row is a time. A browser compares with `Date.now() % 86400000`.
"""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = 32
BLOCKS_ACROSS = 80
BLOCKS_DOWN = 45
DAY_MS = 86_400_000
_DATA = 27
_CHECKS = BLOCKS - _DATA
_WHITE = 128


def clock_bits(milliseconds: int) -> list[bool]:
    """The 32 blocks, from the left, for milliseconds since midnight UTC (taken modulo a day)."""
    number = milliseconds % DAY_MS
    gray = number ^ number >> 1
    data = [bool(gray >> (_DATA - 1 - index) & 1) for index in range(_DATA)]
    return data + _checks(data)


def read_clock(luma: Sequence[Sequence[int]]) -> int | None:
    """Milliseconds since midnight UTC that a picture shows, or None where it shows none.

    `luma`: the rows of the whole picture, each the brightness (0..255) of its pixels; any size from 160x90 on.
    """
    height = len(luma)
    width = len(luma[0]) if height else 0
    if width < 2 * BLOCKS_ACROSS or height < 2 * BLOCKS_DOWN:
        return None
    bits = [_mean(luma, width, height, index) >= _WHITE for index in range(BLOCKS)]
    data, checks = bits[:_DATA], bits[_DATA:]
    if checks != _checks(data):
        return None
    number = 0
    for bit in data:
        number = number << 1 | (number & 1 ^ bit)
    return number if number < DAY_MS else None


def _checks(data: list[bool]) -> list[bool]:
    return [sum(data[start::_CHECKS]) % 2 == 0 for start in range(_CHECKS)]


def _mean(luma: Sequence[Sequence[int]], width: int, height: int, index: int) -> float:
    """Of the block's middle, where neither its neighbours nor the encoder's ringing reach."""
    across, down = width / BLOCKS_ACROSS, height / BLOCKS_DOWN
    columns = range(int((index + 0.3) * across), max(int((index + 0.7) * across), int((index + 0.3) * across) + 1))
    top = int(height - 0.7 * down)
    rows = range(top, max(int(height - 0.3 * down), top + 1))
    values = [luma[row][column] for row in rows for column in columns]
    return sum(values) / len(values)
