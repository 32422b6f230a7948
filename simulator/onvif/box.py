"""What a camera or recorder is to those who ask it by any of its protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.model.machine import Plate
from simulator.recorder.book import Book
from simulator.rtsp.gate import Gate
from simulator.scene.lens import Lens
from simulator.video.film import Quality


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a channel and where it is watched: known only when the ports are open. `hevc`: whether it is set to
    H.265 (else H.264); a recorder goes on being set to what it was, whatever a camera sends."""

    token: str
    quality: Quality
    address: Callable[[], str]
    hevc: Callable[[], bool] = lambda: False

    @property
    def uri(self) -> str:
        return self.address()

    @property
    def compression(self) -> str:
        """As makers write it."""
        return "H.265" if self.hevc() else "H.264"


@dataclass(frozen=True, slots=True)
class Channel:
    """One picture. `number` from 1 on; `source`: where the camera itself is watched; `snapshot`: a JPEG of now;
    `reachable`: whether there is a picture; `lens`: what befell it, where the device looks for that itself."""

    number: int
    name: str
    location: str
    source: Callable[[], str]
    streams: tuple[Stream, ...]
    snapshot: Callable[[], bytes]
    reachable: Callable[[], bool]
    lens: Callable[[], Lens] | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The device. `port`: of its web services; `playback`: where a channel's footage is replayed."""

    plate: Plate
    mac: str
    web_port: Callable[[], int]
    wall_us: Callable[[], int]
    gate: Callable[[], Gate]
    channels: Sequence[Channel]
    book: Book | None = None
    playback: Callable[[int], str] = field(default=lambda number: "")

    @property
    def port(self) -> int:
        return self.web_port()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def channel(self, number: int) -> Channel | None:
        return next((one for one in self.channels if one.number == number), None)
