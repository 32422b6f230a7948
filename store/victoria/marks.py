"""Which marks VictoriaMetrics has: each batch brought a rising number with it, so the newest tells what it lost."""

from __future__ import annotations

from collections.abc import Iterator

from store.victoria.client import MARK, VictoriaClient

_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
_WIDTHS_US = (_HOUR_US, _DAY_US)  # most starts find it there
_WIDEST_US = 36 * _DAY_US  # one comes every few seconds: more at once would be too much to read


def newest(client: VictoriaClient, released: int, days: float) -> tuple[int, int]:
    """The newest mark of the last `days`, and the newest up to `released`, the last under which samples left the file;
    0 where there is none. A later one says nothing of what was there before it: a try that came to nothing may have
    brought it to an empty disk. Raises StoreError."""
    any_newest = 0
    for start_us, end_us in _stretches(client.now_us(), round(days * _DAY_US)):
        marks = [round(mark) for mark in client.read_own(MARK, start_us, end_us).values()]
        any_newest = max([any_newest, *marks])
        known = [mark for mark in marks if mark <= released]
        if known:
            return any_newest, max(known)
    return any_newest, 0


def _stretches(now_us: int, back_us: int) -> Iterator[tuple[int, int]]:
    """From the newest to the oldest: however long the hub was off, its mark is found as long as samples are kept."""
    end_us, oldest_us = now_us + _DAY_US, max(now_us - back_us, 0)
    widths_us = iter((_DAY_US + _WIDTHS_US[0], *_WIDTHS_US[1:]))
    while end_us > oldest_us:
        start_us = max(end_us - next(widths_us, _WIDEST_US), oldest_us)
        yield start_us, end_us
        end_us = start_us
