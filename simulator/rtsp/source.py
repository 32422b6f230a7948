"""What an RTSP address stands for: the camera's picture of now, or footage of another time."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from simulator.rtsp.rtp import Packets
from simulator.video.film import Film

_CLOCK = re.compile(r"clock=(\d{8}T\d{6}(?:\.\d{1,6})?)Z-(?:(\d{8}T\d{6}(?:\.\d{1,6})?)Z)?", re.ASCII | re.IGNORECASE)


class Viewer(Protocol):
    """Whoever takes the pictures. Nothing here may block but `room`, which ends when the viewer can take more."""

    def picture(self, packets: Packets) -> None: ...

    def report(self, report: bytes) -> None: ...

    def room(self) -> Awaitable[None]: ...

    def ended(self) -> None:
        """There is no more: what was described is another stream now."""


@dataclass(frozen=True, slots=True)
class Play:
    """How it shall be played. Times in µs since 1970 UTC by the device's clock; None: from where it is.

    `paced`: in real time, else as fast as the viewer takes it; `timed`: with ONVIF's time in each picture's header;
    `keyframes`: these only; `sequence`: the request's number.
    """

    begin_us: int | None = None
    end_us: int | None = None
    paced: bool = True
    timed: bool = False
    keyframes: bool = False
    sequence: int = 0


class Source(Protocol):
    """One address."""

    @property
    def film(self) -> Film: ...

    @property
    def ssrc(self) -> int: ...

    def watch(self, viewer: Viewer, play: Play) -> str:
        """Begin; the result is the Range that is played (RFC 2326, 12.29). Raises NothingThereError."""

    def leave(self, viewer: Viewer) -> None: ...


class NothingThereError(LookupError):
    """There is no footage at that time or after it."""


def clock_range(text: str) -> tuple[int, int | None] | None:
    """Of a Range header in absolute time (RFC 2326, 3.7); None: it is another kind. Raises ValueError."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        if text.strip().lower().startswith("clock"):
            raise ValueError("not an absolute time")
        return None
    return _wall_us(found[1]), _wall_us(found[2]) if found[2] else None


def clock_text(wall_us: int) -> str:
    """As in a Range header."""
    moment = datetime.fromtimestamp(wall_us // 1000 / 1e3, UTC)
    return moment.strftime("%Y%m%dT%H%M%S") + f".{moment.microsecond // 1000:03}Z"


def _wall_us(text: str) -> int:
    form = "%Y%m%dT%H%M%S.%f" if "." in text else "%Y%m%dT%H%M%S"
    return round(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() * 1e6)
