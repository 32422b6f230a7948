"""uvicorn's WebSocket protocol with a short way for frames: prebuilt bytes out, acknowledgements in.

Through ASGI each message costs a queue, a task switch and a frame header per viewer. The app finds the short way as
`scope["extensions"]["wardwatch.frames"]`; under another server it is not there and plain ASGI does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from typing import Any, Protocol, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from dashboards.console.live.wsframe import ClientFrames, OversizedFrameError

EXTENSION = "wardwatch.frames"
_TOO_BIG = 1009  # RFC 6455 §7.4.1


class Frames(Protocol):
    """The short way, after the app has accepted. The event loop's thread only."""

    def write(self, framed: bytes) -> None:
        """Whole WebSocket frames; dropped when the socket is closing."""

    def buffered(self) -> int:
        """Bytes that wait in this process."""

    def listen(self, acknowledged: Callable[[bytes], None]) -> None:
        """Call for each binary message of five bytes, which ASGI then does not get; others are bounded in size."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; the app gets websocket.disconnect at once."""

    def abort(self) -> None:
        """Cut the connection, whatever waits."""


def frames_of(scope: MutableMapping[str, Any]) -> Frames | None:
    """The short way of this connection, if its server has one."""
    return cast("Frames | None", scope.get("extensions", {}).get(EXTENSION))


class FramesProtocol(WebSocketsSansIOProtocol):
    """Of one connection; itself the `Frames` of its scope."""

    _acknowledged: Callable[[bytes], None] | None = None
    _client_frames: ClientFrames

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.close_sent:
            # The scope's type is a closed TypedDict; its "extensions" is open by the ASGI specification.
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # by an answer in words; uvicorn would log that the app gave none

    def data_received(self, data: bytes) -> None:
        if self._acknowledged is None:
            super().data_received(data)
            return
        try:
            for frame, is_acknowledgement in self._client_frames.feed(data):
                if is_acknowledgement:
                    self._acknowledged(frame)
                else:
                    super().data_received(frame)
        except OversizedFrameError as error:
            self.close(_TOO_BIG, str(error))
            self.abort()

    # ---- Frames -------------------------------------------------------------------------------------------------

    def write(self, framed: bytes) -> None:
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(framed)

    def buffered(self) -> int:
        return self.transport.get_write_buffer_size()

    def listen(self, acknowledged: Callable[[bytes], None]) -> None:
        self._client_frames = ClientFrames()
        self._acknowledged = acknowledged

    def close(self, code: int, reason: str) -> None:
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.abort)

    def abort(self) -> None:
        cast(asyncio.WriteTransport, self.transport).abort()
