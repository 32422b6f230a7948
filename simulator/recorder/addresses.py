"""What a recorder's RTSP addresses look like: `where` says them, `wanted` reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from simulator.video.film import MAIN, SUB


@dataclass(frozen=True, slots=True)
class Wanted:
    """`stream`: "main" or "sub"; `replay`: footage, between these moments (µs, the recorder's clock) where told."""

    channel: int
    stream: str
    replay: bool = False
    begin_us: int | None = None
    end_us: int | None = None


class Addresses(Protocol):
    """One maker's manner. Paths without the slash before them."""

    def live(self, channel: int, stream: str) -> str: ...

    def replay(self, channel: int) -> str: ...

    def wanted(self, path: str, query: str) -> Wanted | None:
        """None: nothing of ours."""


class OnvifAddresses:
    """ONVIF leaves it to the device: /live/1/main, /replay/1."""

    _path = re.compile(r"(?:live/(\d{1,3})/(main|sub)|replay/(\d{1,3}))", re.ASCII)

    def live(self, channel: int, stream: str) -> str:
        return f"live/{channel}/{stream}"

    def replay(self, channel: int) -> str:
        return f"replay/{channel}"

    def wanted(self, path: str, query: str) -> Wanted | None:
        found = self._path.fullmatch(path)
        if found is None:
            return None
        if found[3]:
            return Wanted(int(found[3]), MAIN.path, replay=True)
        return Wanted(int(found[1]), SUB.path if found[2] == SUB.path else MAIN.path)
