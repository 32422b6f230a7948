"""Whether the camera still looks where its reference does.

First the cheap question: are the edges of the scene where they were? Where they are not, features are matched, and what
most of them agree on tells how far the view has moved, turned or zoomed. A view of which nothing is found again is only
called moved by who has seen it stand still (`Alignment.FOREIGN`); people and light may hide a scene, not shift it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import COLUMNS, ROWS, Flags, Floats, Picture, Plane, block_means, block_stds

_MATCH_WIDTH = 512
_FEATURES = 800
_RATIO = 0.78  # D. Lowe, 2004: the best match must be so much better than the second
_LEAST_AGREEING, _AGREEING_SHARE = 14, 0.25
_MOVED = 0.12  # of the width; a fifth is a camera that was knocked, a tenth a screw that gave way
_IN_PLACE = 0.45  # correlation of a block's edges with those of the reference
_SAME_SHARE = 0.35  # of the blocks that have edges
_EDGY = 6.0
_LEAST_EDGY_BLOCKS = 12


class Alignment(Enum):
    SAME = "same"
    SHIFTED = "shifted"
    FOREIGN = "foreign"  # sharp, and nothing of the reference is found in it
    UNKNOWN = "unknown"  # too little to see in one of them


@dataclass(frozen=True, slots=True)
class Movement:
    """`shift`: how far the corners moved on the average, as a share of the width."""

    alignment: Alignment
    shift: float = 0.0

    @property
    def score(self) -> float:
        return ramp(self.shift, _MOVED, 0.08) if self.alignment is Alignment.SHIFTED else 0.0


def movement(reference: Picture, picture: Picture) -> Movement:
    """Where `picture` looks, compared with `reference`."""
    share = edges_in_place(reference, picture)
    if share is None:
        return Movement(Alignment.UNKNOWN)
    if share >= _SAME_SHARE:
        return Movement(Alignment.SAME)
    return _by_features(reference, picture)


def edges_in_place(reference: Picture, picture: Picture) -> float | None:
    """The share of the reference's edgy blocks whose edges are where they were; None where it has too few."""
    if reference.reduced.shape != picture.reduced.shape:
        return 0.0
    was, now = _edges(reference), _edges(picture)
    edgy = (block_stds(was) > _EDGY) & reference.unmasked & picture.unmasked
    if np.count_nonzero(edgy) < _LEAST_EDGY_BLOCKS:
        return None
    return float((_correlation(was, now)[edgy] > _IN_PLACE).mean())


def _edges(picture: Picture) -> Floats:
    across = cv2.Sobel(picture.reduced, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(picture.reduced, cv2.CV_32F, 0, 1)
    found: Floats = cv2.GaussianBlur(cv2.magnitude(across, down), (0, 0), 1.5)
    return found


def _correlation(was: Floats, now: Floats) -> Floats:
    """Of each block, Pearson's."""
    both = [block_means(each) for each in (was, now, was * now, was**2, now**2)]
    mean_was, mean_now, product, square_was, square_now = both
    covariance = product - mean_was * mean_now
    variance = np.maximum(square_was - mean_was**2, 1e-6) * np.maximum(square_now - mean_now**2, 1e-6)
    result: Floats = covariance / np.sqrt(variance)
    return result


def _by_features(reference: Picture, picture: Picture) -> Movement:
    scale = _MATCH_WIDTH / reference.y.shape[1]
    height = round(reference.y.shape[0] * scale)
    found = [_features(each, height) for each in (reference, picture)]
    (points_was, marks_was), (points_now, marks_now) = found
    if min(len(points_was), len(points_now)) < 2 * _LEAST_AGREEING:
        return Movement(Alignment.UNKNOWN)
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(marks_was, marks_now, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
    if len(good) < _LEAST_AGREEING:
        return Movement(Alignment.FOREIGN)
    was = np.array([points_was[match.queryIdx] for match in good], dtype=np.float32)
    now = np.array([points_now[match.trainIdx] for match in good], dtype=np.float32)
    turn, agreeing = cv2.estimateAffinePartial2D(was, now, method=cv2.RANSAC, ransacReprojThreshold=4.0)
    agree = 0 if agreeing is None else int(agreeing.sum())
    if turn is None or agree < max(_LEAST_AGREEING, _AGREEING_SHARE * len(good)):
        return Movement(Alignment.FOREIGN)
    corners = np.array([[0, 0], [_MATCH_WIDTH, 0], [0, height], [_MATCH_WIDTH, height]], dtype=np.float32)
    moved = corners @ turn[:, :2].T + turn[:, 2] - corners
    return Movement(Alignment.SHIFTED, float(np.hypot(moved[:, 0], moved[:, 1]).mean()) / _MATCH_WIDTH)


def _features(picture: Picture, height: int) -> tuple[list[tuple[float, float]], Floats]:
    luma = cv2.resize(picture.y, (_MATCH_WIDTH, height), interpolation=cv2.INTER_AREA)
    luma = cv2.equalizeHist(luma)  # by night a scene has the same corners, fainter
    hidden = None if picture.unmasked.all() else _mask(picture.unmasked, height)
    points, marks = cv2.SIFT.create(nfeatures=_FEATURES).detectAndCompute(luma, hidden)
    if marks is None:
        return [], np.zeros((0, 128), dtype=np.float32)
    return [(point.pt[0], point.pt[1]) for point in points], marks


def _mask(unmasked: Flags, height: int) -> Plane:
    flags = unmasked.astype(np.uint8).reshape(ROWS, COLUMNS) * 255
    found: Plane = cv2.resize(flags, (_MATCH_WIDTH, height), interpolation=cv2.INTER_NEAREST)
    return found
