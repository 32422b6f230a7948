"""What is asked of a recorder, whatever it speaks.

Times that go in and out are the recorder's own, as µs since 1970 of what it calls UTC; how they become true is
`camera.retention.index`'s. Every call raises camera.faults.DeviceFault and nothing else, and is bounded in pages, rows
and time: an index that does not end comes back as one that is not complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from camera.recorders.record_settings import RecordSettings
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index
from telemetry.readings import Fact

MOST_CHANNELS = 256
MOST_PAGES = 1500
MOST_ROWS = 60_000
MOST_STALE_PAGES = 30  # in a row without anything new
MOST_SECONDS = 120.0  # for the index of one channel
VIETNAM_SECONDS = 7 * 3600.0  # the zone of a recorder that does not tell its own


@dataclass(frozen=True, slots=True)
class Channel:
    """`number`: from 1. `names`: all by which the recorder calls it. `address`: of the camera behind it, where told.

    `recording`: whether it records now; `on_motion`: whether it is told to record on motion only; `limit_days`: how
    long it is told to keep at most; None where it does not say.
    """

    number: int
    names: tuple[str, ...] = ()
    address: str = ""
    recording: bool | None = None
    on_motion: bool | None = None
    limit_days: float | None = None
    latest_us: int | None = None  # the newest moment that it names, where it names one beside the index
    tokens: tuple[str, ...] = ()  # ONVIF's recordings of this channel


@dataclass(frozen=True, slots=True)
class Disk:
    """`healthy` is None for a slot that is empty or a disk of which it does not say."""

    name: str
    healthy: bool | None
    total_bytes: float
    free_bytes: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Where footage of a moment is to be had. `range_`: the Range of PLAY (RFC 2326, 12.29). `dated`: the address
    itself says the moment, so that it may do without the Range."""

    address: StreamAddress
    range_: str
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """The recorder's clock less ours, as it tells it, and the zone (seconds ahead of UTC) that it is set to."""

    clock_offset_seconds: float | None
    zone_seconds: float = VIETNAM_SECONDS
    facts: Sequence[Fact] = field(default=())


class RecorderClient(Protocol):
    """One recorder. Not for several tasks at once."""

    lag_seconds: float  # how much later than it was recorded something may appear in the index

    async def open(self) -> Told:
        """Whether it is there and takes the password, and what it says of itself."""

    async def channels(self) -> list[Channel]:
        """In its own order; empty where it does not tell them."""

    async def disks(self) -> list[Disk]:
        """Empty where it does not tell."""

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        """What it is set to record of each of these channels, by their numbers; without those of which it does not
        tell."""

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        """What it says that it holds of a channel from `begin_us` to `end_us`."""

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        """Where it replays a moment."""

    async def close(self) -> None:
        """Give back what is held."""


def find(channels: Sequence[Channel], wanted: str | None, address: str = "") -> Channel | None:
    """The channel that a camera's configuration means: by a name of the recorder's, by its number, or where none is
    configured by the camera's own address. A number that the recorder does not list is asked all the same."""
    if wanted is None:
        by_address = [each for each in channels if address and _host(each.address) == address.lower()]
        if len(by_address) == 1:
            return by_address[0]
        return channels[0] if len(channels) == 1 else None
    called = [each for each in channels if wanted.lower() in (name.lower() for name in each.names)]
    if len(called) == 1:
        return called[0]
    if not wanted.isascii() or not wanted.isdecimal():
        return None
    number = int(wanted)
    return next((each for each in channels if each.number == number), None) or _unlisted(channels, number)


def _unlisted(channels: Sequence[Channel], number: int) -> Channel | None:
    """Of a recorder whose channels are only numbers; one with recordings of its own has what it lists."""
    return None if any(each.tokens for each in channels) or not 0 < number <= MOST_CHANNELS else Channel(number)


def _host(address: str) -> str:
    """ "http://192.168.10.31:80/onvif" → "192.168.10.31"."""
    rest = address.partition("://")[2] or address
    return rest.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
