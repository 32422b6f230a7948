"""What a recorder of a test holds, and pictures to replay it with."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

from camera.retention.spans import DAY_US, HOUR_US
from telemetry.clock import SystemClock

US = 1_000_000


@dataclass(frozen=True)
class Piece:
    """One entry of an index, by true time."""

    begin_us: int
    end_us: int
    motion: bool = False
    locked: bool = False


def hours(begin_us: int, end_us: int, *, motion: bool = False) -> list[Piece]:
    """Files of an hour without a gap."""
    return [Piece(at, min(at + HOUR_US, end_us), motion) for at in range(begin_us, end_us, HOUR_US)]


@dataclass
class Holdings:
    """`channels`: by number. `ahead`: seconds, of the recorder's clock. `zone_lie`: seconds by which what it calls UTC
    in its index is ahead of that. `full`: its disk has no room left."""

    channels: dict[int, list[Piece]]
    now_us: int = field(default_factory=lambda: SystemClock().wall_us())
    ahead: float = 0.0
    zone_lie: float = 0.0
    full: bool = True
    disk_ok: bool = True
    recording: bool = True

    def before(self, days: float) -> int:
        return self.now_us - round(days * DAY_US)

    def told(self, channel: int) -> list[Piece]:
        """As the recorder writes it."""
        by = round((self.ahead + self.zone_lie) * US)
        return [
            Piece(each.begin_us + by, each.end_us + by, each.motion, each.locked)
            for each in self.channels.get(channel, [])
        ]

    def holds(self, channel: int, told_us: int) -> bool:
        return any(each.begin_us <= told_us < each.end_us for each in self.told(channel))


def month(*, days: float = 40.0, channels: int = 1) -> Holdings:
    """Everything of the last `days` days."""
    made = Holdings({})
    made.channels = {number: hours(made.before(days), made.now_us) for number in range(1, channels + 1)}
    return made


@lru_cache(maxsize=2)
def keyframe(codec: str = "libx264") -> list[bytes]:
    """The NAL units of one picture with its parameter sets."""
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 240, "yuv420p", Fraction(1, 25)
    encoder.options = {"tune": "zerolatency", "x265-params": "log-level=none"}
    steps = np.linspace(0, 255, 320, dtype=np.uint8)
    picture = av.VideoFrame.from_ndarray(np.dstack([np.tile(steps, (240, 1))] * 3), format="rgb24")
    picture = picture.reformat(format="yuv420p")
    data = b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
    parts = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]
