"""Too dark or too bright to see anything."""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import Picture

_BLACK_LUMA = 20.5  # of 16 (black) to 235; a room at night by infrared light has 30 and more
_CEILING = 232  # white is 235; encoders stay a little below it
_CEILING_SHARE = 0.47
_SEEN_LUMA = 60  # a lamp, a lit sign: what is dark but shows something bright is night, not black
_SEEN_SHARE = 0.02


def black(picture: Picture) -> float:
    """Nothing is seen. A night scene with a light in it is not black."""
    luma = picture.judged_luma
    if not luma.size:
        return 0.0
    mean = float(cv2.mean(luma)[0])
    if mean > 17 and np.count_nonzero(luma > _SEEN_LUMA) > _SEEN_SHARE * luma.size:
        return ramp(mean, _BLACK_LUMA - 2, -4)
    return ramp(mean, _BLACK_LUMA, -4)


def overexposed(picture: Picture) -> float:
    """Half of the picture, or more, is at the ceiling."""
    luma = picture.judged_luma
    share = float(np.count_nonzero(luma >= _CEILING)) / max(1, luma.size)
    return ramp(share, _CEILING_SHARE, 0.25)
