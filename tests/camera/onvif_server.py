"""An ONVIF device of a test: SOAP answers written by hand, WS-Security judged by its own clock; it counts logins."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.camera.serving import QuietHandler, http_server

USERNAME, PASSWORD = "watch", "s3cret:/@?#&-Đường"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{}</s:Body>'
    "</s:Envelope>"
)
_FAULT = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{}</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">{}</s:Text></s:Reason></s:Fault>'
)


def envelope(body: str) -> bytes:
    return _ENVELOPE.format(body).encode()


def fault(code: str, text: str) -> bytes:
    return envelope(_FAULT.format(code, text))


@dataclass(frozen=True)
class HttpReply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[["OnvifServer", str, str], HttpReply | None]  # operation, request


@dataclass
class OnvifServer:
    """`answer` may answer any operation otherwise; None leaves it to the server. `ahead`: seconds, of its clock."""

    answer: Answer = lambda server, operation, request: None
    ahead: float = 0.0
    told_host: str = "127.0.0.1"
    rtsp_port: int = 554
    asked: list[str] = field(default_factory=list)
    wrong_logins: int = 0
    logins: int = 0

    def __post_init__(self) -> None:
        own = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                own.reply(self, body)

            def do_GET(self) -> None:
                own.reply(self, "")

        self._server = http_server(Handler)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply(self, handler: BaseHTTPRequestHandler, request: str) -> None:
        found = re.search(r"Body[^>]*>\s*<(?:\w+:)?(\w+)", request)
        operation = found[1] if found else handler.path
        self.asked.append(operation)
        made = self.answer(self, operation, request) or self._usual(operation, request)
        handler.send_response(made.status)
        for name, value in made.headers.items():
            handler.send_header(name, value)
        if "Content-Type" not in made.headers:
            handler.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(made.body)))
        handler.end_headers()
        handler.wfile.write(made.body)

    def _usual(self, operation: str, request: str) -> HttpReply:
        if operation == "GetSystemDateAndTime":
            return HttpReply(body=envelope(self._time()))
        if operation == "GetServices":
            return HttpReply(body=envelope(self._services()))
        if not self._logged_in(request):
            return HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized"))
        made = {
            "GetDeviceInformation": _INFORMATION,
            "GetProfiles": _PROFILES,
            "GetStreamUri": self._stream_uri(request),
            "GetSnapshotUri": self._uri("GetSnapshotUri", f"http://{self.told_host}:{self.port}/snapshot.jpg"),
        }.get(operation)
        if made is None:
            return HttpReply(500, fault("ter:ActionNotSupported", "not here"))
        return HttpReply(body=envelope(made))

    def _logged_in(self, request: str) -> bool:
        def of(name: str) -> str:
            found = re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)<", request)
            return found[1] if found else ""

        if not of("Username"):
            return False
        self.logins += 1
        created = of("Created")
        mixed = base64.b64decode(of("Nonce")) + created.encode() + PASSWORD.encode()
        good = of("Password") == base64.b64encode(hashlib.sha1(mixed).digest()).decode()
        dated = time.mktime(time.strptime(created[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
        good = good and of("Username") == USERNAME and abs(dated - time.time() - self.ahead) < 5
        self.wrong_logins += not good
        return good

    def _time(self) -> str:
        now = time.gmtime(time.time() + self.ahead)
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time>"
            f"<tt:Hour>{now.tm_hour}</tt:Hour><tt:Minute>{now.tm_min}</tt:Minute><tt:Second>{now.tm_sec}</tt:Second>"
            f"</tt:Time><tt:Date><tt:Year>{now.tm_year}</tt:Year><tt:Month>{now.tm_mon}</tt:Month>"
            f"<tt:Day>{now.tm_mday}</tt:Day></tt:Date></tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _services(self) -> str:
        named = {"device": "ver10/device/wsdl", "media": "ver10/media/wsdl"}
        each = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/{namespace}</tds:Namespace>"
            f"<tds:XAddr>http://{self.told_host}:{self.port}/onvif/{name}_service</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for name, namespace in named.items()
        )
        return f"<tds:GetServicesResponse>{each}</tds:GetServicesResponse>"

    def _stream_uri(self, request: str) -> str:
        path = "/sub" if "profile_2" in request else "/main"
        return self._uri("GetStreamUri", f"rtsp://{self.told_host}:{self.rtsp_port}{path}")

    def _uri(self, operation: str, uri: str) -> str:
        return (
            f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            f"<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:{operation}Response>"
        )


_INFORMATION = (
    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer><tds:Model>Dome 7</tds:Model>"
    "<tds:FirmwareVersion>5.7.3</tds:FirmwareVersion><tds:SerialNumber>AC-0042</tds:SerialNumber>"
    "<tds:HardwareId>1.0</tds:HardwareId></tds:GetDeviceInformationResponse>"
)


def _profile(token: str, name: str, width: int, height: int, fps: int, kbps: int) -> str:
    return (
        f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{name}</tt:Name>'
        f'<tt:VideoSourceConfiguration token="vsc"><tt:Name>vs</tt:Name><tt:UseCount>2</tt:UseCount>'
        '<tt:SourceToken>vs1</tt:SourceToken><tt:Bounds x="0" y="0" width="1920" height="1080"/>'
        "</tt:VideoSourceConfiguration>"
        f'<tt:VideoEncoderConfiguration token="vec-{token}"><tt:Name>{name}</tt:Name><tt:UseCount>1</tt:UseCount>'
        "<tt:Encoding>H264</tt:Encoding>"
        f"<tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
        f"<tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>{fps}</tt:FrameRateLimit>"
        f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{kbps}</tt:BitrateLimit></tt:RateControl>"
        "<tt:H264><tt:GovLength>50</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264>"
        "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
        "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
        "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
    )


_PROFILES = (
    "<trt:GetProfilesResponse>"
    + _profile("profile_1", "main", 1920, 1080, 25, 4096)
    + _profile("profile_2", "sub", 640, 360, 15, 512)
    + "</trt:GetProfilesResponse>"
)
