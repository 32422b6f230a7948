"""Colours that no light makes: a plane that is lost, a cast over everything.

A scene may be of any colour, but nearly always something in it is grey: shadows, metal, paper. Where even the least
coloured twentieth of what is lit is coloured, the camera colours it. Black and white (night, by infrared) is no fault.
"""

from __future__ import annotations

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import Floats, Picture, Plane, halved

_COLUMNS, _ROWS = 64, 36
_LIT = 50  # luma; below it chroma is squeezed towards none
_LEAST_LIT = 0.03
_CAST = 7.5  # distance from grey, in chroma levels, of the least coloured twentieth
_LOST, _ALIVE = 0.3, 0.8  # standard deviation of a plane that is lost, and of the one beside it


def discoloured(picture: Picture) -> float:
    """One colour plane is lost, or a strong cast lies over everything."""
    return max(_cast(picture), _lost_plane(picture))


def _cast(picture: Picture) -> float:
    # So small that the noise of the chroma planes, which would tint every grey, is averaged away.
    luma, u, v = (_averaged(plane) for plane in (picture.reduced, picture.u, picture.v))
    lit, whole = luma > _LIT, luma.size
    if picture.masked:
        judged = picture.judged_in(_COLUMNS, _ROWS)
        lit, whole = lit & judged, max(1, int(np.count_nonzero(judged)))
    if np.count_nonzero(lit) < _LEAST_LIT * whole:
        return 0.0
    return ramp(float(np.percentile(np.hypot(u[lit] - 128, v[lit] - 128), 5)), _CAST, 5.0)


def _averaged(plane: Plane | Floats) -> Floats:
    few = halved(plane, 2 * _COLUMNS, 2 * _ROWS)  # large planes stay bytes
    return cv2.resize(few.astype(np.float32), (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)


def _lost_plane(picture: Picture) -> float:
    planes = [picture.judged(plane) for plane in (picture.u, picture.v)]
    if not planes[0].size:
        return 0.0
    u, v = (float(cv2.meanStdDev(plane)[1][0, 0]) for plane in planes)
    low, high = min(u, v), max(u, v)
    return ramp(high, _ALIVE, _ALIVE) if low < _LOST else 0.0
