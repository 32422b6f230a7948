"""When the next picture of a stream is judged, where only keyframes can be. Times are monotonic seconds. Pure."""

from __future__ import annotations


class Beat:
    """A beat each `every` seconds, so that keyframes which fall before it do not make the pictures more than are asked
    for: of keyframes every 2 s, 12 a minute are taken for a beat of 5 s."""

    def __init__(self, now: float, every: float) -> None:
        self._every = every
        self._next = self._due = now

    def is_due(self, now: float) -> bool:
        return now >= self._due

    def taken(self, now: float, keyframe_interval: float) -> None:
        """A keyframe was taken. The next one is that which will be nearest to the beat, which begins anew with one that
        was not due, and after a pause in which none came."""
        follows = self.is_due(now) and now - self._next <= keyframe_interval
        self._next = (self._next if follows else now) + self._every
        self._due = self._next - min(keyframe_interval, self._every) / 2
