"""What a recorder is set to record of a camera, beside what the camera really sends. Pure.

Codec and size must be the same. A frame rate may differ by a quarter (25 of a limit of 30 is what a 25 Hz sensor
gives); a bitrate is a ceiling nearly everywhere, so only half as much again counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

FRAME_RATE_SHARE, FRAME_RATE_LEAST_HZ = 0.25, 2.0
BITRATE_SHARE = 0.5
_SPELT = {"h264": "H.264", "h265": "H.265"}


class Difference(StrEnum):
    """What is not as it is set. Codec and size are so or not; RATES are measured, over some seconds."""

    CODEC = "codec"
    SIZE = "size"
    FRAME_RATE = "frame_rate"
    BITRATE = "bitrate"


RATES = frozenset({Difference.FRAME_RATE, Difference.BITRATE})


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """A channel's main stream as its recorder is set to take it. `codec` as our bitstream names it (h264, h265), else
    as the recorder does; empty and 0 where it does not say."""

    codec: str = ""
    width: int = 0
    height: int = 0
    frame_rate_hz: float = 0.0
    kbps: int = 0

    @property
    def is_known(self) -> bool:
        """Whether there is anything to compare with."""
        return bool(self.codec or (self.width and self.height))

    def __str__(self) -> str:
        size = f"{self.width}×{self.height}" if self.width and self.height else ""
        rate = f"{self.frame_rate_hz:g} fps" if self.frame_rate_hz else ""
        return ", ".join(
            filter(None, (_SPELT.get(self.codec, self.codec), size, rate, f"{self.kbps} kbit/s" if self.kbps else ""))
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """A stream as it was measured; None where it is too early to say."""

    codec: str
    width: int
    height: int
    frame_rate_hz: float | None = None
    bits_per_second: float | None = None


def differences(told: RecordSettings, sent: Sent) -> list[Difference] | None:
    """In what the stream differs from the recorder's settings; None where the recorder says too little to tell."""
    if not told.is_known:
        return None
    found = []
    if told.codec and told.codec != sent.codec:
        found.append(Difference.CODEC)
    if told.width and told.height and (told.width, told.height) != (sent.width, sent.height):
        found.append(Difference.SIZE)
    if told.frame_rate_hz and sent.frame_rate_hz is not None:
        allowed = max(FRAME_RATE_LEAST_HZ, FRAME_RATE_SHARE * told.frame_rate_hz)
        if abs(sent.frame_rate_hz - told.frame_rate_hz) > allowed:
            found.append(Difference.FRAME_RATE)
    if told.kbps and (sent.bits_per_second or 0.0) > (1 + BITRATE_SHARE) * 1000 * told.kbps:
        found.append(Difference.BITRATE)
    return found
