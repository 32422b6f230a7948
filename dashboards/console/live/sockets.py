"""The two WebSocket endpoints: `/live/publish` for wards, `/api/live/{ward}/{device}/{stream}` for viewers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from dashboards.console.accounts import Viewer as Account
from dashboards.console.api.common import COOKIE, LONGEST_TOKEN, Console, check_place
from dashboards.console.guard import same_origin
from dashboards.console.live.channel import Place
from dashboards.console.live.desk import LiveDesk, TooManyViewersError
from dashboards.console.live.outlets import AsgiOutlet
from dashboards.console.live.protocol import DirectOutlet, direct_outlet
from dashboards.console.live.publisher import BAD_BYTES, Publisher
from dashboards.console.live.tickets import Claim, TicketError
from dashboards.console.live.units import Mode
from dashboards.console.live.viewer import Outlet, Viewer
from dashboards.console.problems import STATUS, ProblemError, problem_response
from dashboards.console.site import UnknownPlaceError
from dashboards.console.words import language_of, word
from telemetry.kinds import Kind
from telemetry.live import LiveError, StreamName, decode_ack

log = logging.getLogger(__name__)

_CLOSE_CODES = 4000  # and the HTTP status: RFC 6455 §7.4.2 leaves 4000 to 4999 to applications
_LONGEST_REASON = 123  # bytes; RFC 6455 §5.5: a control frame carries 125


def router(desk: LiveDesk) -> APIRouter:
    """The endpoints of this desk."""
    routes = APIRouter()

    @routes.websocket(desk.settings.publish_path)
    async def publish(socket: WebSocket) -> None:
        await _publish(desk, socket)

    @routes.websocket("/api/live/{ward}/{device}/{stream}")
    async def view(socket: WebSocket, ward: str, device: str, stream: str) -> None:
        await _view(desk, socket, ward, device, stream)

    return routes


# ---- publishers -----------------------------------------------------------------------------------------------------


async def _publish(desk: LiveDesk, socket: WebSocket) -> None:
    """A ward's publisher: a ticket instead of a session, for a ward's agent has none."""
    query = socket.query_params
    claim = Claim(query.get("ward", ""), query.get("device", ""), query.get("stream", ""))
    try:
        ticket = desk.admit(query.get("ticket", ""), claim)
    except TicketError as error:
        log.warning("a publisher from %s was refused: ticket %s", _address(socket), error.refusal)
        await _deny(socket, "ticket_refused", error.refusal.value)
        return
    await socket.accept()
    async with _outlet(socket) as outlet:
        publisher = desk.begin(ticket, outlet)
        if publisher is None:
            return
        log.info("%s is published from %s", ticket.place, _address(socket))
        try:
            await _hear(desk, socket, publisher)
        except LiveError as error:
            log.warning("the publisher of %s is let go: %s", ticket.place, error)
            desk.refusals["bad_bytes"] += 1
            outlet.close(BAD_BYTES, _shortened(str(error)))
        finally:
            desk.end(publisher)
            log.info("%s is not published any more", ticket.place)


async def _hear(desk: LiveDesk, socket: WebSocket, publisher: Publisher) -> None:
    async for message in _messages(socket):
        publisher.hear(message, desk.monotonic())


# ---- viewers --------------------------------------------------------------------------------------------------------


async def _view(desk: LiveDesk, socket: WebSocket, ward: str, device: str, stream: str) -> None:
    """Somebody signed in who may see the ward. Refusals are close codes: a page cannot read an HTTP status here."""
    console: Console = socket.app.state.console
    if not same_origin(socket.headers, console.settings.own_origins):
        await _deny(socket, "cross_site")
        return
    await socket.accept()
    async with _outlet(socket) as outlet:
        ear = _Ear(desk, outlet)
        if isinstance(outlet, DirectOutlet):
            outlet.listen(ear.hear)  # at once: nothing that the viewer sent may be half read by then
        try:
            account = await to_thread.run_sync(_account, console, socket, ward, device)
            place, mode = _asked(socket, ward, device, stream)
            viewer = Viewer(
                outlet, mode, desk.settings, desk.monotonic(), session=account.session, token=_token(socket)
            )
            desk.enter(place, viewer)
        except (ProblemError, UnknownPlaceError, TooManyViewersError) as error:
            _refuse(outlet, _code_of(error), socket)
            return
        ear.viewer = viewer
        try:
            # Frames find their way from the channel; here only the viewer's words are heard.
            async for message in _messages(socket):
                if isinstance(message, bytes):
                    ear.read(message)
        finally:
            desk.leave(place, viewer)


class _Ear:
    """Hears a viewer's acknowledgements."""

    def __init__(self, desk: LiveDesk, outlet: Outlet) -> None:
        self._desk, self._outlet = desk, outlet
        self.viewer: Viewer | None = None

    def hear(self, sequence: int) -> None:
        """Of one who has not got anything yet, it means nothing."""
        if self.viewer is not None:
            self.viewer.acknowledged(sequence, self._desk.monotonic())

    def read(self, message: bytes) -> None:
        """A message that has come by ASGI."""
        try:
            self.hear(decode_ack(message))
        except LiveError as error:
            self._outlet.close(BAD_BYTES, _shortened(str(error)))


