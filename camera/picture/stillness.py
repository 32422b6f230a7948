"""Whether the picture stands: the same again and again, also behind a clock that runs.

A living sensor never gives the same picture twice; its noise, or the encoder's haste with it, moves most blocks a
little. What comes out of a frozen one is the same to the last bit but for what the encoder adds: it refines a still
picture for about a second, and begins anew at a keyframe. A clock, and whatever else may run over a frozen picture, is
few blocks; a picture that runs behind a clock that stands is not frozen.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from camera.picture.picture import Floats, Picture, block_means

_MOST_BLOCKS = 92  # percentile: a burned-in clock and its date are under 8 % of the blocks
_SAME = 0.12  # luma; mean difference of a block
_REFINED = 1.6  # what an encoder still changes on a picture that stands
_KEYFRAME_POP = 3.5  # and where it begins anew
_SHARE_SAME = 0.6  # of the steps of a run


@dataclass(frozen=True, slots=True)
class Step:
    """From one picture to the next; seconds of the stream, and how much the busiest judged blocks changed."""

    seconds: float
    change: float


def change(before: Picture, after: Picture) -> float:
    """Mean difference in luma of a block that is busier than 92 % of them; large where the sizes differ."""
    if before.reduced.shape != after.reduced.shape:
        return 255.0
    difference: Floats = cv2.absdiff(before.smooth, after.smooth)
    judged = block_means(difference)[before.unmasked & after.unmasked]
    return float(np.percentile(judged, _MOST_BLOCKS)) if judged.size else 0.0


def steps(pictures: Sequence[Picture]) -> list[Step]:
    """Of consecutive pictures."""
    return [Step(after.at - before.at, change(before, after)) for before, after in itertools.pairwise(pictures)]


def longest_still_seconds(of: Sequence[Step]) -> float:
    """The longest time over which nothing but the encoder changed the picture."""
    longest = 0.0
    run: list[Step] = []
    for number, step in enumerate(of):
        if step.change <= _REFINED or _is_pop(of, number):
            run.append(step)
            longest = max(longest, _still(run))
        else:
            run = []
    return longest


def _is_pop(of: Sequence[Step], number: int) -> bool:
    around = [of[at].change for at in (number - 1, number + 1) if 0 <= at < len(of)]
    return of[number].change <= _KEYFRAME_POP and bool(around) and min(around) <= _SAME / 2


def _still(run: Sequence[Step]) -> float:
    same = sum(step.seconds for step in run if step.change <= _SAME)
    whole = sum(step.seconds for step in run)
    return whole if same >= _SHARE_SAME * whole else 0.0
