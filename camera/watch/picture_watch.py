"""A camera's picture over time: each keyframe that the watch hands on is decoded, judged, and made a thumbnail."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from camera.picture import flatness
from camera.picture.conditions import RAISED, PictureCondition, Scores, ramp
from camera.picture.judge import BLINDING, FROZEN_SECONDS, judge_one, moved, without_consequences
from camera.picture.movement import Alignment, movement
from camera.picture.picture import Area, Picture
from camera.picture.stillness import Step, change, longest_still_seconds
from camera.watch.decode import UndecodableError, decode, thumbnail
from camera.watch.reference import References, light_of, small
from camera.watch.stream_watch import Keyframe
from telemetry.clock import Clock

_STILL_SECONDS = 20.0  # how far back the picture is compared
_GAP_SECONDS = 30.0  # between two pictures so far apart nothing is known
_STEADY_PICTURES = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: its scores, as a small JPEG, when it came (monotonic seconds, µs since 1970). A keyframe of which
    no picture comes has neither, and says why."""

    at: float
    wall_us: int
    scores: Mapping[PictureCondition, float] = field(default_factory=dict)
    jpeg: bytes = b""
    undecodable: str = ""


class PictureWatch:
    """Of one camera; used by one thread at a time."""

    def __init__(self, camera: str, masked: Sequence[Area], folder: Path | None, clock: Clock) -> None:
        """`folder`: where references are kept."""
        self._masked = tuple(masked)
        self._clock = clock
        self._references = References(camera, folder, clock)
        self._last: deque[Picture] = deque(maxlen=_STEADY_PICTURES)
        self._steps: deque[Step] = deque()

    def judge(self, keyframe: Keyframe) -> Judged:
        """What this keyframe shows, after those before it. Never raises for what a camera may send."""
        wall_us = self._clock.wall_us()
        try:
            frame = decode(keyframe)
            picture = Picture.from_frame(frame, keyframe.at, self._masked)
            jpeg = thumbnail(picture)
        except UndecodableError as error:
            return Judged(keyframe.at, wall_us, undecodable=str(error))
        scores = self.scores(picture)
        return Judged(keyframe.at, wall_us, scores, jpeg)

    def scores(self, picture: Picture) -> Scores:
        """Of the next picture in order of time."""
        scores = judge_one(picture)
        kept = small(picture)
        self._step_to(kept)
        blind = any(scores[condition] >= RAISED for condition in BLINDING)
        scores[PictureCondition.FROZEN] = 0.0 if blind else ramp(self._still_seconds(), FROZEN_SECONDS, 4.0)
        scores[PictureCondition.MOVED] = 0.0
        if not blind:
            self._compare(kept, scores)
            scores = without_consequences(scores)  # a cloth stands still, is no place, and not sharp
        return {condition: round(scores[condition], 3) for condition in PictureCondition}

    def _step_to(self, picture: Picture) -> None:
        if self._last:
            before = self._last[-1]
            seconds = picture.at - before.at
            if before.y.shape != picture.y.shape or not 0 < seconds <= _GAP_SECONDS:
                self._last.clear()
                self._steps.clear()
            else:
                self._steps.append(Step(seconds, change(before, picture)))
        self._last.append(picture)
        while sum(step.seconds for step in self._steps) > _STILL_SECONDS + _GAP_SECONDS / 3:
            self._steps.popleft()

    def _still_seconds(self) -> float:
        """For how long nothing has changed up to now; a picture that stood and moves again does not stand."""
        steps, still = list(self._steps), 0.0
        for back in range(1, len(steps) + 1):
            newest = steps[-back:]
            if longest_still_seconds(newest) >= sum(step.seconds for step in newest) - 1e-6:
                still = sum(step.seconds for step in newest)
        return still

    def _compare(self, picture: Picture, scores: Scores) -> None:
        """With what the camera is meant to see."""
        light = light_of(picture)
        reference = self._references.get(light, picture)
        if reference is not None and reference.reduced.shape != picture.reduced.shape:
            reference = None  # set to another shape since; it is learned anew when it is due
        same = reference is None
        if reference is not None:
            same = movement(reference, picture).alignment is Alignment.SAME
            if not same:
                scores[PictureCondition.MOVED] = moved(list(self._last), reference)
            hidden = flatness.detail_lost(reference, picture)
            scores[PictureCondition.COVERED] = max(scores[PictureCondition.COVERED], hidden)
        # One picture that is turned is not yet called moved, and must not be learned either.
        good = same and all(score < RAISED / 2 for score in scores.values())
        self._references.offer(light, picture, good=good)
