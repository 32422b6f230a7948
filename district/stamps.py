"""Which of two entries of a ward is the newer one, when they may come in any order."""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """Where an entry stands. `incarnation` is empty where only the time is known (what the store called newest)."""

    incarnation: bytes
    position: int
    wall_time_us: int


NEVER = Stamp(b"", 0, -1)
DOUBTFUL = -1  # position of a stamp that any other replaces: a time that cannot be


def newer(one: Stamp, other: Stamp, current: bytes) -> bool:
    """Whether `one` is newer than `other`. Within an incarnation the position decides, so a ward whose wall clock
    is set right, or jumps, is still read in order. Else the incarnation that the ward speaks as now is the newer,
    and of two old ones the wall time decides."""
    if other.position == DOUBTFUL:
        return True
    if one.incarnation == other.incarnation and one.incarnation:
        return one.position > other.position
    if one.incarnation and other.incarnation:
        if one.incarnation == current:
            return True
        if other.incarnation == current:
            return False
    return one.wall_time_us > other.wall_time_us
