"""Large parts without any detail: a card that says that there is no signal, or something in front of the lens."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from camera.picture.conditions import ramp
from camera.picture.picture import Flags, Floats, Picture, block_means, block_stds

_FLAT_STD = 1.0  # luma, in a block of the reduced and smoothed picture; a wall in a real room has its light on it
_ONE_LEVEL = 7.0  # luma; of one thing that is flat
_COVERED_SHARE = 0.72  # 85 % of the picture is a little less in whole blocks
_FULL_CONTRAST = 90.0  # luma between a picture's dark and its bright
_ONE_THING = 10.0  # less than this is one flat thing and its noise
_SMOOTH_STD = 1.6  # of what is too near to the lens to be seen sharp
_SMOOTH_SHARE = 0.80  # a room's bare wall is half of a picture
_CARD_SHARE = 0.8  # of a card, with words in its middle
_DETAIL_STD = 4.0
_LEAST_TOLD, _LOST_SHARE = 0.15, 0.75
_WHOLE = 0.965  # what leaves less than this much beside it leaves nothing
_BLACK = 20.5

_COLOURS_WIDTH = 160  # at least; colours are counted in samples
_COLOURS_STEP = 8  # levels of luma and chroma that count as one colour
_FEW_COLOURS = 14  # a test card has about as many
_BARS_SHARE = 0.78
_BARS_CHROMA = 42.0  # spread of the colours; a cast over everything has none, a meadow half of it
_LEAST_BARS, _LEAST_BAR_SHARE = 4, 0.04
_ROW_LIKE = 3.0  # luma; a row of bars is like every other
_ROWS_LIKE = 0.6
_EVERY_ROW = 4  # is enough to know the typical one


@dataclass(frozen=True, slots=True)
class FlatPart:
    """What lacks detail, as shares of the judged picture. `share`: the largest connected part of one level;
    `inside`: what is left of the picture does not touch its edge; `smooth`: the largest part that is merely smooth."""

    share: float
    inside: bool
    smooth: float


def flat_part(picture: Picture) -> FlatPart:
    """Find it: of all levels, the one of which most hangs together."""
    luma = picture.smooth
    judged = picture.unmasked
    # In a dim picture all detail is faint; what is hidden has none beside what is not.
    spread, level = block_stds(luma) / _contrast(picture.judged(luma)), block_means(luma)
    flat = (spread < _FLAT_STD) & judged
    whole = max(1, int(np.count_nonzero(judged)))
    smooth = int(np.count_nonzero(_largest((spread < _SMOOTH_STD) & judged))) / whole
    share, inside = 0.0, False
    for middle in np.arange(0.0, 256.0, _ONE_LEVEL):
        of_one_level = flat & (np.abs(level - middle) <= _ONE_LEVEL)
        if np.count_nonzero(of_one_level) <= share * whole:
            continue  # however it hangs together
        part = _largest(of_one_level)
        found = int(np.count_nonzero(part)) / whole
        if found > share:
            share, inside = found, _is_inside(judged & ~part)
    return FlatPart(share, inside, smooth)


def covered(part: FlatPart) -> float:
    """Something hides nearly all of the picture, and a rest of the scene is seen beside it."""
    if part.share >= _WHOLE or (part.inside and part.share > _CARD_SHARE):
        return 0.0
    return max(ramp(part.share, _COVERED_SHARE, 0.12), ramp(part.smooth, _SMOOTH_SHARE, 0.12))


def detail_lost(reference: Picture, picture: Picture) -> float:
    """Covered by what need not be flat itself: nearly nowhere is there detail where the reference has it."""
    was, now = (block_stds(each.smooth) for each in (reference, picture))
    judged = reference.unmasked & picture.unmasked
    told = (was > _DETAIL_STD) & judged
    if not told.any() or np.count_nonzero(told) < _LEAST_TOLD * np.count_nonzero(judged):
        return 0.0
    return ramp(float((now[told] < _SMOOTH_STD).mean()), _LOST_SHARE, 0.12)


def signal_lost(picture: Picture, part: FlatPart) -> float:
    """The recorder or encoder shows a card of its own: one flat colour, also with words on it, or bars."""
    is_card = part.share >= _WHOLE or (part.inside and part.share > _CARD_SHARE)
    if is_card and cv2.mean(picture.judged_luma)[0] > _BLACK:
        return 1.0
    return _bars(picture)


def _contrast(luma: Floats) -> float:
    if not luma.size:
        return 1.0
    # To the next whole level: sorting a picture's pixels would take longer than all else here.
    below = np.cumsum(np.bincount(luma.reshape(-1).astype(np.uint8), minlength=256)) / luma.size
    low, high = np.searchsorted(below, (0.01, 0.99))
    seen = float(high - low)
    return 1.0 if seen < _ONE_THING else min(1.0, max(0.2, seen / _FULL_CONTRAST))


def _largest(flags: Flags) -> Flags:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(flags.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(flags)
    found: Flags = labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return found


def _is_inside(rest: Flags) -> bool:
    edge = np.concatenate([rest[0], rest[-1], rest[:, 0], rest[:, -1]])
    return not bool(edge.any())


def _bars(picture: Picture) -> float:
    every = max(1, picture.u.shape[1] // _COLOURS_WIDTH)
    u, v = picture.u[::every, ::every], picture.v[::every, ::every]
    luma = cv2.resize(picture.y, (u.shape[1], u.shape[0]), interpolation=cv2.INTER_NEAREST)
    colours = (luma.astype(np.int32) // _COLOURS_STEP) * 1024
    colours += (u.astype(np.int32) // _COLOURS_STEP) * 32 + v.astype(np.int32) // _COLOURS_STEP
    colours = picture.judged(colours)
    counts = np.sort(np.bincount(colours.reshape(-1)))[::-1] / colours.size
    if np.count_nonzero(counts >= _LEAST_BAR_SHARE) < _LEAST_BARS:
        return 0.0
    # OpenCV's, since NumPy makes floating point numbers of whole planes first.
    u_std, v_std = (float(cv2.meanStdDev(picture.judged(plane))[1][0, 0]) for plane in (picture.u, picture.v))
    vivid = float(np.hypot(u_std, v_std)) >= _BARS_CHROMA
    if not vivid and not _rows_are_alike(picture):
        return 0.0
    return ramp(float(counts[:_FEW_COLOURS].sum()), _BARS_SHARE, 0.15)


def _rows_are_alike(picture: Picture) -> bool:
    luma = picture.reduced
    if picture.masked:
        judged = picture.judged_in(luma.shape[1], luma.shape[0])
        luma = np.where(judged, luma, np.nan)[judged.any(axis=1)][:, judged.any(axis=0)]
        typical = np.nanmedian(luma, axis=0)
        like = np.nanmean(np.abs(luma - typical), axis=1) < _ROW_LIKE
    else:
        typical = np.median(luma[::_EVERY_ROW], axis=0)
        like = np.abs(luma - typical).mean(axis=1) < _ROW_LIKE
    return float(like.mean()) >= _ROWS_LIKE and float(typical.std()) > 20
