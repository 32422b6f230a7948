"""A recorder's index of one channel, as it was read and as it is meant.

Two things stand between them: the recorder's clock may be wrong by some seconds, and some recorders write their local
time and call it UTC (`Z`). The rules for the second are in `zone_shift_seconds` and docs/retention.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from camera.retention.spans import MINUTE_US, US, Span, merged

NEAR_NOW_US = 20 * MINUTE_US  # an index that ends this close to a moment is one of a camera recorded at that moment
_ZONE_STEP_SECONDS = 900  # all time zones are whole quarters of an hour off UTC
_MOST_ZONE_SECONDS = 14 * 3600


class Recorded(NamedTuple):
    """One entry of the index: a file, or a stretch between two events. `motion`: recorded because something moved.
    `locked`: kept from being overwritten. `size_bytes`: 0 where the index does not tell it."""

    begin_us: int
    end_us: int
    motion: bool = False
    locked: bool = False
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """What a recorder says that it holds of one channel. `complete`: all of the window was read. `has_gaps`: the
    index would show a gap (False where it tells only the oldest and the newest moment)."""

    recorded: Sequence[Recorded] = ()
    complete: bool = True
    has_gaps: bool = True

    def shifted(self, seconds: float) -> Index:
        """The same, by a clock that is so much behind."""
        if not seconds:
            return self
        by = round(seconds * US)
        moved = [each._replace(begin_us=each.begin_us - by, end_us=each.end_us - by) for each in self.recorded]
        return replace(self, recorded=moved)

    def until(self, now_us: int) -> Index:
        """Without what lies in the future: nothing was recorded there."""
        past = [each._replace(end_us=min(each.end_us, now_us)) for each in self.recorded if each.begin_us < now_us]
        return replace(self, recorded=past)

    def spans(self, *, motion: bool | None = None) -> list[Span]:
        """What is covered; only by recording of one sort where `motion` says which."""
        return merged((each.begin_us, each.end_us) for each in self.recorded if motion in (None, each.motion))

    def earliest_us(self) -> int | None:
        """The begin of the oldest entry, be it a single locked clip."""
        return min((each.begin_us for each in self.recorded if each.begin_us < each.end_us), default=None)


def zone_of(offset_seconds: float, most_seconds: float) -> float:
    """How much of a clock's offset is a time zone that it takes for UTC: whole quarters of an hour, half an hour at
    least, with no more than `most_seconds` left over. 0 where it is not that."""
    steps = round(offset_seconds / _ZONE_STEP_SECONDS)
    zone = steps * _ZONE_STEP_SECONDS
    is_zone = 1800 <= abs(zone) <= _MOST_ZONE_SECONDS and abs(offset_seconds - zone) <= most_seconds
    return float(zone) if is_zone else 0.0


def zone_shift_seconds(
    indexes: Iterable[Index], now_us: int, zones_seconds: Sequence[float], otherwise: float = 0.0
) -> float:
    """By how much the times of these indexes (one recorder, all channels, clock-corrected) are ahead of what they mean.

    A recorder that records now has an index that ends about now. Where one of its channels' does, its times are right.
    Where none does and one ends at "now plus a zone" of `zones_seconds` instead, they are local times called UTC. Where
    neither is so, it does not record, and its times are taken as they are written (or as its clock is: `otherwise`).
    What begins later than any zone is ahead is no time of a recording at all, and tells nothing.
    """
    newest = [_newest_us(index, now_us + _MOST_ZONE_SECONDS * US) for index in indexes]
    for zone in (0.0, *zones_seconds):
        at = now_us + round(zone * US)
        if any(end is not None and abs(end - at) <= NEAR_NOW_US for end in newest):
            return zone
    return otherwise


def _newest_us(index: Index, before_us: int) -> int | None:
    ends = (each.end_us for each in index.recorded if each.begin_us < min(before_us, each.end_us))
    return max(ends, default=None)
