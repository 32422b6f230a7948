"""What can be wrong with a picture. Each has a score of 0 to 1; from 0.5 on it is so."""

from __future__ import annotations

from enum import StrEnum

RAISED = 0.5


class PictureCondition(StrEnum):
    """The picture conditions of DESIGN "Words"."""

    BLACK = "black"
    OVEREXPOSED = "overexposed"
    BLURRED = "blurred"
    COVERED = "covered"
    FROZEN = "frozen"
    MOVED = "moved"
    NOISY = "noisy"
    DISCOLOURED = "discoloured"
    SIGNAL_LOST = "signal_lost"


Scores = dict[PictureCondition, float]


def ramp(value: float, threshold: float, width: float) -> float:
    """A score: 0.5 at `threshold`, 1 a `width` beyond it, 0 as far on this side. A negative width: less is worse."""
    score = 0.5 + 0.5 * (value - threshold) / width
    return min(1.0, max(0.0, score))
