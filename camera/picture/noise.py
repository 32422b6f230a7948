"""How much of the picture is noise: a failing sensor, a bad cable, far too little light."""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import ROWS, WHOLLY, Floats, Picture, Plane, block_means

# J. Immerkær, "Fast Noise Variance Estimation", 1996: blind to constant, linear and quadratic structure.
_KERNEL = np.array([1, -2, 1], dtype=np.float32)  # across and down
_SCALE = float(np.sqrt(np.pi / 2) / 6)
_QUIET = 25  # percentile of the blocks: noise is everywhere, texture is not
_SIGMA = 10.0  # what a sparing encoder leaves of 30; night pictures of good cameras have 1 to 4
_BLOCKS = (16, 9)
_MOST_WIDTH = 640  # the middle of larger pictures is enough


def noise_sigma(picture: Picture) -> float:
    """Standard deviation of the noise in luma, of the quieter quarter of the picture."""
    luma = _middle(picture.y)
    blocks = block_means(_response(luma), *_BLOCKS)
    if picture.masked:
        blocks = _of_what_is_judged(picture, blocks)
        if not blocks.size:
            return 0.0
    return _SCALE * float(np.percentile(blocks, _QUIET))


def _of_what_is_judged(picture: Picture, blocks: Floats) -> Floats:
    """Those that no mask touches; of the whole picture where the middle is masked."""
    judged = picture.judged_in(picture.y.shape[1], ROWS).astype(np.float32)
    free = block_means(_middle(judged), *_BLOCKS) > WHOLLY
    if free.any():
        return blocks[free]
    return block_means(_response(picture.y), *_BLOCKS)[picture.judged_blocks(*_BLOCKS)]


def _middle(plane: Plane) -> Plane:
    left = max(0, plane.shape[1] - _MOST_WIDTH) // 2
    return plane[:, left : left + _MOST_WIDTH]


def _response(luma: Plane) -> Floats:
    response: Floats = cv2.sepFilter2D(luma, cv2.CV_32F, _KERNEL, _KERNEL)
    np.abs(response, out=response)
    return response


def noisy(picture: Picture) -> float:
    """So noisy that faces and papers are lost."""
    return ramp(noise_sigma(picture), _SIGMA, 5.0)