def _account(console: Console, socket: WebSocket, ward: str, device: str) -> Account:
    """Who it is. Blocks. Raises ProblemError or UnknownPlaceError where it may not see this camera."""
    token = _token(socket)
    account = console.accounts.session_of(token) if token else None
    if account is None:
        raise ProblemError("not_signed_in")
    check_place(account, ward, device)
    if console.site.device(ward, device).info.kind != Kind.CAMERA:
        raise UnknownPlaceError(device)
    return account


def _asked(socket: WebSocket, ward: str, device: str, stream: str) -> tuple[Place, Mode]:
    try:
        return Place(ward, device, StreamName(stream)), Mode(socket.query_params.get("mode", Mode.RECORDS))
    except ValueError as error:
        raise ProblemError("bad_request") from error


def _code_of(error: Exception) -> str:
    if isinstance(error, ProblemError):
        return error.code
    return "unknown_place" if isinstance(error, UnknownPlaceError) else "too_many_pictures"


def _refuse(outlet: Outlet, code: str, socket: WebSocket) -> None:
    words = word("problem", code, language_of(socket.headers.get("accept-language", "")))
    outlet.close(_CLOSE_CODES + STATUS[code], _shortened(f"{code}: {words}"))


# ---- both -----------------------------------------------------------------------------------------------------------


class _outlet:
    """The socket's outlet, ended with the connection."""

    def __init__(self, socket: WebSocket) -> None:
        self._made: DirectOutlet | AsgiOutlet = direct_outlet(socket.scope) or AsgiOutlet(socket)

    async def __aenter__(self) -> Outlet:
        return self._made

    async def __aexit__(self, *_error: object) -> None:
        if isinstance(self._made, AsgiOutlet):
            await self._made.end()


async def _messages(socket: WebSocket) -> AsyncIterator[bytes | str]:
    """What comes until the connection is over."""
    while socket.client_state is not WebSocketState.DISCONNECTED:
        try:
            message = await socket.receive()
        except (WebSocketDisconnect, RuntimeError):
            return  # Starlette's two ways to say that it is over
        if message["type"] == "websocket.disconnect":
            return
        content = message.get("bytes")
        yield content if content is not None else message["text"]


async def _deny(socket: WebSocket, code: str, detail: str = "") -> None:
    """No handshake: an HTTP answer in words where the server can give one, else its bare 403."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        language = socket.headers.get("accept-language", "")
        await socket.send_denial_response(problem_response(code, language, detail))
    else:
        await socket.close()


def _shortened(reason: str) -> str:
    """As much of a reason as a close frame can carry."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


def _token(socket: WebSocket) -> str:
    token = socket.cookies.get(COOKIE, "")
    return token if len(token) <= LONGEST_TOKEN else ""


def _address(socket: WebSocket) -> str:
    return socket.client.host if socket.client is not None else "somewhere"
