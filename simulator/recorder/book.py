"""The recorder's index by its own clock: which spans of which channel there are, and where a moment stands on tape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.model.recorder import Disk, Recorder
from simulator.recorder.tape import HOUR, SECOND, Span, Tape
from telemetry.clock import Clock


@dataclass(frozen=True, slots=True)
class File:
    """A piece of footage as recorders cut it, at most an hour long. `bytes`: about what it takes on the disk."""

    channel: int
    span: Span
    bytes: int
    locked: bool


class Book:
    """All times that go in and out are the recorder's own; its whole index is shifted as its clock is now."""

    def __init__(self, recorder: Recorder, clock: Clock, tapes: Mapping[int, Tape], bits: int) -> None:
        self._recorder, self._clock, self._tapes, self._bits = recorder, clock, tapes, bits

    @property
    def channels(self) -> list[int]:
        return list(self._tapes)

    @property
    def kept_days(self) -> int:
        return self._recorder.kept_days

    def wall_us(self) -> int:
        return self._clock.wall_us() + self._off_us

    def true_us(self, wall_us: int) -> int:
        """What the true time was when the recorder's clock showed `wall_us`."""
        return wall_us - self._off_us

    def disks(self) -> list[Disk]:
        return self._recorder.disks()

    def recording(self, channel: int) -> bool:
        """Whether it is recorded now."""
        return self._tapes[channel].running

    def spans(self, channel: int) -> list[Span]:
        """Oldest first. Raises KeyError for a channel that is not recorded."""
        told = self._tapes[channel].spans(
            self._clock.wall_us(), self._recorder.kept_days, self._recorder.gap, self._recorder.locked_clip
        )
        off = self._off_us
        return [Span(span.begin_us + off, span.end_us + off) for span in told]

    def files(self, channel: int, begin_us: int, end_us: int) -> list[File]:
        """The pieces that reach into this time, cut at full hours."""
        spans = self.spans(channel)
        found = []
        for index, span in enumerate(spans):
            locked = self._recorder.locked_clip and index == 0
            at = span.begin_us
            while at < span.end_us:
                until = min(span.end_us, (at // HOUR + 1) * HOUR)
                if until > begin_us and at < end_us:
                    size = (until - at) * self._bits // 8 // SECOND
                    found.append(File(channel, Span(at, until), size, locked))
                at = until
        return found

    def first_at(self, channel: int, wall_us: int) -> int | None:
        """The moment of the first footage at or after a moment; None: there is none."""
        for span in self.spans(channel):
            if span.end_us > wall_us:
                return max(wall_us, span.begin_us)
        return None

    def used_bytes(self) -> int:
        """On each disk; a recorder that writes over the oldest is always almost full."""
        spans = [span for channel in self._tapes for span in self.spans(channel)]
        return sum(span.end_us - span.begin_us for span in spans) // SECOND * self._bits // 8

    @property
    def _off_us(self) -> int:
        return round(self._recorder.clock_off_seconds * SECOND)
