"""Whether the lens shows fine detail where there is any.

The picture is split into bands of detail (differences of Gaussians), which for natural scenes fall off evenly; a lens
out of focus takes the fine band and leaves the coarse one. Their ratio, taken where there is coarse detail at all, asks
nothing of the scene. A burned-in clock is sharp whatever the lens does; it is few blocks, and few blocks do not decide.
"""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import Floats, Picture, block_means

# Sigma of the bands' Gaussians, in pixels of the reduced picture: the fine band is 1 to 2, the coarse one 4 to 8.
_FINE = 2.0
_COARSE_HALVED = (2.0, 4.0)  # of a picture half as large, which has all of so coarse a band
_COLUMNS, _ROWS = 16, 9
_TEXTURED = 2.0  # luma; less coarse detail than this tells nothing
_LEAST_BLOCKS = 6
_ENOUGH = 75  # percentile: a quarter of the scene in focus is a lens in focus
_RATIO = 0.27  # 1.5 % of the width blurs to 0.24 and less; a lens that is merely soft has 0.32


def sharpness(picture: Picture) -> float | None:
    """Fine to coarse detail, about 0.4 to 1 of a lens in focus; None where there is nothing to focus on."""
    luma = picture.reduced
    halved = cv2.resize(luma, (luma.shape[1] // 2, luma.shape[0] // 2), interpolation=cv2.INTER_AREA)
    fine = _energy(picture.smooth - cv2.GaussianBlur(luma, (0, 0), _FINE))
    coarse = _energy(_band(halved, *_COARSE_HALVED))
    textured = coarse > _TEXTURED
    if picture.masked:
        textured &= picture.judged_blocks(_COLUMNS, _ROWS)
    if np.count_nonzero(textured) < _LEAST_BLOCKS:
        return None
    return float(np.percentile(fine[textured] / coarse[textured], _ENOUGH))


def blurred(picture: Picture) -> float:
    """Out of focus, or something in front of the lens that lets only light through."""
    ratio = sharpness(picture)
    return 0.0 if ratio is None else ramp(ratio, _RATIO, -0.12)


def _band(luma: Floats, narrow: float, wide: float) -> Floats:
    found: Floats = cv2.GaussianBlur(luma, (0, 0), narrow) - cv2.GaussianBlur(luma, (0, 0), wide)
    return found


def _energy(band: Floats) -> Floats:
    return np.sqrt(block_means(band * band, _COLUMNS, _ROWS))
