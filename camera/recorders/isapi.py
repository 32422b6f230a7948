"""Hikvision's ISAPI as recorders speak it (its Developer Guide: ContentMgmt, System): XML over HTTP, digest logins."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element

from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpRequest
from camera.interfaces.told import codec_name
from camera.recorders.client import MOST_CHANNELS, VIETNAM_SECONDS, Channel, Disk, Moment, Told, others_address
from camera.recorders.paging import Page, Pages
from camera.recorders.record_settings import RecordSettings
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index, Recorded
from telemetry import markup
from telemetry.clock import Clock
from telemetry.readings import Fact, ReasonCode

_PAGE_ROWS = 50
_MEGABYTE = 1024 * 1024
_HEALTHY = frozenset({"ok", "idle", "sleeping", "online", "normal", "formatting"})
_CONTINUOUS = frozenset({"timing", "cmr", "manual", "command", "all", ""})  # record types of a schedule or a person
_MAIN_STREAM = 1
_MORE = "MORE"
_ZONE = re.compile(r"[A-Za-z]+([+-]?\d{1,2}):(\d{2})")
_DAYS = re.compile(r"P(\d+)D")


@dataclass(frozen=True, slots=True)
class _Track:
    """A channel's main track as it is configured."""

    enabled: bool
    on_motion: bool | None
    limit_days: float | None


