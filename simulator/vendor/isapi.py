"""Hikvision's ISAPI, as its recorders and cameras answer it: XML over HTTP with digest authentication.

Hikvision's "ISAPI Developer Guide": System, Streaming, ContentMgmt. A track is channel × 100 + stream.
"""

from __future__ import annotations

import asyncio
import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from xml.etree.ElementTree import Element, ParseError, fromstring

from simulator.net.digest import Digest
from simulator.net.http import Request, Response
from simulator.onvif.box import Box, Channel, Stream
from simulator.onvif.xml import Xml, joined, tag
from simulator.recorder.book import Book, File
from simulator.recorder.tape import SECOND, VIETNAM
from simulator.rtsp.addresses import HikvisionAddresses

MOST_MATCHES = 40  # in one answer, whatever was asked for
_NAMESPACE = "http://www.hikvision.com/ver20/XMLSchema"
_MEGABYTE = 1024 * 1024
_DAILY = re.compile(r"/ISAPI/ContentMgmt/record/tracks/(\d{3,5})/dailyDistribution", re.ASCII)
_PICTURE = re.compile(r"/ISAPI/Streaming/channels/(\d{1,3})0[12]/picture", re.ASCII)


class IsapiServer:
    """One device. `zulu_is_local`: it writes Z behind its own time of day, as some firmware does."""

    def __init__(self, box: Box, *, zulu_is_local: bool = False) -> None:
        self._box = box
        self._digest = Digest(box.gate)
        self._zone = VIETNAM if zulu_is_local else UTC
        self._addresses = HikvisionAddresses(zulu_is_local=zulu_is_local)
        self._get: dict[str, Callable[[], Xml]] = {
            "/ISAPI/System/deviceInfo": self._device,
            "/ISAPI/System/time": self._time,
            "/ISAPI/Security/adminAccesses": self._ports,
            "/ISAPI/Streaming/channels": self._streams,
            "/ISAPI/System/Video/inputs/channels": self._inputs,
        }
        if box.book is not None:
            self._get |= {
                "/ISAPI/ContentMgmt/InputProxy/channels": self._channels,
                "/ISAPI/ContentMgmt/InputProxy/channels/status": self._channel_states,
                "/ISAPI/ContentMgmt/Storage": lambda: _storage(box.book),
                "/ISAPI/ContentMgmt/record/tracks": self._tracks,
            }

    async def answer(self, request: Request) -> Response:
        if not self._digest.admits(request):
            return self._digest.challenge(_status(4, "Invalid Operation", "badAuthorization"), "application/xml")
        path = request.path.partition("?")[0].rstrip("/")
        picture = _PICTURE.fullmatch(path)
        if picture is not None and request.method == "GET":
            channel = self._box.channel(int(picture[1]))
            if channel is not None and channel.reachable():
                return Response(body=await asyncio.to_thread(channel.snapshot), content_type="image/jpeg")
        told = self._get.get(path)
        if told is not None:
            if request.method != "GET":
                return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "methodNotAllowed")
            return _answer(told())
        return self._posted(request, path)

    def _posted(self, request: Request, path: str) -> Response:
        book, daily = self._box.book, _DAILY.fullmatch(path)
        if book is None or not (daily or path == "/ISAPI/ContentMgmt/search"):
            return _refused(HTTPStatus.NOT_FOUND, "notSupport")
        if request.method != "POST":
            return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "methodNotAllowed")
        try:
            root = fromstring(request.body)
            return _answer(self._days(book, int(daily[1]), root) if daily else self._found(book, root))
        except (ParseError, ValueError, KeyError):
            return _refused(HTTPStatus.BAD_REQUEST, "badXmlContent")

    def _device(self) -> Xml:
        plate = self._box.plate
        kind = "NVR" if self._box.book is not None else "IPCamera"
        told = {"deviceName": plate.name or plate.id, "deviceID": plate.serial, "model": plate.model}
        told |= {"serialNumber": plate.serial, "macAddress": self._box.mac, "firmwareVersion": plate.firmware}
        told |= {"firmwareReleasedDate": "build 250101", "deviceType": kind, "telecontrolID": "255"}
        return _tagged("DeviceInfo", *(tag(name, value) for name, value in told.items()))

    def _time(self) -> Xml:
        local = datetime.fromtimestamp(self._box.wall_us() // SECOND, VIETNAM).isoformat()
        told = (tag("timeMode", "manual"), tag("localTime", local), tag("timeZone", "CST-7:00:00"))
        return _tagged("Time", *told)

    def _ports(self) -> Xml:
        rtsp = self._box.channels[0].streams[0].uri.split("/")[2].rpartition(":")[2] if self._box.channels else "554"
        one = [
            tag(
                "AdminAccessProtocol",
                tag("id", number),
                tag("enabled", True),
                tag("protocol", name),
                tag("portNo", port),
            )
            for number, (name, port) in enumerate((("HTTP", str(self._box.port)), ("RTSP", rtsp)), 1)
        ]
        return _tagged("AdminAccessProtocolList", joined(one))

    def _streams(self) -> Xml:
        found = [
            _stream(one, index, stream) for one in self._box.channels for index, stream in enumerate(one.streams, 1)
        ]
        return _tagged("StreamingChannelList", joined(found))

    def _inputs(self) -> Xml:
        one = [
            tag("VideoInputChannel", tag("id", each.number), tag("inputPort", each.number), tag("name", each.name))
            for each in ([] if self._box.book is not None else self._box.channels)
        ]
        return _tagged("VideoInputChannelList", joined(one))

    def _channels(self) -> Xml:
        return _tagged("InputProxyChannelList", joined([_proxy(one) for one in self._box.channels]))

    def _channel_states(self) -> Xml:
        states = [
            tag(
                "InputProxyChannelStatus",
                tag("id", one.number),
                _source_port(one),
                tag("online", one.reachable()),
                tag("chanDetectResult", "connect" if one.reachable() else "netUnreachable"),
            )
            for one in self._box.channels
        ]
        return _tagged("InputProxyChannelStatusList", joined(states))

    def _tracks(self) -> Xml:
        assert self._box.book is not None
        days = self._box.book.kept_days
        return _tagged("TrackList", joined([_track(one, days) for one in self._box.channels]))

    def _days(self, book: Book, track: int, root: Element) -> Xml:
        year, month = int(_text(root, "year")), int(_text(root, "monthOfYear"))
        _, last = calendar.monthrange(year, month)
        days = []
        for day in range(1, last + 1):
            begin = round(datetime(year, month, day, tzinfo=VIETNAM).timestamp()) * SECOND
            has = bool(book.files(track // 100, begin, begin + 86_400 * SECOND))
            kind = (tag("recordType", "time"),) if has else ()
            days.append(tag("day", tag("id", day), tag("dayOfMonth", day), tag("record", has), *kind))
        return _tagged("trackDailyDistribution", tag("dayList", joined(days)))

    def _found(self, book: Book, root: Element) -> Xml:
        track = int(_text(root, "trackID"))
        begin, end = self._moment(_text(root, "startTime")), self._moment(_text(root, "endTime"))
        first = int(_text(root, "searchResultPostion", "0"))  # as Hikvision spells it
        most = min(MOST_MATCHES, int(_text(root, "maxResults", str(MOST_MATCHES))))
        if first < 0 or most < 1:
            raise ValueError("no such page")
        # What is of another stream than the main one is not recorded.
        files = book.files(track // 100, begin, end) if track % 100 == 1 else []
        page = files[first : first + most]
        more = "MORE" if first + len(page) < len(files) else "OK"
        return _tagged(
            "CMSearchResult",
            tag("searchID", _text(root, "searchID", "0")),
            tag("responseStatus", True),
            tag("responseStatusStrg", more if page else "NO MATCHES"),
            tag("numOfMatches", len(page)),
            tag("matchList", joined([self._match(track, one) for one in page])),
        )

    def _match(self, track: int, file: File) -> Xml:
        begin, end = self._written(file.span.begin_us), self._written(file.span.end_us)
        squeezed = (
            f"starttime={_squeezed(begin)}&endtime={_squeezed(end)}&name=0{file.channel}{begin[:10]}&size={file.bytes}"
        )
        address = self._box.playback(file.channel) + f"?{squeezed}"
        media = (tag("contentType", "video"), tag("codecType", "H.264-BP"), tag("playbackURI", address))
        kind = "recordType.meta.hikvision.com/timing"
        return tag(
            "searchMatchItem",
            tag("sourceID", "{00000000-0000-0000-0000-000000000000}"),
            tag("trackID", track),
            tag("timeSpan", tag("startTime", begin), tag("endTime", end)),
            tag("mediaSegmentDescriptor", *media, *([tag("lockStatus", "lock")] if file.locked else [])),
            tag("metadataMatches", tag("metadataDescriptor", kind)),
        )

    def _moment(self, text: str) -> int:
        read = datetime.fromisoformat(text.removesuffix("Z"))
        return round((read if read.tzinfo else read.replace(tzinfo=self._zone)).timestamp()) * SECOND

    def _written(self, wall_us: int) -> str:
        return datetime.fromtimestamp(wall_us // SECOND, self._zone).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stream(channel: Channel, index: int, stream: Stream) -> Xml:
    quality = stream.quality
    video = tag(
        "Video",
        tag("enabled", True),
        tag("videoInputChannelID", channel.number),
        tag("videoCodecType", stream.compression),
        tag("videoResolutionWidth", quality.width),
        tag("videoResolutionHeight", quality.height),
        tag("videoQualityControlType", "CBR"),
        tag("constantBitRate", quality.bits // 1000),
        tag("maxFrameRate", 2500),  # hundredths
        tag("GovLength", 25),
    )
    return tag(
        "StreamingChannel",
        tag("id", f"{channel.number}0{index}"),
        tag("channelName", channel.name),
        tag("enabled", True),
        tag("Transport", tag("ControlProtocolList", tag("ControlProtocol", tag("streamingTransport", "RTSP")))),
        video,
    )


def _source_port(channel: Channel) -> Xml:
    host, _, port = channel.source().split("/")[2].rpartition(":")
    told = (tag("proxyProtocol", "ONVIF"), tag("addressingFormatType", "ipaddress"), tag("ipAddress", host))
    return tag("sourceInputPortDescriptor", *told, tag("managePortNo", port), tag("srcInputPort", 1))


def _proxy(channel: Channel) -> Xml:
    return tag("InputProxyChannel", tag("id", channel.number), tag("name", channel.name), _source_port(channel))


def _track(channel: Channel, days: int) -> Xml:
    action = tag("Actions", tag("Record", True), tag("ActionRecordingMode", "CMR"))  # continuous
    times = (tag("ScheduleActionStartTime", tag("DayOfWeek", "Monday"), tag("TimeOfDay", "00:00:00")),)
    until = tag("ScheduleActionEndTime", tag("DayOfWeek", "Sunday"), tag("TimeOfDay", "24:00:00"))
    block = tag("ScheduleBlock", tag("ScheduleAction", tag("id", 1), *times, until, action))
    return tag(
        "Track",
        tag("id", f"{channel.number}01"),
        tag("Channel", channel.number),
        tag("Enable", True),
        tag("Description", channel.name),
        tag("Duration", f"P{days}DT0H"),
        tag("DefaultRecordingMode", "CMR"),
        tag("TrackSchedule", tag("ScheduleBlockList", block)),
    )


def _storage(book: Book | None) -> Xml:
    assert book is not None
    disks = []
    for disk in book.disks():
        # It writes over its oldest hour: there is never more than a little free, and 0 is no fault.
        told = {"hddName": f"hdd{disk.number}", "hddPath": "", "hddType": "SATA"}
        told |= {"status": "error" if disk.failed else "ok", "capacity": str(disk.capacity_bytes // _MEGABYTE)}
        told |= {"freeSpace": "0", "property": "RW"}
        disks.append(tag("hdd", tag("id", disk.number), *(tag(name, value) for name, value in told.items())))
    return _tagged("storage", tag("hddList", joined(disks)), tag("nasList"), tag("workMode", "group"))


def _text(root: Element, name: str, default: str | None = None) -> str:
    """Of the first element of that name, in whatever namespace. Raises ValueError where there must be one."""
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name and element.text:
            return element.text.strip()
    if default is None:
        raise ValueError(f"no {name}")
    return default


def _squeezed(moment: str) -> str:
    return moment.replace("-", "").replace(":", "")


def _tagged(name: str, *inside: Xml) -> Xml:
    return Xml(f'<{name} version="2.0" xmlns="{_NAMESPACE}">{joined(list(inside))}</{name}>')


def _answer(body: Xml) -> Response:
    return Response(body=f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode(), content_type="application/xml")


def _status(code: int, words: str, narrower: str) -> bytes:
    told = (tag("requestURL"), tag("statusCode", code), tag("statusString", words), tag("subStatusCode", narrower))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_tagged("ResponseStatus", *told)}\n'.encode()


def _refused(status: HTTPStatus, narrower: str) -> Response:
    return Response(status, _status(4, "Invalid Operation", narrower), "application/xml")
