"""The live stream (server-sent events, WHATWG HTML §9.2)."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboards.console.accounts import Role, Viewer
from dashboards.console.api.common import COOKIE, PROBLEMS, Console, Parts, SignedIn, check_place
from dashboards.console.events import Reader, TooManyStreamsError
from dashboards.console.problems import ProblemError
from dashboards.console.ring import Scope as ReaderScope

log = logging.getLogger(__name__)

_RECHECK_BEATS = 4  # every so many heartbeats: is the reader's session still good?
_RETRY_MS = 2000

routes = APIRouter(prefix="/api", tags=["events"], responses=PROBLEMS)


@routes.get("/events", response_class=Response, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    viewer: SignedIn,
    console: Parts,
    ward: Annotated[str | None, Query(max_length=63)] = None,
    last_event_id: Annotated[str, Query(max_length=64)] = "",
    header_id: Annotated[str, Header(alias="Last-Event-ID", max_length=64)] = "",
) -> Response:
    """`ward`, `device`, `evidence` (both of the named ward alone) and `reset` events, from an id on or from now on."""
    if ward is not None:
        check_place(viewer, ward)
        await to_thread.run_sync(console.site.ward, ward)
    # The header is the browser's own memory of this very stream, so it is newer than the address it was opened with.
    return EventStream(console, viewer, ward, header_id or last_event_id, request.cookies.get(COOKIE, ""))


class EventStream(Response):
    """Sends a reader what is new to it until it goes, its session ends or the server stops."""

    media_type = "text/event-stream"

    def __init__(self, console: Console, viewer: Viewer, ward: str | None, last_event_id: str, token: str) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(None, 200, headers, self.media_type)
        del self.headers["content-length"]
        self._console = console
        self._token = token
        self._unchecked_beats = 0
        sees = viewer.wards if viewer.role is Role.WARD else None
        try:
            self._reader = console.fanout.open(ReaderScope(ward, sees), viewer.session, last_event_id)
        except TooManyStreamsError as error:
            raise ProblemError("too_many_streams", retry_seconds=30) from error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reader = self._reader
        watch = asyncio.create_task(_until_gone(receive, reader))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(send, b"retry: %d\n" % _RETRY_MS + self._beat())
            while not reader.ended:
                await self._send_news(send)
                await reader.wake.wait()
                reader.wake.clear()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.warning("a reader of the live stream took nothing for %.0f s: let go", self._stall_seconds)
        finally:
            watch.cancel()
            self._console.fanout.close(reader)

    @property
    def _stall_seconds(self) -> float:
        return self._console.settings.stall_seconds

    async def _send_news(self, send: Send) -> None:
        reader = self._reader
        if reader.beats:
            beats, reader.beats = reader.beats, 0
            await self._recheck(beats)
            await self._send(send, self._beat())
        while not reader.ended:
            wire = self._console.fanout.news(reader)
            if not wire:
                return
            await self._send(send, wire)

    async def _send(self, send: Send, wire: bytes) -> None:
        async with asyncio.timeout(self._stall_seconds):
            await send({"type": "http.response.body", "body": wire, "more_body": True})

    def _beat(self) -> bytes:
        """A comment, and how far this reader is: so that a long quiet time can be resumed, too."""
        number = self._reader.number
        if number is None:
            return b": \n\n"
        return b": \nid: %b\n\n" % self._console.fanout.ring.id_of(number).encode()

    async def _recheck(self, beats: int) -> None:
        self._unchecked_beats += beats
        if self._unchecked_beats < _RECHECK_BEATS:
            return
        self._unchecked_beats = 0
        if await to_thread.run_sync(self._console.accounts.session_of, self._token) is None:
            self._reader.end()


async def _until_gone(receive: Receive, reader: Reader) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    reader.end()
