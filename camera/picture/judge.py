"""All judges over some seconds of one stream: what they show, without hold times."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from camera.picture import colour, exposure, flatness, noise, sharpness
from camera.picture.conditions import RAISED, PictureCondition, Scores, ramp
from camera.picture.movement import Alignment, edges_in_place, movement
from camera.picture.picture import Picture
from camera.picture.stillness import longest_still_seconds, steps

FROZEN_SECONDS = 4.0  # of a freeze of five seconds, the first is the encoder's
_STEADY = 0.5  # share of the edges that stay where they are between two pictures of a camera that stands


def judge_one(picture: Picture) -> Scores:
    """What one picture alone tells: all but frozen and moved. Of a picture that shows nothing, only why."""
    part = flatness.flat_part(picture)
    scores: Scores = {
        PictureCondition.BLACK: exposure.black(picture),
        PictureCondition.OVEREXPOSED: exposure.overexposed(picture),
        PictureCondition.SIGNAL_LOST: flatness.signal_lost(picture, part),
        PictureCondition.COVERED: flatness.covered(part),
        PictureCondition.NOISY: noise.noisy(picture),
        PictureCondition.DISCOLOURED: colour.discoloured(picture),
        PictureCondition.BLURRED: sharpness.blurred(picture),
    }
    return without_consequences(scores)


def judge(pictures: Sequence[Picture], reference: Picture | None = None) -> Scores:
    """The middle score of each condition over these pictures, of one stream in order of time; frozen over all of them.

    Raises ValueError where there is no picture.
    """
    if not pictures:
        raise ValueError("no picture to judge")
    each = [judge_one(picture) for picture in pictures]
    scores: Scores = {condition: float(np.median([one[condition] for one in each])) for condition in each[0]}
    blind = any(scores[condition] >= RAISED for condition in BLINDING)
    scores[PictureCondition.FROZEN] = 0.0 if blind else ramp(longest_still_seconds(steps(pictures)), FROZEN_SECONDS, 4)
    scores[PictureCondition.MOVED] = 0.0 if blind or reference is None else moved(pictures, reference)
    if reference is not None and not blind:
        hidden = float(np.median([flatness.detail_lost(reference, picture) for picture in pictures]))
        scores[PictureCondition.COVERED] = max(scores[PictureCondition.COVERED], hidden)
        scores = without_consequences(scores)
    return {condition: round(scores[condition], 3) for condition in PictureCondition}


def moved(pictures: Sequence[Picture], reference: Picture) -> float:
    """Shifted against the reference, or steadily another view altogether."""
    found = [movement(reference, picture) for picture in pictures]
    known = [each.score for each in found if each.alignment in (Alignment.SAME, Alignment.SHIFTED)]
    if known:
        return float(np.median(known))
    foreign = all(each.alignment is Alignment.FOREIGN for each in found)
    return 1.0 if foreign and _is_steady(pictures) else 0.0


def _is_steady(pictures: Sequence[Picture]) -> bool:
    """Whether the camera stood still while these were taken: another place, and not other people in front of it."""
    if len(pictures) < 3:
        return False
    shares = [edges_in_place(before, after) for before, after in itertools.pairwise(pictures)]
    return all(share is not None and share >= _STEADY for share in shares)


# Of a picture that shows nothing of the scene, only why is told: what is in front of a lens stands still, too.
BLINDING = (
    PictureCondition.BLACK,
    PictureCondition.OVEREXPOSED,
    PictureCondition.SIGNAL_LOST,
    PictureCondition.COVERED,
)


def without_consequences(scores: Scores) -> Scores:
    """A black picture is not blurred as well: the cause is told, not what follows from it."""
    for cause in BLINDING:
        if scores[cause] >= RAISED:
            return {condition: score if condition is cause else 0.0 for condition, score in scores.items()}
    return scores
