"""A recorder's RTSP side in a test: replays one keyframe of the moment that is asked, or misbehaves as it is told."""

from __future__ import annotations

import contextlib
import re
import socketserver
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.camera.recorders.footage import keyframe
from tests.camera.serving import serve

NTP = 2_208_988_800


@dataclass
class Playing:
    """How it replays. `holds`: whether there is footage of a moment (µs, by its clock). `off`: seconds by which what it
    shows is beside what was asked. `dated`: "extension", "range", "report", "description" or ""."""

    holds: Callable[[int], bool] = lambda at_us: True
    off: float = 0.0
    dated: str = "extension"
    knows_require: bool = True
    codec: str = "H264"
    garbage: bool = False
    silent: bool = False
    password: str = ""
    requests: list[str] = field(default_factory=list)
    wrong_logins: int = 0


class RtspRecorder:
    """Serves until closed."""

    def __init__(self, playing: Playing) -> None:
        self.playing = playing

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):  # the client has what it wants
                    _serve(self, playing)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        serve(self._server)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _serve(handler: socketserver.StreamRequestHandler, playing: Playing) -> None:
    while True:
        lines: list[str] = []
        while line := handler.rfile.readline().decode().strip():
            lines.append(line)
        if not lines:
            return
        playing.requests.append("\n".join(lines))
        head = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
        method, url, _ = lines[0].split(" ", 2)
        status, more, body = _answer(method, url, head, playing)
        text = [f"RTSP/1.0 {status} X", f"CSeq: {head.get('cseq', '0')}", "Session: 1;timeout=60", *more]
        if body:
            text.append(f"Content-Length: {len(body)}")
        handler.wfile.write(("\r\n".join(text) + "\r\n\r\n").encode() + body)
        if method == "PLAY" and status == 200 and not playing.silent:
            asked = asked_us(url, head)
            assert asked is not None
            handler.wfile.write(_packets(playing, asked + round(playing.off * 1e6)))


def _answer(method: str, url: str, head: dict[str, str], playing: Playing) -> tuple[int, list[str], bytes]:
    if playing.password and method != "OPTIONS":
        given = head.get("authorization", "")
        if 'username="watch"' not in given or not _is_right(given, method, playing.password):
            playing.wrong_logins += bool(given)
            return 401, ['WWW-Authenticate: Digest realm="r", nonce="n"'], b""
    if "require" in head and not playing.knows_require:
        return 551, [f"Unsupported: {head['require']}"], b""
    if method == "DESCRIBE":
        return 200, ["Content-Type: application/sdp"], _sdp(url, playing)
    if method == "SETUP":
        return 200, ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1"], b""
    if method == "PLAY":
        asked = asked_us(url, head)
        if asked is None or not playing.holds(asked):
            return 457, [], b""
        shown = asked + round(playing.off * 1e6)
        return 200, [f"Range: clock={clock(shown)}-"] if playing.dated == "range" else [], b""
    return 200, ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"], b""


def _is_right(given: str, method: str, password: str) -> bool:
    import hashlib

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    uri = re.search(r'uri="([^"]*)"', given)
    response = re.search(r'response="([^"]*)"', given)
    if uri is None or response is None:
        return False
    return response[1] == md5(f"{md5(f'watch:r:{password}')}:n:{md5(f'{method}:{uri[1]}')}")


def asked_us(url: str, head: dict[str, str]) -> int | None:
    """The moment: of the Range, else of the address as Hikvision or Dahua write it (the latter in Vietnam's time)."""
    found = re.search(r"clock=(\d{8}T\d{6})(\.\d+)?Z", head.get("range", ""))
    if found is None:
        found = re.search(r"starttime=(\d{8}T\d{6})()Z", url)
    if found is not None:
        moment = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return round((moment.timestamp() + float(found[2] or 0)) * 1e6)
    local = re.search(r"starttime=(\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d)", url)
    if local is None:
        return None
    moment = datetime.strptime(local[1], "%Y_%m_%d_%H_%M_%S").replace(tzinfo=UTC)
    return round((moment.timestamp() - 7 * 3600) * 1e6)


def clock(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


def _sdp(url: str, playing: Playing) -> bytes:
    lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=replay", "t=0 0"]
    if playing.dated == "description":
        begin = asked_us(url, {})
        lines.append(f"a=range:clock={clock((begin or 0) + round(playing.off * 1e6))}-")
    lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {playing.codec}/90000", "a=control:trackID=1"]
    return "\r\n".join([*lines, ""]).encode()


def _packets(playing: Playing, shown_us: int) -> bytes:
    ntp = struct.pack(">II", shown_us // 1_000_000 + NTP, (shown_us % 1_000_000 << 32) // 1_000_000)
    extension = b"\xab\xac\x00\x03" + ntp + b"\xe0\x01\x00\x00" if playing.dated == "extension" else b""
    units = keyframe("libx265" if playing.codec == "H265" else "libx264")
    if playing.garbage:
        units = [unit[:2] + bytes(len(unit) - 2) for unit in units]
    made, sequence = b"", 1
    if playing.dated == "report":
        report = b"\x80\xc8\x00\x06\x00\x00\x00\x01" + ntp + struct.pack(">III", 9000, 1, 1)
        made += b"$\x01" + struct.pack(">H", len(report)) + report
    for number, unit in enumerate(units):
        pieces = _pieces(unit, playing.codec)
        for index, piece in enumerate(pieces):
            first = number == 0 and index == 0 and extension
            last = number == len(units) - 1 and index == len(pieces) - 1
            header = struct.pack(">BBHII", 0x90 if first else 0x80, 96 | (0x80 if last else 0), sequence, 9000, 1)
            packet = header + (extension if first else b"") + piece
            made += b"$\x00" + struct.pack(">H", len(packet)) + packet
            sequence += 1
    return made


def _pieces(unit: bytes, codec: str, most: int = 700) -> list[bytes]:
    if len(unit) <= most:
        return [unit]
    bare = 2 if codec == "H265" else 1
    parts = [unit[at : at + most] for at in range(bare, len(unit), most)]
    made = []
    for index, part in enumerate(parts):
        marks = (0x80 if index == 0 else 0) | (0x40 if index == len(parts) - 1 else 0)
        if codec == "H265":
            made.append(bytes([unit[0] & 0x81 | 49 << 1, unit[1], marks | unit[0] >> 1 & 0x3F]) + part)
        else:
            made.append(bytes([unit[0] & 0xE0 | 28, marks | unit[0] & 0x1F]) + part)
    return made
