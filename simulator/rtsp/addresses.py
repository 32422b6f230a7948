"""What the RTSP addresses of cameras and recorders look like, by the maker's manner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol
from urllib.parse import parse_qs

from simulator.video.film import MAIN, SUB

_VIETNAM = timezone(timedelta(hours=7))


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


class PlainAddresses:
    """A camera of one channel: /main, /sub."""

    def live(self, channel: int, stream: str) -> str:
        return stream

    def replay(self, channel: int) -> str:
        raise NotImplementedError("a camera replays nothing")

    def wanted(self, path: str, query: str) -> Wanted | None:
        return Wanted(1, path) if path in (MAIN.path, SUB.path) else None


class HikvisionAddresses:
    """/Streaming/Channels/101 and 102, also below /ISAPI; footage: /Streaming/tracks/101?starttime=20260131T080000Z.

    `zulu_is_local`: Z or not, it is the recorder's own time of day.
    """

    _path = re.compile(r"(?:isapi/)?streaming/(channels|tracks)/(\d{1,3})0([12])", re.ASCII | re.IGNORECASE)

    def __init__(self, *, zulu_is_local: bool = False) -> None:
        self._zone = _VIETNAM if zulu_is_local else UTC

    def live(self, channel: int, stream: str) -> str:
        return f"Streaming/Channels/{channel}0{1 if stream == MAIN.path else 2}"

    def replay(self, channel: int) -> str:
        return f"Streaming/tracks/{channel}01"

    def wanted(self, path: str, query: str) -> Wanted | None:
        found = self._path.fullmatch(path.rstrip("/"))
        if found is None:
            return None
        stream = MAIN.path if found[3] == "1" else SUB.path
        if found[1].lower() == "channels":
            return Wanted(int(found[2]), stream)
        begin, end = _times(query.upper(), "STARTTIME", "ENDTIME", ("%Y%m%dT%H%M%SZ",), self._zone)
        return Wanted(int(found[2]), stream, True, begin, end)


class DahuaAddresses:
    """/cam/realmonitor?channel=1&subtype=0; footage: /cam/playback?channel=1&subtype=0&starttime=2026_01_31_15_00_00,
    in the recorder's own time of day."""

    def live(self, channel: int, stream: str) -> str:
        return f"cam/realmonitor?channel={channel}&subtype={0 if stream == MAIN.path else 1}"

    def replay(self, channel: int) -> str:
        return f"cam/playback?channel={channel}&subtype=0"

    def wanted(self, path: str, query: str) -> Wanted | None:
        told = parse_qs(query)
        channel, subtype = told.get("channel", [""])[0], told.get("subtype", ["0"])[0]
        if path not in ("cam/realmonitor", "cam/playback") or not channel.isdecimal() or subtype not in ("0", "1"):
            return None
        stream = MAIN.path if subtype == "0" else SUB.path
        if path == "cam/realmonitor":
            return Wanted(int(channel), stream)
        begin, end = _times(query, "starttime", "endtime", ("%Y_%m_%d_%H_%M_%S",), _VIETNAM)
        return Wanted(int(channel), stream, True, begin, end)


def _times(query: str, first: str, last: str, forms: tuple[str, ...], zone: timezone) -> tuple[int | None, int | None]:
    """Moments in µs since 1970 UTC; what is no time is none."""
    told = parse_qs(query)

    def moment(name: str) -> int | None:
        for form in forms:
            try:
                read = datetime.strptime(told.get(name, [""])[0], form)
            except ValueError:
                continue
            return round(read.replace(tzinfo=zone).timestamp()) * 1_000_000
        return None

    return moment(first), moment(last)
