"""Recorders of a test that speak ISAPI and Dahua's API over HTTP, with digest logins; they count wrong ones."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from telemetry.clock import SystemClock
from tests.camera.recorders.footage import Holdings, Piece
from tests.camera.serving import QuietHandler, http_server

USERNAME, PASSWORD = "watch", "s3cret"
VIETNAM = timezone(timedelta(hours=7))


@dataclass
class HttpRecorder:
    """`answer`: of method, path with query, and body; None is 404."""

    answer: Callable[[str, str, str], tuple[int, str] | None]
    password: str = PASSWORD
    asked: list[str] = field(default_factory=list)
    wrong_logins: int = 0

    def __post_init__(self) -> None:
        own = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                own.reply(self)

            do_POST = do_GET

        self._server = http_server(Handler)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0"))).decode()
        status, text, headers = self._reply(handler, body)
        data = text.encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _reply(self, handler: BaseHTTPRequestHandler, body: str) -> tuple[int, str, dict[str, str]]:
        given = handler.headers.get("Authorization", "")
        if not self._admits(given, handler.command):
            self.wrong_logins += bool(given)
            return 401, "", {"WWW-Authenticate": 'Digest realm="r", qop="auth", nonce="n1", opaque="o"'}
        self.asked.append(f"{handler.command} {unquote(handler.path)}")
        found = self.answer(handler.command, handler.path, body)
        return (404, "", {}) if found is None else (*found, {})

    def _admits(self, given: str, method: str) -> bool:
        told = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        who = hashlib.md5(f"{USERNAME}:r:{self.password}".encode()).hexdigest()
        what = hashlib.md5(f"{method}:{told.get('uri', '')}".encode()).hexdigest()
        middle = f"n1:{told.get('nc', '')}:{told.get('cnonce', '')}:auth"
        return told.get("response") == hashlib.md5(f"{who}:{middle}:{what}".encode()).hexdigest()


def isapi(holdings: Holdings, rtsp_port: int, *, endless: bool = False) -> HttpRecorder:
    """`endless`: its search always says MORE, with the same rows."""

    def answer(method: str, path: str, body: str) -> tuple[int, str] | None:
        match urlsplit(path).path:
            case "/ISAPI/System/time":
                now = datetime.fromtimestamp(SystemClock().wall_us() / 1e6 + holdings.ahead, VIETNAM)
                text = now.isoformat(timespec="seconds")
                return 200, f"<Time><localTime>{text}</localTime><timeZone>CST-7:00:00</timeZone></Time>"
            case "/ISAPI/System/deviceInfo":
                return 200, "<DeviceInfo><model>DS-7608</model><serialNumber>123</serialNumber></DeviceInfo>"
            case "/ISAPI/ContentMgmt/InputProxy/channels":
                channels = "".join(
                    f"<InputProxyChannel><id>{number}</id><name>Cam {number}</name><sourceInputPortDescriptor>"
                    f"<ipAddress>192.168.10.{30 + number}</ipAddress></sourceInputPortDescriptor></InputProxyChannel>"
                    for number in holdings.channels
                )
                return 200, f'<InputProxyChannelList xmlns="x">{channels}</InputProxyChannelList>'
            case "/ISAPI/ContentMgmt/Storage":
                status, free = "ok" if holdings.disk_ok else "error", 0 if holdings.full else 3_000_000
                return 200, (
                    f"<storage><hddList><hdd><id>1</id><status>{status}</status><capacity>3815447</capacity>"
                    f"<freeSpace>{free}</freeSpace></hdd></hddList></storage>"
                )
            case "/ISAPI/Security/adminAccesses":
                protocol = f"<protocol>RTSP</protocol><portNo>{rtsp_port}</portNo>"
                return 200, f"<L><AdminAccessProtocol>{protocol}</AdminAccessProtocol></L>"
            case "/ISAPI/ContentMgmt/search" if method == "POST":
                return 200, _isapi_search(holdings, body, endless=endless)
        return None

    return HttpRecorder(answer)


def _isapi_search(holdings: Holdings, body: str, *, endless: bool) -> str:
    def of(tag: str) -> str:
        found = re.search(rf"<{tag}>([^<]*)</{tag}>", body)
        assert found is not None, tag
        return found[1]

    begin, end = (_us(of(tag)) for tag in ("startTime", "endTime"))
    channel, stream = divmod(int(of("trackID")), 100)
    assert stream == 1
    rows = [each for each in holdings.told(channel) if each.end_us > begin and each.begin_us < end]
    at, most = int(of("searchResultPostion")), int(of("maxResults"))
    page = rows[:most] if endless else rows[at : at + most]
    status = "MORE" if endless or at + most < len(rows) else "OK" if rows else "NO MATCHES"
    items = "".join(_isapi_item(each) for each in page)
    return (
        f'<?xml version="1.0"?><CMSearchResult xmlns="http://www.isapi.org/ver20/XMLSchema">'
        f"<responseStatus>true</responseStatus><responseStatusStrg>{status}</responseStatusStrg>"
        f"<numOfMatches>{len(page)}</numOfMatches><matchList>{items}</matchList></CMSearchResult>"
    )


def _isapi_item(each: Piece) -> str:
    sort = "motion" if each.motion else "timing"
    lock = "lock" if each.locked else "unlock"
    return (
        f"<searchMatchItem><trackID>101</trackID><timeSpan><startTime>{_iso(each.begin_us)}</startTime>"
        f"<endTime>{_iso(each.end_us)}</endTime></timeSpan><mediaSegmentDescriptor><playbackURI>"
        f"rtsp://10.0.0.9/Streaming/tracks/101/?starttime=a&amp;name=b&amp;size=1000000000</playbackURI>"
        f"<lockStatus>{lock}</lockStatus></mediaSegmentDescriptor><metadataMatches><metadataDescriptor>"
        f"recordType.meta.std-cgi.com/{sort}</metadataDescriptor></metadataMatches></searchMatchItem>"
    )


def dahua(holdings: Holdings, rtsp_port: int, *, endless: bool = False) -> HttpRecorder:
    """`endless`: each page is the first."""
    finders: dict[str, list[Piece]] = {}

    def answer(method: str, path: str, body: str) -> tuple[int, str] | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        action = query.get("action", "")
        match parts.path.removeprefix("/cgi-bin/"), action:
            case "global.cgi", "getCurrentTime":
                return 200, f"result={_local(SystemClock().wall_us() + round(holdings.ahead * 1e6))}\r\n"
            case "configManager.cgi", "getConfig":
                return _dahua_config(holdings, query.get("name", ""), rtsp_port)
            case "storageDevice.cgi", "getDeviceAllInfo":
                used = 4e12 if holdings.full else 1e12
                error = "false" if holdings.disk_ok else "true"
                return 200, (
                    "list.info[0].Name=/dev/sda\r\nlist.info[0].State=Success\r\nlist.info[0].Detail[0].IsError="
                    f"{error}\r\nlist.info[0].Detail[0].TotalBytes=4000000000000.000000\r\n"
                    f"list.info[0].Detail[0].UsedBytes={used:f}\r\n"
                )
            case "mediaFileFind.cgi", "factory.create":
                name = f"{len(finders) + 8137:05d}"
                finders[name] = []
                return 200, f"result={name}\r\n"
            case "mediaFileFind.cgi", "findFile":
                begin, end = (_us_local(query[f"condition.{edge}Time"]) for edge in ("Start", "End"))
                rows = holdings.told(int(query["condition.Channel"]))
                found = [each for each in rows if each.end_us > begin and each.begin_us < end]
                finders[query["object"]] = found
                return (200, "OK\r\n") if found else (400, "Error\r\nBad Request!\r\n")
            case "mediaFileFind.cgi", "findNextFile":
                rows = finders[query["object"]]
                page = rows[: int(query["count"])]
                if not endless:
                    finders[query["object"]] = rows[len(page) :]
                return 200, f"found={len(page)}\r\n" + "".join(_dahua_item(n, each) for n, each in enumerate(page))
            case "mediaFileFind.cgi", "close":
                return 200, "OK\r\n"
            case "mediaFileFind.cgi", "destroy":
                finders.pop(query["object"])
                return 200, "OK\r\n"
        return None

    made = HttpRecorder(answer)
    made.finders = finders  # type: ignore[attr-defined]
    return made


def _dahua_config(holdings: Holdings, name: str, rtsp_port: int) -> tuple[int, str] | None:
    numbers = [number - 1 for number in holdings.channels]
    if name == "ChannelTitle":
        return 200, "".join(f"table.ChannelTitle[{n}].Name=Cam {n + 1}\r\n" for n in numbers)
    if name == "RecordMode":
        return 200, "".join(f"table.RecordMode[{n}].Mode=0\r\n" for n in numbers)
    if name == "RTSP":
        return 200, f"table.RTSP.Enable=true\r\ntable.RTSP.Port={rtsp_port}\r\n"
    return None


def _dahua_item(number: int, each: Piece) -> str:
    sort = f"items[{number}].Flags[0]={'Event' if each.motion else 'Timing'}\r\n"
    event = f"items[{number}].Events[0]=VideoMotion\r\n" if each.motion else ""
    return (
        f"items[{number}].Channel=0\r\nitems[{number}].StartTime={_local(each.begin_us)}\r\n"
        f"items[{number}].EndTime={_local(each.end_us)}\r\nitems[{number}].Type=dav\r\n"
        f"items[{number}].Length=1000000000\r\n{sort}{event}"
    )


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6)


def _local(at_us: int) -> str:
    return datetime.fromtimestamp(at_us // 1_000_000, VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def _us_local(text: str) -> int:
    return round(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=VIETNAM).timestamp() * 1e6)
