"""What some seconds showed: the pictures that were taken of them, and what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from camera.bitstream.stream_facts import StreamFacts
from camera.picture.conditions import RAISED, PictureCondition, Scores
from camera.picture.judge import judge
from camera.picture.picture import Picture

EVERY_SECONDS = 0.5
MOST_PICTURES = 400
_MOST_WIDTH = 1920  # beyond it a picture is reduced before it is kept


class NothingToSeeError(Exception):
    """No picture could be had; `key` names the words for it (edge_agent's texts, "inspect")."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(f"{key}: {detail}")
        self.key = key
        self.detail = detail


@dataclass(frozen=True, slots=True)
class StreamReport:
    """None where it cannot be known: a level of a codec that has none, the interval of a single keyframe."""

    codec: str
    profile: str | None
    level: str | None
    width: int
    height: int
    fps: float | None
    bitrate_kbps: float | None
    keyframe_interval_seconds: float | None


@dataclass(slots=True)
class Look:
    """Filled while the seconds go by; times are the stream's own, in seconds."""

    pictures: list[Picture] = field(default_factory=list)
    keyframes: list[float] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0
    first: float | None = None
    last: float = 0.0
    size: tuple[int, int] = (0, 0)

    def packet(self, size: int, at: float, *, keyframe: bool) -> None:
        self.bytes += size
        self.frames += 1
        self.first = at if self.first is None else min(self.first, at)
        self.last = max(self.last, at)
        if keyframe:
            self.keyframes.append(at)

    def frame(self, frame: Any, at: float) -> None:
        """A decoded one, kept where half a second has passed since the last that was."""
        size = (frame.width, frame.height)
        if size != self.size:  # the camera was set to another size: what came before shows another stream
            self.size = size
            self.pictures.clear()
        if len(self.pictures) < MOST_PICTURES and (
            not self.pictures or at - self.pictures[-1].at >= EVERY_SECONDS - 0.02
        ):
            if frame.width > _MOST_WIDTH:
                frame = frame.reformat(_MOST_WIDTH, round(frame.height * _MOST_WIDTH / frame.width) // 2 * 2)
            self.pictures.append(Picture.from_frame(frame, at))

    @property
    def seconds(self) -> float:
        return self.last - (self.last if self.first is None else self.first)

    def report(self, facts: StreamFacts | None, codec: str, claimed_hz: float | None) -> StreamReport:
        """`facts`: of the bitstream, where it has a parameter set; `codec`: its name all the same."""
        measured = (self.frames - 1) / self.seconds if self.frames > 1 and self.seconds > 0 else None
        rate = measured if claimed_hz is None else claimed_hz
        kbps = None
        if measured:
            kbps = 8 * self.bytes / 1000 / (self.seconds + 1 / measured)
        steps = [after - before for before, after in zip(self.keyframes, self.keyframes[1:], strict=False)]
        interval = sum(steps) / len(steps) if steps else None
        width, height = self.size if facts is None else (facts.width, facts.height)
        return StreamReport(
            codec if facts is None else facts.codec,
            None if facts is None else facts.profile,
            None if facts is None else facts.level,
            width,
            height,
            None if rate is None else round(rate, 2),
            None if kbps is None else round(kbps, 1),
            None if interval is None else round(interval, 2),
        )


@dataclass(frozen=True, slots=True)
class Inspected:
    """The outcome."""

    stream: StreamReport
    scores: Scores

    @property
    def conditions(self) -> Sequence[PictureCondition]:
        return [condition for condition, score in self.scores.items() if score >= RAISED]


def inspected(look: Look, stream: StreamReport, reference: Picture | None) -> Inspected:
    """Raises NothingToSeeError where no picture came."""
    if not look.pictures:
        raise NothingToSeeError("no_picture")
    return Inspected(stream, judge(look.pictures, reference))


def reference_from(path: str) -> Picture:
    """An image file. Raises NothingToSeeError."""
    import cv2

    pixels = cv2.imread(path, cv2.IMREAD_COLOR)
    if pixels is None or min(pixels.shape[:2]) < 16:
        raise NothingToSeeError("no_reference", path)
    return Picture.from_bgr(pixels)
