"""One RTSP connection of asking, without playing (RFC 2326): requests, answers, and what the SDP offers (RFC 8866)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

_PORTS = {"rtsp": 554, "rtsps": 322}
_MOST_HEADERS = 100
_MOST_BODY_BYTES = 256 * 1024
_MOST_LINE_BYTES = 16 * 1024
_STATUS = re.compile(rb"RTSP/\d\.\d (\d{3})(?: |\r?$)")


class GarbledAnswerError(Exception):
    """What came is no RTSP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers in their order with names in lower case, and the body."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


class RtspConnection:
    """Raises OSError where there is no connection (any more) and GarbledAnswerError for what is no RTSP."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS.get(parts.scheme, 554)
        self._tls = parts.scheme == "rtsps"
        self._sequence = 0

    async def __aenter__(self) -> RtspConnection:
        context = _unverified() if self._tls else None
        self._reader, self._writer = await asyncio.open_connection(
            self._host, self._port, limit=_MOST_LINE_BYTES, ssl=context
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):  # the camera may reset what was already answered
            await self._writer.wait_closed()

    async def ask(self, method: str, url: str, *headers: str) -> Answer:
        """One request, one answer."""
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: WardWatch", *headers]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await self._writer.drain()
        try:
            return await self._answer()
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise GarbledAnswerError("the answer is cut off") from None
            raise ConnectionResetError("the camera hung up") from None
        except (ValueError, asyncio.LimitOverrunError) as error:
            raise GarbledAnswerError(str(error)) from None

    async def _answer(self) -> Answer:
        first = await self._line()
        found = _STATUS.match(first)
        if found is None:
            raise GarbledAnswerError(f"not RTSP: {first[:40]!r}")
        headers: list[tuple[str, str]] = []
        while line := (await self._line()).strip():
            name, _, value = line.decode("utf-8", "replace").partition(":")
            headers.append((name.strip().lower(), value.strip()))
            if len(headers) > _MOST_HEADERS:
                raise GarbledAnswerError("too many headers")
        size = next((int(value) for name, value in headers if name == "content-length"), 0)
        if not 0 <= size <= _MOST_BODY_BYTES:
            raise GarbledAnswerError(f"a body of {size} bytes")
        return Answer(int(found[1]), headers, await self._reader.readexactly(size))

    async def _line(self) -> bytes:
        return (await self._reader.readuntil(b"\n")).rstrip(b"\r\n")


def video_codecs(sdp: bytes) -> list[str]:
    """The encoding names of the video that an SDP offers, in its order ("H264", "H265", "JPEG")."""
    found: list[str] = []
    in_video = False
    for line in sdp.decode("utf-8", "replace").splitlines():
        if line.startswith("m="):
            in_video = line.startswith("m=video")
            if in_video and "26" in line.split()[3:]:  # a static payload type (RFC 3551) needs no rtpmap
                found.append("JPEG")
        elif in_video and line.startswith("a=rtpmap:"):
            found.append(line.partition(" ")[2].partition("/")[0].strip().upper())
    return found


def _unverified() -> ssl.SSLContext:
    # Cameras sign for themselves, and nobody in a ward could say which certificate is right; FFmpeg does the same.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