class IsapiRecorder:
    """A recorder that speaks ISAPI. `rtsp_port`: None asks the recorder."""

    lag_seconds = 900.0

    def __init__(self, http: CameraHttp, clock: Clock, rtsp_port: int | None = None) -> None:
        self._http = http
        self._clock = clock
        self._rtsp_port = rtsp_port

    async def open(self) -> Told:
        before = self._clock.wall_us()
        time = await self._get("/ISAPI/System/time")
        ours = (before + self._clock.wall_us()) / 2e6
        zone = _zone_seconds(_text(time, "timeZone"))
        theirs = _moment_us(_text(time, "localTime"), zone)
        offset = None if theirs is None else theirs / 1e6 + 0.5 - ours  # it tells whole seconds
        return Told(offset, zone, await self._facts())

    async def channels(self) -> list[Channel]:
        """Network cameras and analogue inputs, in the order of their numbers."""
        tracks, own = dict(await self._tracks()), self._http.address.host
        found: dict[int, Channel] = {}
        for path, tag in (
            ("/ISAPI/ContentMgmt/InputProxy/channels", "InputProxyChannel"),
            ("/ISAPI/System/Video/inputs/channels", "VideoInputChannel"),
        ):
            for element in _all(await self._asked(path), tag):
                number = _number(_text(element, "id"))
                if 0 < number <= MOST_CHANNELS:
                    name, address = _text(element, "name"), others_address(_text(element, "ipAddress"), own)
                    found.setdefault(number, _channel(number, name, address, tracks.get(number)))
        for number, track in tracks.items():
            found.setdefault(number, _channel(number, "", "", track))
        return [found[number] for number in sorted(found)]

    async def disks(self) -> list[Disk]:
        """A healthy full disk says that 0 MB are free: it overwrites."""
        root = await self._asked("/ISAPI/ContentMgmt/Storage")
        found: list[Disk] = []
        for element in (*_all(root, "hdd"), *_all(root, "nas")):
            status = _text(element, "status").lower()
            name = _text(element, "id") or str(len(found) + 1)
            total = _figure(_text(element, "capacity") or _text(element, "totalCapacity")) * _MEGABYTE
            free = _figure(_text(element, "freeSpace")) * _MEGABYTE
            empty = status in ("notexist", "empty", "")
            found.append(Disk(name[:40], None if empty else status in _HEALTHY, total, min(free, total)))
        return found

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        """Of each channel's main stream, which is what its track n01 takes. What a track says of itself (StreamHint:
        "codecType=H.264-BP, framerate=1.96 fps") is not what is recorded, so that is not read."""
        root = await self._asked("/ISAPI/Streaming/channels")
        wanted = {_track_id(channel): channel.number for channel in channels}
        streams = ((_number(_text(each, "id")), each) for each in _all(root, "StreamingChannel"))
        return {wanted[number]: _record_settings(each) for number, each in streams if number in wanted}

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        search = str(uuid.uuid4()).upper()

        async def page(position: int) -> Page:
            body = _search(search, _track_id(channel), begin_us, end_us, position)
            headers = {"Content-Type": "application/xml"}
            root = await self._xml(HttpRequest("/ISAPI/ContentMgmt/search", "POST", body, headers))
            items = list(_all(root, "searchMatchItem"))
            status = _text(root, "responseStatusStrg").strip().upper()
            refused = _text(root, "responseStatus").lower() == "false" and not status.startswith("NO MATCH")
            if root.tag != "CMSearchResult" or refused:
                raise DeviceFault(ReasonCode.ERROR_ANSWER, f"search: {status or root.tag}"[:80], answered=True)
            return Page([each for item in items for each in _recorded(item)], status == _MORE, len(items))

        return await Pages(self._clock).gather(page)

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        """By the address of the channel's track; PLAY's Range repeats the moment for those that read it there."""
        if self._rtsp_port is None:
            self._rtsp_port = await self._find_rtsp_port()
        begin, end = _compact(at_us), _compact(at_us + 60_000_000)
        url = f"rtsp://h:{self._rtsp_port}/Streaming/tracks/{_track_id(channel)}?starttime={begin}&endtime={end}"
        ours = self._http.address
        address = StreamAddress(ours.here(url), ours.username, ours.password)
        return Moment(address, f"clock={begin}-", dated=True)

    async def close(self) -> None:
        await self._http.close()

    async def _facts(self) -> list[Fact]:
        root = await self._asked("/ISAPI/System/deviceInfo")
        named = {"model": "model", "serial": "serialNumber", "firmware": "firmwareVersion", "name": "deviceName"}
        texts = {name: _text(root, tag)[:200] for name, tag in named.items()}
        vendor = _text(root, "manufacturer").capitalize()[:200]
        return [Fact(name, text) for name, text in {"vendor": vendor, **texts}.items() if text]

    async def _tracks(self) -> list[tuple[int, _Track]]:
        root = await self._asked("/ISAPI/ContentMgmt/record/tracks")
        found = []
        for element in _all(root, "Track"):
            number = _number(_text(element, "id"))
            if number % 100 != _MAIN_STREAM or not 0 < number // 100 <= MOST_CHANNELS:
                continue
            modes = {text.lower() for text in markup.texts(element, "ActionRecordingMode", "DefaultRecordingMode")}
            days = _DAYS.match(_text(element, "Duration"))
            limit = float(days[1]) if days and int(days[1]) else None
            on_motion = None if not modes else not modes & _CONTINUOUS
            found.append((number // 100, _Track(_text(element, "Enable").lower() != "false", on_motion, limit)))
        return found

    async def _find_rtsp_port(self) -> int:
        root = await self._asked("/ISAPI/Security/adminAccesses")
        for element in _all(root, "AdminAccessProtocol"):
            if _text(element, "protocol").upper() == "RTSP":
                return _number(_text(element, "portNo")) or 554
        return 554

    async def _asked(self, path: str) -> Element:
        """An answer that there may not be: models differ. Raises DeviceFault only where nothing can be asked at all."""
        try:
            return await self._get(path)
        except DeviceFault as fault:
            if fault.ends_all:
                raise
            return Element("nothing")

    async def _get(self, path: str) -> Element:
        return await self._xml(HttpRequest(path))

    async def _xml(self, request: HttpRequest) -> Element:
        answer = (await self._http.ask(request)).well(urlsplit(request.path).path)
        try:
            return markup.parse(answer.body)
        except markup.MarkupError as error:
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, str(error)[:200], answered=True) from error


def _channel(number: int, name: str, address: str, track: _Track | None) -> Channel:
    names = tuple(each for each in (name[:200], f"{number}{_MAIN_STREAM:02d}") if each)
    if track is None:
        return Channel(number, names, address)
    return Channel(number, names, address, None if track.enabled else False, track.on_motion, track.limit_days)


def _record_settings(stream: Element) -> RecordSettings:
    """One StreamingChannel. Its frame rate is in hundredths, 0 for all that the camera gives."""
    varies = _text(stream, "videoQualityControlType").upper() == "VBR"
    kbps = _number(_text(stream, "vbrUpperCap" if varies else "constantBitRate"))
    return RecordSettings(
        codec_name(_text(stream, "videoCodecType")),
        _number(_text(stream, "videoResolutionWidth")),
        _number(_text(stream, "videoResolutionHeight")),
        _number(_text(stream, "maxFrameRate")) / 100,
        kbps,
    )


def _track_id(channel: Channel) -> int:
    return channel.number * 100 + _MAIN_STREAM


def _search(search: str, track: int, begin_us: int, end_us: int, position: int) -> bytes:
    """CMSearchDescription; `searchResultPostion` is how it is spelt."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<CMSearchDescription version="1.0" xmlns="http://www.isapi.org/ver20/XMLSchema">'
        f"<searchID>{search}</searchID><trackList><trackID>{track}</trackID></trackList>"
        f"<timeSpanList><timeSpan><startTime>{_iso(begin_us)}</startTime><endTime>{_iso(end_us)}</endTime></timeSpan>"
        f"</timeSpanList><maxResults>{_PAGE_ROWS}</maxResults><searchResultPostion>{position}</searchResultPostion>"
        "<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList>"
        "</CMSearchDescription>"
    ).encode()


def _recorded(item: Element) -> Iterator[Recorded]:
    """One searchMatchItem; nothing where its times are none."""
    begin = _moment_us(_text(item, "startTime"), 0.0)
    end = _moment_us(_text(item, "endTime"), 0.0)
    if begin is None or end is None or end <= begin:
        return
    descriptors = [text.rpartition("/")[2].lower() for text in markup.texts(item, "metadataDescriptor")]
    on_motion = bool(descriptors) and not any(each in _CONTINUOUS for each in descriptors)
    locked = _text(item, "lockStatus").lower() == "lock"
    yield Recorded(begin, end, on_motion, locked, _size(_text(item, "playbackURI")))


def _size(uri: str) -> int:
    """The file's bytes, which stand in its address."""
    with contextlib.suppress(ValueError):
        sizes = parse_qs(urlsplit(uri).query).get("size", ["0"])
        return max(0, _number(sizes[0]))
    return 0


def _moment_us(text: str, zone_seconds: float) -> int | None:
    """ISO 8601; without an offset it is in the given zone. None for what is no time. A "Z" is taken at its word;
    whether it lies is judged by the whole index (camera.retention.index)."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) - timedelta(seconds=zone_seconds)
        return round(moment.timestamp() * 1e6)
    except (ValueError, OverflowError):
        return None


def _zone_seconds(text: str) -> float:
    """ "CST-7:00:00" (POSIX: west is positive) → 25200."""
    found = _ZONE.match(text.strip())
    if found is None:
        return VIETNAM_SECONDS
    hours = int(found[1])
    seconds = abs(hours) * 3600 + int(found[2]) * 60
    return float(seconds if hours < 0 else -seconds)


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _compact(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _all(root: Element, tag: str) -> Iterator[Element]:
    return root.iter(tag)


def _text(root: Element, tag: str) -> str:
    return next(markup.texts(root, tag), "")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def _figure(text: str) -> float:
    return float(_number(text.partition(".")[0]))
