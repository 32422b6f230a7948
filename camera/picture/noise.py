"""How much of the picture is noise: a failing sensor, a bad cable, far too little light."""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import Picture, block_means

# J. Immerkær, "Fast Noise Variance Estimation", 1996: blind to constant, linear and quadratic structure.
_KERNEL = np.array([1, -2, 1], dtype=np.float32)  # across and down
_SCALE = float(np.sqrt(np.pi / 2) / 6)
_QUIET = 25  # percentile of the blocks: noise is everywhere, texture is not
_SIGMA = 10.0  # what a sparing encoder leaves of 30; night pictures of good cameras have 1 to 4
_MOST_WIDTH = 640  # the middle of larger pictures is enough


def noise_sigma(picture: Picture) -> float:
    """Standard deviation of the noise in luma, of the quieter quarter of the picture."""
    luma = picture.y
    if luma.shape[1] > _MOST_WIDTH:
        left = (luma.shape[1] - _MOST_WIDTH) // 2
        luma = luma[:, left : left + _MOST_WIDTH]
    response = cv2.sepFilter2D(luma, cv2.CV_32F, _KERNEL, _KERNEL)
    np.abs(response, out=response)
    return _SCALE * float(np.percentile(block_means(response, 16, 9), _QUIET))


def noisy(picture: Picture) -> float:
    """So noisy that faces and papers are lost."""
    return ramp(noise_sigma(picture), _SIGMA, 5.0)
