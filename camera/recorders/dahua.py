"""Dahua's HTTP API as recorders speak it (DAHUA_HTTP_API: mediaFileFind, storageDevice, configManager): "name=value".

All its times are local, without a zone. They are read as Vietnam's; a recorder that is set to another zone has a clock
that is that much off, which corrects its index by as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpRequest
from camera.interfaces.told import codec_name
from camera.recorders.client import MOST_CHANNELS, VIETNAM_SECONDS, Channel, Disk, Moment, Told, others_address
from camera.recorders.paging import Page, Pages
from camera.recorders.record_settings import RecordSettings
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index, Recorded
from camera.retention.spans import DAY_US
from telemetry.clock import Clock
from telemetry.readings import Fact, ReasonCode

_PAGE_ROWS = 100
_MOST_LINES = 20_000
_REGULAR, _MOTION = 1, 2  # bits of a record schedule's sections
_OFF = "2"  # of RecordMode
_ITEM = re.compile(r"items\[(\d{1,4})\]\.(.+)")
_DISK = re.compile(r"(?:list\.)?info\[(\d{1,3})\]\.(.+)")
_MODE = re.compile(r"table\.RecordMode\[(\d{1,3})\]\.Mode")
_TITLE = re.compile(r"table\.ChannelTitle\[(\d{1,3})\]\.Name")
_SECTION = re.compile(r"table\.Record\[(\d{1,3})\]\.TimeSection\[\d\]\[\d{1,2}\]")
_VIDEO = re.compile(r"table\.Encode\[(\d{1,3})\]\.MainFormat\[0\]\.Video\.(\w+)")  # of regular recording
_REMOTE = re.compile(r"table\.RemoteDevice\..*?_(\d{1,3})\.Address")

Lines = Mapping[str, str]


class DahuaRecorder:
    """A recorder that speaks Dahua's API. `rtsp_port`: None asks the recorder."""

    lag_seconds = 4500.0  # a file may appear only when it is whole, and is an hour long

    def __init__(self, http: CameraHttp, clock: Clock, rtsp_port: int | None = None) -> None:
        self._http = http
        self._clock = clock
        self._rtsp_port = rtsp_port

    async def open(self) -> Told:
        before = self._clock.wall_us()
        told = await self._lines("global.cgi?action=getCurrentTime")
        ours = (before + self._clock.wall_us()) / 2e6
        theirs = _moment_us(told.get("result", ""))
        offset = None if theirs is None else theirs / 1e6 + 0.5 - ours  # it tells whole seconds
        return Told(offset, VIETNAM_SECONDS, await self._facts())

    async def channels(self) -> list[Channel]:
        modes = _by_number(await self._config("RecordMode"), _MODE)
        titles = _by_number(await self._config("ChannelTitle"), _TITLE)
        addresses = _by_number(await self._config("RemoteDevice"), _REMOTE)
        on_motion = _on_motion(await self._config("Record"))
        numbers = sorted({*modes, *titles} or {*addresses})
        return [
            Channel(
                number,
                (titles[number],) if titles.get(number) else (),
                others_address(addresses.get(number, ""), self._http.address.host),
                False if modes.get(number) == _OFF else None,
                on_motion.get(number),
            )
            for number in numbers[:MOST_CHANNELS]
        ]

    async def disks(self) -> list[Disk]:
        told = await self._asked("storageDevice.cgi?action=getDeviceAllInfo")
        return list(_disks(told))

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        wanted = {channel.number for channel in channels}
        found: dict[int, dict[str, str]] = {}
        for name, value in (await self._config("Encode")).items():
            match = _VIDEO.fullmatch(name)
            if match is not None and int(match[1]) + 1 in wanted:
                found.setdefault(int(match[1]) + 1, {})[match[2]] = value
        return {number: _record_settings(video) for number, video in found.items()}

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        found = await self._found(channel, begin_us, end_us)
        if found is not None:
            return found
        # A search that it does not take has the same answer as one without a file: so it is asked for less, too.
        last_day = end_us - DAY_US
        if last_day > begin_us and await self._found(channel, last_day, end_us) is not None:
            detail = "findFile: refused, though there are files of the last day alone"
            raise DeviceFault(ReasonCode.ERROR_ANSWER, detail, answered=True)
        return Index()

    async def _found(self, channel: Channel, begin_us: int, end_us: int) -> Index | None:
        """None where the search itself says that there is nothing."""
        made = await self._lines("mediaFileFind.cgi?action=factory.create")
        finder = made.get("result", "")
        if not finder.isascii() or not finder.isalnum():
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, f"no finder: {finder[:40]!r}", answered=True)
        try:
            if not await self._begins(finder, channel, begin_us, end_us):
                return None
            return await Pages(self._clock).gather(lambda position: self._page(finder))
        finally:
            for action in ("close", "destroy"):  # a recorder has few finders
                await self._asked(f"mediaFileFind.cgi?action={action}&object={finder}")

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        """By the address of its playback; PLAY's Range repeats the moment for those that read it there."""
        if self._rtsp_port is None:
            port = (await self._asked("configManager.cgi?action=getConfig&name=RTSP")).get("table.RTSP.Port", "")
            self._rtsp_port = int(port) if port.isascii() and port.isdecimal() and 0 < int(port) < 65536 else 554
        begin, end = _underscored(at_us), _underscored(at_us + 60_000_000)
        query = f"channel={channel.number}&subtype=0&starttime={begin}&endtime={end}"
        ours = self._http.address
        url = ours.here(f"rtsp://h:{self._rtsp_port}/cam/playback?{query}")
        clock = datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
        return Moment(StreamAddress(url, ours.username, ours.password), f"clock={clock}-", dated=True)

    async def close(self) -> None:
        await self._http.close()

    async def _begins(self, finder: str, channel: Channel, begin_us: int, end_us: int) -> bool:
        """Whether there are files. That there are none it says by status 200 without "OK", or 400 and "Error"; anything
        else is no word about its files. Raises DeviceFault then."""
        condition = (
            f"condition.Channel={channel.number}&condition.Types[0]=dav"
            f"&condition.StartTime={quote(_spaced(begin_us))}&condition.EndTime={quote(_spaced(end_us))}"
        )
        answer = await self._http.ask(
            HttpRequest(_cgi(f"mediaFileFind.cgi?action=findFile&object={finder}&{condition}"))
        )
        told = answer.text().lstrip().lower()[:100]
        if answer.status == 400 and told.startswith("error"):
            return False
        answer.well("mediaFileFind.cgi?action=findFile")
        if told[:1] == "<":
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, "findFile: a page instead of OK", answered=True)
        return "ok" in told

    async def _page(self, finder: str) -> Page:
        told = await self._lines(f"mediaFileFind.cgi?action=findNextFile&object={finder}&count={_PAGE_ROWS}")
        found = told.get("found", "")
        if not found.isascii() or not found.isdecimal():
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, f"findNextFile: {found[:40]!r}", answered=True)
        return Page(list(_files(told)), int(found) > 0, int(found))

    async def _facts(self) -> list[Fact]:
        system = await self._asked("magicBox.cgi?action=getSystemInfo")
        firmware = await self._asked("magicBox.cgi?action=getSoftwareVersion")
        named = {
            "vendor": "Dahua" if system or firmware else "",
            "model": system.get("updateSerial", "") or system.get("deviceType", ""),
            "serial": system.get("serialNumber", ""),
            "firmware": firmware.get("version", "").partition(",")[0],
        }
        return [Fact(name, text[:200]) for name, text in named.items() if text]

    async def _config(self, name: str) -> Lines:
        return await self._asked(f"configManager.cgi?action=getConfig&name={name}")

    async def _asked(self, question: str) -> Lines:
        """An answer that there may not be: models differ."""
        try:
            return await self._lines(question)
        except DeviceFault as fault:
            if fault.ends_all:
                raise
            return {}

    async def _lines(self, question: str) -> Lines:
        answer = (await self._http.ask(HttpRequest(_cgi(question)))).well(question.partition("&")[0])
        text = answer.text()
        if text.lstrip()[:1] == "<":
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, "a page instead of name=value", answered=True)
        pairs = (line.partition("=") for line in text.splitlines()[:_MOST_LINES])
        return {name.strip(): value.strip() for name, _, value in pairs}


