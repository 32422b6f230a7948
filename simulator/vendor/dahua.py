"""Dahua's HTTP API (CGI), as its recorders and cameras answer it: lines of name=value, digest authentication.

Dahua's "HTTP API for IPC/SD/DVR/NVR": magicBox, global, configManager, storageDevice, mediaFileFind. Times are the
device's own time of day.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs

from simulator.net.digest import Digest
from simulator.net.http import Request, Response
from simulator.onvif.box import Box, Stream
from simulator.recorder.book import Book, File
from simulator.recorder.tape import SECOND, VIETNAM

MOST_FILES = 100  # in one answer
MOST_FINDERS = 16
_ZONE_INDEX = 12  # of Dahua's list: GMT+07:00
_FORM = "%Y-%m-%d %H:%M:%S"
_FINDERS = "mediaFileFind.cgi?"
Asked = dict[str, str]
Lines = Iterator[str]


@dataclass(slots=True)
class _Finder:
    """A search: what is left of it."""

    files: list[File]


class DahuaServer:
    """One device."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._digest = Digest(box.gate)
        self._finders: dict[str, _Finder] = {}
        self._numbers = itertools.count(8137)
        self._actions: dict[str, Callable[[Asked], Lines]] = {
            "magicBox.cgi?getSystemInfo": lambda _: self._system(),
            "magicBox.cgi?getDeviceType": lambda _: _lines(type=box.plate.model),
            "magicBox.cgi?getSerialNo": lambda _: _lines(sn=box.plate.serial),
            "magicBox.cgi?getMachineName": lambda _: _lines(name=box.plate.name or box.plate.id),
            "magicBox.cgi?getVendor": lambda _: _lines(vendor=box.plate.vendor),
            "magicBox.cgi?getSoftwareVersion": lambda _: _lines(version=f"{box.plate.firmware},build:2025-01-01"),
            "global.cgi?getCurrentTime": lambda _: _lines(result=_written(box.wall_us())),
            "configManager.cgi?getConfig": self._configuration,
        }
        if box.book is not None:
            self._actions["storageDevice.cgi?getDeviceAllInfo"] = lambda _: _storage(box.book)
            self._actions |= {
                f"{_FINDERS}factory.create": lambda _: self._create(),
                f"{_FINDERS}findFile": self._find,
                f"{_FINDERS}findNextFile": self._next,
                f"{_FINDERS}close": self._close,
                f"{_FINDERS}destroy": self._destroy,
            }

    async def answer(self, request: Request) -> Response:
        if not self._digest.admits(request):
            return self._digest.challenge(b"Invalid Authority!\r\n")
        path, _, query = request.path.partition("?")
        asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
        if path == "/cgi-bin/snapshot.cgi":
            return await self._snapshot(asked)
        action = self._actions.get(f"{path.removeprefix('/cgi-bin/')}?{asked.get('action', '')}")
        if action is None or request.method != "GET":
            return Response(HTTPStatus.BAD_REQUEST, b"Error\r\nBad Request!\r\n")
        try:
            text = "\r\n".join(action(asked))
        except (KeyError, ValueError):
            return Response(HTTPStatus.BAD_REQUEST, b"Error\r\nBad Request!\r\n")
        return Response(body=f"{text}\r\n".encode())

    async def _snapshot(self, asked: Asked) -> Response:
        number = asked.get("channel", "1")
        channel = self._box.channel(int(number)) if number.isascii() and number.isdecimal() else None
        if channel is None or not channel.reachable():
            return Response(HTTPStatus.BAD_REQUEST, b"Error\r\nBad Request!\r\n")
        return Response(body=await asyncio.to_thread(channel.snapshot), content_type="image/jpeg")

    def _system(self) -> Lines:
        plate = self._box.plate
        told = {"appAutoStart": "true", "deviceType": plate.model, "hardwareVersion": "1.00", "processor": "ST7108"}
        return _lines(**told, serialNumber=plate.serial, updateSerial=plate.model)

    def _configuration(self, asked: Asked) -> Lines:
        name = asked["name"]
        numbered = list(enumerate(self._box.channels))
        if name == "ChannelTitle":
            return (f"table.ChannelTitle[{at}].Name={one.name}" for at, one in numbered)
        if name == "Encode":
            return (
                line
                for at, one in numbered
                for kind, stream in zip(("MainFormat", "ExtraFormat"), one.streams, strict=True)
                for line in _encode(f"table.Encode[{at}].{kind}[0]", stream)
            )
        if name == "RecordMode":  # 0: as the schedule says
            return (f"table.RecordMode[{at}].Mode=0" for at, _ in numbered)
        if name == "Record":  # all day; 1: whether anything moves or not
            days = range(7)
            return (
                f"table.Record[{at}].TimeSection[{day}][0]=1 00:00:00-24:00:00" for at, _ in numbered for day in days
            )
        return self._one_of(name)

    def _one_of(self, name: str) -> Lines:
        rtsp = self._box.channels[0].streams[0].uri.split("/")[2].rpartition(":")[2] if self._box.channels else "554"
        known: dict[str, dict[str, object]] = {
            "RTSP": {"Enable": "true", "Port": rtsp},
            "NTP": {"Enable": "false", "Port": 123, "TimeZone": _ZONE_INDEX, "TimeZoneDesc": "Bangkok"},
            "Locales": {"DSTEnable": "false", "TimeFormat": "yyyy-MM-dd HH:mm:ss"},
            "General": {"MachineName": self._box.plate.name or self._box.plate.id},
        }
        return (f"table.{name}.{key}={value}" for key, value in known[name].items())

    def _create(self) -> Lines:
        if len(self._finders) >= MOST_FINDERS:
            raise ValueError("too many searches at once")
        token = str(next(self._numbers))
        self._finders[token] = _Finder([])
        return _lines(result=token)

    def _find(self, asked: Asked) -> Lines:
        assert self._box.book is not None
        finder = self._finders[asked["object"]]
        begin, end = (_moment(asked[f"condition.{name}Time"]) for name in ("Start", "End"))
        stream = asked.get("condition.VideoStream", "Main")
        finder.files = self._box.book.files(int(asked["condition.Channel"]), begin, end) if stream == "Main" else []
        return iter(("OK",))

    def _next(self, asked: Asked) -> Lines:
        finder, most = self._finders[asked["object"]], min(MOST_FILES, int(asked.get("count", "1")))
        if most < 1:
            raise ValueError("no such count")
        page, finder.files = finder.files[:most], finder.files[most:]
        found = [f"found={len(page)}"]
        return iter(found + [line for at, file in enumerate(page) for line in _file(f"items[{at}]", file)])

    def _close(self, asked: Asked) -> Lines:
        self._finders[asked["object"]].files = []
        return iter(("OK",))

    def _destroy(self, asked: Asked) -> Lines:
        self._finders.pop(asked["object"])
        return iter(("OK",))


