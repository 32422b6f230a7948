"""What is asked of a recorder, whatever it speaks.

Times that go in and out are the recorder's own, as µs since 1970 of what it calls UTC; how they become true is
`camera.retention.index`'s. Every call raises camera.faults.DeviceFault and nothing else, and is bounded in pages, rows
and time: an index that does not end comes back as one that is not complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
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
    is_numbered: bool = True  # by the recorder; else `number` is a place in a list, which may be another's tomorrow


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
    configured by the camera's own address. A number that the recorder does not list is asked all the same; one whose
    channel is, as the recorder says, of a camera elsewhere, is none of this camera's.

    `address`: of the camera; "" where it says nothing of it, as of one on the recorder's own ports.
    """
    if wanted is None:
        only = channels[0] if len(channels) == 1 and (not address or _tells_nothing(channels[0].address)) else None
        return _at(channels, address) or only
    called = [each for each in channels if wanted.lower() in (name.lower() for name in each.names)]
    if len(called) == 1:
        found: Channel | None = called[0]
    elif not wanted.isascii() or not wanted.isdecimal():
        found = None
    elif not all(each.is_numbered for each in channels):
        found = _at(channels, address)
    else:
        number = int(wanted)
        found = next((each for each in channels if each.number == number), None) or _unlisted(channels, number)
    return None if found is not None and wanted.isdecimal() and _differ(found.address, address) else found


def assigned(channels: Sequence[Channel], wanted: Sequence[tuple[str | None, str]]) -> list[Channel | None]:
    """The channel of each camera (its configured channel and address, as `find` takes them), none of them twice: of
    cameras that mean one channel it is the one's whose address the recorder tells for it, or nobody's."""
    found = [find(channels, *each) for each in wanted]
    takers: dict[int, list[int]] = {}
    for place, channel in enumerate(found):
        if channel is not None:
            takers.setdefault(channel.number, []).append(place)
    for places in takers.values():
        mine = [place for place in places if _is_of(found[place], wanted[place][1])]
        for place in places if len(places) > 1 else ():
            if mine != [place]:
                found[place] = None
    return found


def _at(channels: Sequence[Channel], address: str) -> Channel | None:
    """The one whose camera has this address, as the recorder says."""
    found = [each for each in channels if _is_of(each, address)]
    return found[0] if len(found) == 1 else None


def _is_of(channel: Channel | None, address: str) -> bool:
    return channel is not None and bool(address) and _host(channel.address) == address.lower()


def _unlisted(channels: Sequence[Channel], number: int) -> Channel | None:
    """Of a recorder whose channels are only numbers; one with recordings of its own has what it lists."""
    return None if any(each.tokens for each in channels) or not 0 < number <= MOST_CHANNELS else Channel(number)


def _differ(told: str, configured: str) -> bool:
    """Whether both are IP addresses of cameras, and not the same. A name may stand for any address."""
    if _tells_nothing(told) or _tells_nothing(configured):
        return False
    try:
        return ip_address(_host(told)) != ip_address(_host(configured))
    except ValueError:
        return False


def _tells_nothing(address: str) -> bool:
    """Whether it is no camera's: none, this machine's, or what a recorder writes for an input without a camera
    (0.0.0.0, 192.168.0.0)."""
    host = _host(address)
    try:
        ip = ip_address(host)
    except ValueError:
        return not host
    return ip.is_loopback or ip.is_unspecified or ip.is_link_local or ip.packed[-1] == 0


def _host(address: str) -> str:
    """ "http://192.168.10.31:80/onvif" → "192.168.10.31"."""
    rest = address.partition("://")[2] or address
    return rest.partition("/")[0].rpartition("@")[2].partition(":")[0].lower()


def others_address(told: str, own_host: str) -> str:
    """The address that a recorder tells of a camera; "" where it is the recorder's own, which names no camera."""
    return "" if _host(told) == own_host.lower() else told
