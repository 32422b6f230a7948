"""What a stream brings, measured as it arrives."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from camera.watch.keyframe_group import KeyframeGroup

_WINDOW_SECONDS = 10.0
_LEAST_SECONDS = 1.5  # below it there is no rate to speak of
_INTERVALS = 4  # keyframe intervals that are averaged
_JUMP_SECONDS = 2.0  # what the camera's time may differ from ours between two pictures
_WRAP, _HALF = 1 << 32, 1 << 31


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last ten seconds; None where it is too early to say. The interval grows while no keyframe comes."""

    frame_rate_hz: float | None
    bits_per_second: float | None
    keyframe_interval_seconds: float | None
    timestamp_jumps: int


class Meter:
    """One per stream, over all its connections. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.jumps = 0
        self.last_frame_at: float | None = None
        self._clock_rate = 90_000
        self._samples: deque[tuple[float, int, int]] = deque()  # when, frames, bytes; of this connection
        self._frames = 0
        self._keyframes = 0
        self._began_at = 0.0
        self._key_at: float | None = None
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._rtp_time = -1

    def connected(self, now: float, clock_rate: int) -> None:
        """A connection begins to play."""
        self._clock_rate = clock_rate
        self._samples.clear()
        self._samples.append((now, 0, 0))
        self._frames = self._keyframes = 0
        self._began_at, self._key_at, self._rtp_time = now, None, -1
        self._intervals.clear()

    def look(self, group: KeyframeGroup, now: float) -> None:
        """Take what has come since the last look: once for each gulp, not for each packet."""
        if group.frames == self._frames:
            return
        self._note_time(group.time, now)
        self._frames, self.last_frame_at = group.frames, now
        if group.keyframes != self._keyframes:
            if self._key_at is not None:
                self._intervals.append((now - self._key_at) / (group.keyframes - self._keyframes))
            self._keyframes, self._key_at = group.keyframes, now
        samples = self._samples
        samples.append((now, group.frames, group.bytes))
        while len(samples) > 2 and now - samples[1][0] >= _WINDOW_SECONDS:
            samples.popleft()

    @property
    def interval(self) -> float | None:
        """Seconds between the last keyframes."""
        return sum(self._intervals) / len(self._intervals) if self._intervals else None

    def seconds_without_keyframe(self, now: float) -> float:
        """Since the connection began, or the newest one."""
        return now - (self._began_at if self._key_at is None else self._key_at)

    def figures(self, now: float) -> Figures:
        rate = bits = None
        if self._samples:
            since, frames, count = self._samples[0]
            until, last_frames, last_count = self._samples[-1]
            lasted = until - since
            if lasted >= _LEAST_SECONDS:
                rate, bits = (last_frames - frames) / lasted, 8 * (last_count - count) / lasted
        interval = self.interval
        waited = self.seconds_without_keyframe(now)
        if waited > 2 * (interval or _WINDOW_SECONDS / 2):
            interval = waited
        return Figures(rate, bits, interval, self.jumps)

    def _note_time(self, time: int, now: float) -> None:
        before, self._rtp_time = self._rtp_time, time
        if before < 0 or self.last_frame_at is None:
            return
        ticks = (time - before) % _WRAP
        step = (ticks if ticks < _HALF else ticks - _WRAP) / self._clock_rate
        if abs(step - (now - self.last_frame_at)) > _JUMP_SECONDS:
            self.jumps += 1