def _file(name: str, file: File) -> Lines:
    begin, end = _written(file.span.begin_us), _written(file.span.end_us)
    path = f"/mnt/dvr/sda0/{begin[:10]}/{file.channel - 1}/dav/{begin[11:13]}"
    times = f"{begin[11:].replace(':', '.')}-{end[11:].replace(':', '.')}"
    yield f"{name}.Channel={file.channel}"
    yield f"{name}.Cluster=0"
    yield f"{name}.Disk=0"
    yield f"{name}.EndTime={end}"
    yield f"{name}.FilePath={path}/{times}[R][0@0][0].dav"
    yield f"{name}.Flags[0]={'Mark' if file.locked else 'Timing'}"
    yield f"{name}.Length={file.bytes}"
    yield f"{name}.StartTime={begin}"
    yield f"{name}.Type=dav"
    yield f"{name}.VideoStream=Main"


def _encode(name: str, stream: Stream) -> Lines:
    quality = stream.quality
    profile = "Main" if stream.hevc() else "Baseline"
    told = {"Compression": stream.compression, "Profile": profile, "Width": quality.width, "Height": quality.height}
    told |= {"FPS": 25, "GOP": 25, "BitRate": quality.bits // 1000, "BitRateControl": "CBR"}
    told |= {"resolution": f"{quality.width}x{quality.height}"}
    yield from (f"{name}.Video.{key}={value}" for key, value in told.items())
    yield f"{name}.VideoEnable=true"


def _storage(book: Book | None) -> Lines:
    assert book is not None
    for at, disk in enumerate(book.disks()):
        letter = "ab"[at]
        used = disk.capacity_bytes  # it writes over its oldest hour
        yield f"list.info[{at}].Detail[0].IsError={str(disk.failed).lower()}"
        yield f"list.info[{at}].Detail[0].Path=/mnt/dvr/sd{letter}0"
        yield f"list.info[{at}].Detail[0].TotalBytes={disk.capacity_bytes}.0"
        yield f"list.info[{at}].Detail[0].Type=ReadWrite"
        yield f"list.info[{at}].Detail[0].UsedBytes={used}.0"
        yield f"list.info[{at}].Name=/dev/sd{letter}"
        yield f"list.info[{at}].State={'Error' if disk.failed else 'Success'}"


def _lines(**told: object) -> Lines:
    return (f"{name}={value}" for name, value in told.items())


def _moment(text: str) -> int:
    return round(datetime.strptime(text, _FORM).replace(tzinfo=VIETNAM).timestamp()) * SECOND


def _written(wall_us: int) -> str:
    return datetime.fromtimestamp(wall_us // SECOND, VIETNAM).strftime(_FORM)
