"""An accepted WebSocket as an `Outlet` by plain ASGI, for servers without the short way of protocol.py."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboards.console.live.wsframe import WireMessage


class AsgiOutlet:
    """For any server: a queue and a task that empties it. Call `end` when the connection is over."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._queue: deque[WireMessage] = deque()
        self._waiting_bytes = 0
        self._most_bytes = 1 << 20
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def send(self, message: WireMessage) -> None:
        if self._closing is None and not self._task.done():
            self._queue.append(message)
            self._waiting_bytes += len(message.framed)
            self._wake.set()

    @property
    def full(self) -> bool:
        return self._waiting_bytes > self._most_bytes

    def bound(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes

    def close(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()

    def abort(self) -> None:
        self._queue.clear()
        self._task.cancel()

    async def end(self) -> None:
        """The connection is over."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    message = self._queue.popleft()
                    await self._send(message)
                    self._waiting_bytes -= len(message.framed)
                if self._closing is not None:
                    await self._socket.close(*self._closing)
                    return
        except (WebSocketDisconnect, RuntimeError):
            # Gone, or closed meanwhile: Starlette says it in either way, and the one who reads hears of it too.
            self._queue.clear()

    async def _send(self, message: WireMessage) -> None:
        if message.text:
            await self._socket.send_text(message.payload.decode())
        else:
            await self._socket.send_bytes(message.payload)