def _cgi(question: str) -> str:
    return f"/cgi-bin/{question}"


def _files(told: Lines) -> Iterator[Recorded]:
    items: dict[int, dict[str, str]] = {}
    for name, value in told.items():
        match = _ITEM.fullmatch(name)
        if match is not None:
            items.setdefault(int(match[1]), {})[match[2]] = value
    for item in items.values():
        begin, end = _moment_us(item.get("StartTime", "")), _moment_us(item.get("EndTime", ""))
        if begin is None or end is None or end <= begin:
            continue
        flags = {value.lower() for name, value in item.items() if name.startswith("Flags[")}
        events = [value for name, value in item.items() if name.startswith("Events[") and value]
        by_schedule = bool(flags & {"timing", "manual"})
        on_motion = not by_schedule and bool(events or "event" in flags)
        length = item.get("Length", "")
        size = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else 0
        yield Recorded(begin, end, on_motion, "marked" in flags, size)


def _disks(told: Lines) -> Iterator[Disk]:
    found: dict[int, dict[str, str]] = {}
    for name, value in told.items():
        match = _DISK.fullmatch(name)
        if match is not None:
            found.setdefault(int(match[1]), {})[match[2]] = value
    for number in sorted(found):
        info = found[number]
        total = sum(_figure(value) for name, value in info.items() if name.endswith("TotalBytes"))
        used = sum(_figure(value) for name, value in info.items() if name.endswith("UsedBytes"))
        broken = any(value.lower() == "true" for name, value in info.items() if name.endswith("IsError"))
        state = info.get("State", "").lower()
        healthy = not broken and state not in ("error", "fail", "failed", "abnormal")
        name = info.get("Name", "").rpartition("/")[2] or str(number + 1)
        yield Disk(name[:40], healthy if state or total or broken else None, total, max(0.0, total - used))


