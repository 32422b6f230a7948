"""An accepted WebSocket as an `Outlet` by plain ASGI, for servers without the short way of protocol.py."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboards.console.live.wsframe import is_text, payload_at

_CLOSE_SECONDS = 5.0


class AsgiOutlet:
    """For any server: a queue and a task that empties it. Call `end` when the connection is over."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._queue: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._most_bytes = 1 << 20
        self._on_full: Callable[[], None] | None = None
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def write(self, framed: bytes) -> None:
        if self._closing is None and not self._task.done():
            self._queue.append(framed)
            self._waiting_bytes += len(framed)
            self._wake.set()
            if self.full and self._on_full is not None:
                self._on_full()

    @property
    def full(self) -> bool:
        return self._waiting_bytes > self._most_bytes

    def bound(self, most_bytes: int, on_full: Callable[[], None]) -> None:
        self._most_bytes, self._on_full = most_bytes, on_full

    def close(self, code: int, reason: str) -> None:
        if self._closing is None:
            self._closing = (code, reason)
            self._wake.set()

    def abort(self) -> None:
        self._queue.clear()
        self._task.cancel()

    async def end(self) -> None:
        """The connection is over, or is to be once its reason has been sent."""
        if self._closing is not None:
            await asyncio.wait([self._task], timeout=_CLOSE_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    framed = self._queue.popleft()
                    await self._send(framed)
                    self._waiting_bytes -= len(framed)
                if self._closing is not None:
                    await self._socket.close(*self._closing)
                    return
        except (WebSocketDisconnect, RuntimeError):
            # Gone, or closed meanwhile: Starlette says it in either way, and the one who reads hears of it too.
            self._queue.clear()

    async def _send(self, framed: bytes) -> None:
        payload = framed[payload_at(framed) :]
        if is_text(framed):
            await self._socket.send_text(payload.decode())
        else:
            await self._socket.send_bytes(payload)
