"""uvicorn's WebSocket protocol with a short way for frames: prebuilt bytes out, acknowledgements in.

Through ASGI each message costs a queue, a task switch and a frame header per viewer. The app finds the short way as
`scope["extensions"]["wardwatch.frames"]`; under another server it is not there and plain ASGI does.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from dashboards.console.live.wsframe import ClientFrames, OversizedFrameError, ack_sequence

EXTENSION = "wardwatch.frames"
_DEAF_CLOSE_SECONDS = 0.5
_TOO_BIG = 1009  # RFC 6455 §7.4.1

Acknowledged = Callable[[int], None]  # all frames up to this sequence


class DirectOutlet:
    """An `Outlet` straight into the server's transport, for use after the app has accepted."""

    __slots__ = ("_on_full", "_protocol", "full", "write")

    def __init__(self, protocol: FramesProtocol) -> None:
        self._protocol = protocol
        self._on_full: Callable[[], None] | None = None
        self.full = False
        self.write: Callable[[bytes], object] = protocol.transport.write

    def bound(self, most_bytes: int, on_full: Callable[[], None]) -> None:
        self._protocol.transport.set_write_buffer_limits(high=most_bytes)
        self._on_full = on_full

    def listen(self, acknowledged: Acknowledged) -> None:
        """Call for each acknowledgement; ASGI gets only what else is said, and no frame larger than a viewer needs."""
        self._protocol.listen(acknowledged)

    def close(self, code: int, reason: str) -> None:
        self._protocol.end(code, reason)

    def abort(self) -> None:
        self.silence()
        self._protocol.transport.abort()

    def became_full(self, full: bool) -> None:
        """The transport says so."""
        self.full = full
        if full and self._on_full is not None:
            self._on_full()

    def silence(self) -> None:
        """The connection is closing: nothing more may be written."""
        self.write = _nowhere


def _nowhere(_framed: bytes) -> None:
    """Where frames for a closed connection go."""


def direct_outlet(scope: MutableMapping[str, Any]) -> DirectOutlet | None:
    """That of this connection, if its server has the short way."""
    return cast("DirectOutlet | None", scope.get("extensions", {}).get(EXTENSION))


class FramesProtocol(WebSocketsSansIOProtocol):
    """Of one connection."""

    _outlet: DirectOutlet | None = None
    _acknowledged: Acknowledged | None = None
    _client_frames: ClientFrames
    _deaf = False

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            self._outlet = DirectOutlet(self)
            # The scope's type is a closed TypedDict; its "extensions" is open by the ASGI specification.
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self._outlet

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # by an answer in words; uvicorn would log that the app gave none

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._outlet is not None:
            self._outlet.became_full(True)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._outlet is not None:
            self._outlet.became_full(False)

    def handle_close(self, event: Any) -> None:
        self._silence()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        self._silence()
        super().handle_parser_exception()

    def keepalive_timeout(self) -> None:
        self._silence()
        super().keepalive_timeout()

    def shutdown(self) -> None:
        self._silence()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence()
        super().connection_lost(exc)

    def _silence(self) -> None:
        if self._outlet is not None:
            self._outlet.silence()

    def data_received(self, data: bytes) -> None:
        if self._acknowledged is None:
            super().data_received(data)
        elif not self._client_frames.kept and (sequence := ack_sequence(data)) is not None:
            self._acknowledged(sequence)
        elif not self._deaf:
            self._take_apart(data, self._acknowledged)

    def _take_apart(self, data: bytes, acknowledged: Acknowledged) -> None:
        try:
            for frame in self._client_frames.feed(data):
                sequence = ack_sequence(frame)
                if sequence is None:
                    super().data_received(frame)
                else:
                    acknowledged(sequence)
        except OversizedFrameError as error:
            self._deaf = True  # what follows is the rest of that frame
            self.close_timeout = _DEAF_CLOSE_SECONDS  # its answer would not be heard
            self.end(_TOO_BIG, str(error))

    def listen(self, acknowledged: Acknowledged) -> None:
        """See DirectOutlet.listen."""
        self._client_frames = ClientFrames()
        self._acknowledged = acknowledged

    def end(self, code: int, reason: str) -> None:
        """Begin the closing handshake; the app gets websocket.disconnect at once."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self._silence()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