def _record_settings(video: Lines) -> RecordSettings:
    sides = (video.get("Width", ""), video.get("Height", ""))
    if not all(map(_count, sides)):
        first, _, second = video.get("resolution", "").lower().partition("x")
        sides = (first, second)
    width, height = map(_count, sides)
    codec = codec_name(video.get("Compression", ""))
    return RecordSettings(codec, width, height, _figure(video.get("FPS", "")), _count(video.get("BitRate", "")))


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _on_motion(told: Lines) -> dict[int, bool]:
    """By channel, whether its schedule ("1 00:00:00-24:00:00") has sections for motion, and none for always."""
    masks: dict[int, int] = {}
    for name, value in told.items():
        match = _SECTION.fullmatch(name)
        mask, _, span = value.partition(" ")
        if match is None or not mask.isdecimal() or span.strip() in ("", "00:00:00-00:00:00"):
            continue
        number = int(match[1]) + 1
        masks[number] = masks.get(number, 0) | int(mask[:9])
    return {number: bool(mask & _MOTION) and not mask & _REGULAR for number, mask in masks.items() if mask}


def _by_number(told: Lines, pattern: re.Pattern[str]) -> dict[int, str]:
    """Its tables count from 0, its channels from 1."""
    found = ((pattern.fullmatch(name), value) for name, value in told.items())
    return {int(match[1]) + 1: value[:200] for match, value in found if match is not None}


def _figure(text: str) -> float:
    try:
        return max(0.0, min(float(text), 1e18))
    except ValueError:
        return 0.0


def _local(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC) + timedelta(seconds=VIETNAM_SECONDS)


def _spaced(at_us: int) -> str:
    return _local(at_us).strftime("%Y-%m-%d %H:%M:%S")


def _underscored(at_us: int) -> str:
    return _local(at_us).strftime("%Y_%m_%d_%H_%M_%S")


def _moment_us(text: str) -> int | None:
    try:
        local = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return round((local - timedelta(seconds=VIETNAM_SECONDS)).timestamp() * 1e6)
    except (ValueError, OverflowError):
        return None
