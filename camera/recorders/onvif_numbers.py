"""Which number a recorder's channel has by ONVIF, which has tokens only.

The place in an answer is no number: a recording that is gone from the index moves all that come after it, and a camera
would be credited with another's footage. So a channel's number is what its source, its recording or its name ends in
("urn:camera:2", "recording-2", "Cam 2"), where that tells all of them apart. Else it is the place among all that is
configured (GetRecordings), be there footage or not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from camera.recorders.client import MOST_CHANNELS

_ENDS_IN = re.compile(r"(?<![\d.])0*(\d{1,3})$")  # no part of an address or of a long serial number
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)


def numbers(names: Mapping[str, Sequence[str]], configured: Sequence[str]) -> Mapping[str, int]:
    """By source, from 1. `names`: of each source, the most lasting first, as many of each; `configured`: the sources in
    the order of the recorder's configuration, empty where it does not tell. Empty where nothing numbers them."""
    for sort in zip(*names.values(), strict=True):
        ends = [_end(name) for name in sort]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends) or len(set(known)) < len(known):
            continue
        first = 1 if min(known) == 0 else 0  # some count from 0
        if max(known) + first <= MOST_CHANNELS:
            return {source: end + first for source, end in zip(names, known, strict=True)}
    if configured and set(names) <= set(configured):
        return {source: place for place, source in enumerate(configured, 1)}
    return {}


def _end(name: str) -> int | None:
    found = None if _UUID.search(name) else _ENDS_IN.search(name.strip())
    return int(found[1]) if found is not None else None
