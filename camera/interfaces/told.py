"""What any camera's own interface tells, whoever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from telemetry.live import StreamName
from telemetry.readings import Fact, Reading, Reason


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What a stream is set to, and where it is. `codec` as our bitstream names it (h264, h265), else as the camera
    does; empty and 0 where it does not say. `url` without credentials."""

    url: str
    codec: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """`reason`: why part of it is missing. `streams` is empty where that was not asked this time, or not answered.
    `says_news`: the camera says of its own picture what it did not say before; that is a reason to look at once."""

    facts: Sequence[Fact] = ()
    readings: Sequence[Reading] = ()
    streams: Mapping[StreamName, StreamSettings] = field(default_factory=dict)
    reason: Reason | None = None
    says_news: bool = False


class CameraInterface(Protocol):
    """Raises DeviceFault. Not for several tasks at once."""

    async def ask(self) -> Told:
        """All that it tells."""

    async def close(self) -> None:
        """Give back connections."""


_CODECS = {"h264": "h264", "h.264": "h264", "h265": "h265", "h.265": "h265", "hevc": "h265"}


def codec_name(given: str) -> str:
    """ "H.265+" → h265; as it is where it is none that is known."""
    name = given.strip().lower().rstrip("+").removesuffix("h").removesuffix("b")
    return _CODECS.get(name, given.strip()[:40])


def main_and_sub(found: Sequence[StreamSettings]) -> dict[StreamName, StreamSettings]:
    """The first is the main stream, the second the sub-stream."""
    return dict(zip((StreamName.MAIN, StreamName.SUB), found, strict=False))
