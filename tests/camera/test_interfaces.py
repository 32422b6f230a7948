"""Cameras by Hikvision's and Dahua's own interfaces: facts, streams, and what goes wrong by name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.http_client import CameraHttp
from camera.interfaces.dahua_camera import DahuaCamera
from camera.interfaces.isapi_camera import IsapiCamera
from camera.refusals import Refusals
from telemetry.clock import FakeClock
from telemetry.live import StreamName
from telemetry.readings import ReasonCode
from tests.camera.serving import QuietHandler, http_server

USER, PASSWORD = "watch", "s3cret"
NAMESPACE = 'xmlns="http://www.hikvision.com/ver20/XMLSchema"'
DEVICE = (
    f'<?xml version="1.0"?><DeviceInfo {NAMESPACE}><deviceName>Sảnh</deviceName><model>DS-2CD</model>'
    "<serialNumber>HK-7</serialNumber><firmwareVersion>V5.7.3</firmwareVersion></DeviceInfo>"
)
NOW_US = 1_790_000_000_000_000


def channel(number: int, codec: str, width: int, height: int) -> str:
    return (
        f"<StreamingChannel><id>{number}</id><Video><videoCodecType>{codec}</videoCodecType>"
        f"<videoResolutionWidth>{width}</videoResolutionWidth><videoResolutionHeight>{height}</videoResolutionHeight>"
        "</Video></StreamingChannel>"
    )


CHANNELS = (
    f"<StreamingChannelList {NAMESPACE}>"
    + channel(101, "H.264", 1920, 1080)
    + channel(102, "H.265+", 640, 360)
    + channel(201, "H.265", 2560, 1440)
    + "</StreamingChannelList>"
)
ISAPI = {
    "/ISAPI/System/deviceInfo": DEVICE,
    "/ISAPI/System/time": "<Time><localTime>2026-09-21T20:14:20+07:00</localTime></Time>",
    "/ISAPI/Streaming/channels": CHANNELS,
}
DAHUA = {
    "/cgi-bin/magicBox.cgi?action=getSystemInfo": "deviceType=IPC-HFW\r\nserialNumber=DH-9\r\n",
    "/cgi-bin/magicBox.cgi?action=getSoftwareVersion": "version=2.800.0,build:2024-01-02\r\n",
    "/cgi-bin/configManager.cgi?action=getConfig&name=Encode": (
        "table.Encode[0].MainFormat[0].Video.Compression=H.265\r\ntable.Encode[0].MainFormat[0].Video.Width=2560\r\n"
        "table.Encode[0].MainFormat[0].Video.Height=1440\r\ntable.Encode[0].ExtraFormat[0].Video.Compression=H.264\r\n"
        "table.Encode[0].ExtraFormat[0].Video.resolution=704x576\r\n"
        "table.Encode[1].MainFormat[0].Video.Compression=H.264H\r\n"
    ),
}


@dataclass
class DigestServer:
    """Pages behind a digest login (RFC 7616); counts the logins that were wrong."""

    pages: dict[str, str]
    scheme: str = 'Digest realm="cam", nonce="n1", qop="auth", algorithm=MD5'
    redirect: str = ""
    asked: list[str] = field(default_factory=list)
    wrong: int = 0

    def __post_init__(self) -> None:
        own = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                own.answer(self)

        self._server = http_server(Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        given = handler.headers.get("Authorization", "")
        page = self.pages.get(handler.path)
        if self.redirect:
            self._send(handler, 302, "", Location=self.redirect)
        elif not self._is_right(given, handler.path):
            self.wrong += bool(given)
            self._send(handler, 401, "", **{"WWW-Authenticate": self.scheme})
        else:
            self._send(handler, 404 if page is None else 200, page or "")

    def _send(self, handler: BaseHTTPRequestHandler, status: int, body: str, **headers: str) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        data = body.encode()
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _is_right(self, given: str, path: str) -> bool:
        if not given.startswith("Digest "):
            return False
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', given))

        def hashed(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        secret, request = hashed(f"{USER}:cam:{PASSWORD}"), hashed(f"GET:{path}")
        whole = f"{secret}:{said['nonce']}:{said['nc']}:{said['cnonce']}:auth:{request}"
        return said["response"] == hashed(whole)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def digest() -> Iterator[Callable[..., DigestServer]]:
    running: list[DigestServer] = []

    def start(*given: object, **named: object) -> DigestServer:
        running.append(DigestServer(*given, **named))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for server in running:
        server.close()


def http(server: DigestServer, password: str = PASSWORD, refusals: Refusals | None = None) -> CameraHttp:
    return CameraHttp(DeviceAddress(server.url, USER, password), 5.0, refusals or Refusals(FakeClock()))


async def test_a_hikvision_camera_tells_what_it_is_and_sends(digest: Callable[..., DigestServer]) -> None:
    server = digest(ISAPI)
    camera = IsapiCamera(http(server), FakeClock(wall_us=NOW_US))
    told = await camera.ask()
    assert dict(told.facts) == {
        "vendor": "Hikvision", "model": "DS-2CD", "serial": "HK-7", "firmware": "V5.7.3", "name": "Sảnh",
    }  # fmt: skip
    main, sub = told.streams[StreamName.MAIN], told.streams[StreamName.SUB]
    assert (main.url, main.codec, main.width) == ("rtsp://127.0.0.1:554/ISAPI/Streaming/channels/101", "h264", 1920)
    assert (sub.codec, sub.height) == ("h265", 360)
    assert server.wrong == 0 and told.reason is None
    await camera.close()


async def test_a_recorders_channel_is_a_camera_too(digest: Callable[..., DigestServer]) -> None:
    camera = IsapiCamera(http(digest(ISAPI)), FakeClock(wall_us=NOW_US), channel=2)
    told = await camera.ask()
    assert told.streams[StreamName.MAIN].url.endswith("/201") and StreamName.SUB not in told.streams
    await camera.close()


async def test_a_dahua_camera_tells_what_it_is_and_sends(digest: Callable[..., DigestServer]) -> None:
    camera = DahuaCamera(http(digest(DAHUA)))
    told = await camera.ask()
    assert dict(told.facts) == {"vendor": "Dahua", "model": "IPC-HFW", "serial": "DH-9", "firmware": "2.800.0"}
    main, sub = told.streams[StreamName.MAIN], told.streams[StreamName.SUB]
    assert (main.url, main.codec) == ("rtsp://127.0.0.1:554/cam/realmonitor?channel=1&subtype=0", "h265")
    assert (sub.codec, sub.width, sub.height) == ("h264", 704, 576)
    await camera.close()


async def test_a_wrong_password_is_tried_once_whatever_is_asked(digest: Callable[..., DigestServer]) -> None:
    server, refusals = digest(ISAPI), Refusals(FakeClock())
    for _ in range(4):
        camera = IsapiCamera(http(server, "wrong", refusals), FakeClock())
        with pytest.raises(DeviceFault) as told:
            await camera.ask()
        assert told.value.reason.code is ReasonCode.WRONG_CREDENTIALS
        await camera.close()
    assert server.wrong == 1


PAGE = dict.fromkeys((*ISAPI, *DAHUA), "<html>login</html>")
BOMB = dict.fromkeys(ISAPI, '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')


@pytest.mark.parametrize(
    ("pages", "redirect", "reason"),
    [
        (PAGE, "", ReasonCode.GARBLED_ANSWER),
        (BOMB, "", ReasonCode.GARBLED_ANSWER),
        ({}, "", ReasonCode.UNSUPPORTED),
        (ISAPI, "http://localhost:9/elsewhere", ReasonCode.REDIRECTED),
    ],
    ids=["html", "entities", "nothing", "elsewhere"],
)
@pytest.mark.parametrize("make", [lambda http: IsapiCamera(http, FakeClock()), DahuaCamera], ids=["isapi", "dahua"])
async def test_what_such_a_camera_does_wrong_has_a_name(
    digest: Callable[..., DigestServer], make: Callable[[CameraHttp], IsapiCamera | DahuaCamera], pages: dict[str, str],
    redirect: str, reason: ReasonCode,
) -> None:  # fmt: skip
    server = digest(pages, redirect=redirect)
    camera = make(http(server))
    with pytest.raises(DeviceFault) as told:
        await camera.ask()
    wanted = ReasonCode.UNSUPPORTED if pages is BOMB and isinstance(camera, DahuaCamera) else reason
    assert told.value.reason.code is wanted
    assert server.wrong == 0
    await camera.close()
