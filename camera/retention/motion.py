"""Whether a camera is recorded on motion only: such footage cannot show that nothing happened."""

from __future__ import annotations

from statistics import median

from camera.retention.index import Index
from camera.retention.office import Office
from camera.retention.spans import MINUTE_US, Span, clipped, common, total_us

_LEAST_CLIPS_A_DAY = 6  # by their pattern, where the index does not name the sort
_LONGEST_CLIP_US = 10 * MINUTE_US
_MOST_COVERED = 0.9


def is_motion_only(index: Index, office: Office, window: Span, told: bool | None) -> bool:
    """Asked of footage that is not whole. Not where the recorder is told (`told`) to record all the time; else by what
    the index calls its entries; else by their pattern: on most days that have any, many short clips that leave much
    uncovered."""
    if told is False:
        return False  # some recorders call the busy stretches of a continuous recording so
    on_motion = clipped(index.spans(motion=True), *window)
    opened = office.opened(*window)
    if on_motion:
        continuous = total_us(common(clipped(index.spans(motion=False), *window), opened))
        alone = total_us(common(on_motion, opened))
        return alone > continuous
    covered = clipped(index.spans(), *window)
    if not covered:
        return False
    days = _by_day(covered, office)
    clippy = [day for day, spans in days.items() if _is_clips(spans, office, day, window)]
    return 2 * len(clippy) > len(days)


def _by_day(spans: list[Span], office: Office) -> dict[int, list[Span]]:
    days: dict[int, list[Span]] = {}
    for span in spans:
        days.setdefault(office.day_of(span.begin_us), []).append(span)
    return days


def _is_clips(spans: list[Span], office: Office, day: int, window: Span) -> bool:
    if len(spans) < _LEAST_CLIPS_A_DAY or median(span.length_us for span in spans) > _LONGEST_CLIP_US:
        return False
    opened = office.opened(*clipped([office.day_span(day)], *window)[0])
    owed = total_us(opened)
    return owed == 0 or total_us(common(spans, opened)) < _MOST_COVERED * owed
