"""Which moments are replayed: the oldest always, the others where nobody can foresee them."""

from __future__ import annotations

import random

from camera.retention.judge import Judged
from camera.retention.spans import US, Span, clipped, total_us

EDGE_US = 5 * US  # a file's first and last seconds: the keyframe before them may be another file's


def moments(judged: Judged, count: int, chance: random.Random) -> list[int]:
    """`count` moments (µs, whole seconds) that the index says are covered, the oldest first, the others in order.
    `chance` is `random.SystemRandom` where it matters. Each part of the window has its own, so that a month is looked
    at all over."""
    if judged.oldest_us is None:
        return []
    oldest = _whole(judged.oldest_us + EDGE_US)
    within = [
        Span(span.begin_us + EDGE_US, span.end_us - EDGE_US)
        for span in clipped(judged.covered, max(judged.window.begin_us, judged.oldest_us), judged.window.end_us)
        if span.length_us > 3 * EDGE_US
    ]
    owed = total_us(within)
    wanted = count - 1 if owed else 0
    found = {_at(within, owed * part // wanted, owed * (part + 1) // wanted, chance) for part in range(wanted)}
    return [oldest, *sorted(found - {oldest})]


def _at(within: list[Span], low: int, high: int, chance: random.Random) -> int:
    """A moment, by how much covered time lies before it."""
    ahead = chance.randrange(low, max(high, low + 1))
    for span in within:
        if ahead < span.length_us:
            return _whole(span.begin_us + ahead)
        ahead -= span.length_us
    return _whole(within[-1].end_us)


def _whole(at_us: int) -> int:
    """Recorders are asked for whole seconds."""
    return at_us // US * US
