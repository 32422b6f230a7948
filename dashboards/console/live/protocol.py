"""uvicorn's WebSocket protocol with a short way for frames: prebuilt bytes out, acknowledgements in.

Through ASGI each message costs a queue, a task switch and a frame header per viewer. The app finds the short way as
`scope["extensions"]["wardwatch.frames"]`; under another server it is not there and plain ASGI does.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from dashboards.console.live.wsframe import ClientFrames, OversizedFrameError, WireMessage, ack_in

EXTENSION = "wardwatch.frames"
_TOO_BIG = 1009  # RFC 6455 §7.4.1

Acknowledged = Callable[[bytes], None]


class DirectOutlet:
    """An `Outlet` straight into the server's transport, for use after the app has accepted."""

    __slots__ = ("_protocol", "full")

    def __init__(self, protocol: FramesProtocol) -> None:
        self._protocol = protocol
        self.full = False

    def send(self, message: WireMessage) -> None:
        protocol = self._protocol
        if not (protocol.close_sent or protocol.disconnected or protocol.transport.is_closing()):
            protocol.transport.write(message.framed)

    def bound(self, most_bytes: int) -> None:
        """Above how many waiting bytes the outlet is full."""
        self._protocol.transport.set_write_buffer_limits(high=most_bytes)

    def listen(self, acknowledged: Acknowledged) -> None:
        """Call for each binary message of five bytes, which ASGI then does not get; others are bounded in size."""
        self._protocol.listen(acknowledged)

    def close(self, code: int, reason: str) -> None:
        self._protocol.end(code, reason)

    def abort(self) -> None:
        self._protocol.transport.abort()


def direct_outlet(scope: MutableMapping[str, Any]) -> DirectOutlet | None:
    """That of this connection, if its server has the short way."""
    return cast("DirectOutlet | None", scope.get("extensions", {}).get(EXTENSION))


class FramesProtocol(WebSocketsSansIOProtocol):
    """Of one connection."""

    _outlet: DirectOutlet | None = None
    _acknowledged: Acknowledged | None = None
    _client_frames: ClientFrames

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
            self._outlet.full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._outlet is not None:
            self._outlet.full = False

    def data_received(self, data: bytes) -> None:
        if self._acknowledged is None:
            super().data_received(data)
            return
        if not self._client_frames.waiting:
            payload = ack_in(data)
            if payload is not None:
                self._acknowledged(payload)
                return
        try:
            for frame, is_acknowledgement in self._client_frames.feed(data):
                if is_acknowledgement:
                    self._acknowledged(frame)
                else:
                    super().data_received(frame)
        except OversizedFrameError as error:
            self.end(_TOO_BIG, str(error))
            self.transport.abort()

    def listen(self, acknowledged: Acknowledged) -> None:
        """See DirectOutlet.listen."""
        self._client_frames = ClientFrames()
        self._acknowledged = acknowledged

    def end(self, code: int, reason: str) -> None:
        """Begin the closing handshake; the app gets websocket.disconnect at once."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
