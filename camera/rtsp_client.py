"""One RTSP connection of asking, without playing (RFC 2326), in an event loop."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from camera.rtsp_message import MOST_HEAD_BYTES, Answer, GarbledAnswerError, parse_head
from camera.rtsp_place import Place, unverified


class RtspConnection:
    """Raises OSError where there is no connection (any more) and GarbledAnswerError for what is no RTSP."""

    def __init__(self, url: str) -> None:
        self._place = Place.of(url)
        self._sequence = 0

    async def __aenter__(self) -> RtspConnection:
        place = self._place
        context = unverified() if place.tls else None
        self._reader, self._writer = await asyncio.open_connection(
            place.host, place.port, limit=MOST_HEAD_BYTES, ssl=context
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
            begin = await self._reader.readexactly(5)
            if begin != b"RTSP/":
                raise GarbledAnswerError(f"not RTSP: {begin!r}")
            head = begin + await self._reader.readuntil(b"\r\n\r\n")
            answer = parse_head(head)
            body = await self._reader.readexactly(answer.body_bytes())
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise GarbledAnswerError("the answer is cut off") from None
            raise ConnectionResetError("the camera hung up") from None
        except asyncio.LimitOverrunError:
            raise GarbledAnswerError("an answer without an end") from None
        return Answer(answer.status, answer.headers, body)
