"""A ward's way to the broker through a TCP proxy that can be made slow: the kernel here has no netem."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from chaos.kernel import visiting

LOG = logging.getLogger("chaos.line")
_BYTES = 65_536
_CONNECT_SECONDS = 15.0
_MOST_UNDER_WAY = 64  # pieces; a line holds so much and no more


class LongLine:
    """From 127.0.0.1:port of a ward to one address beyond its line; `delay` in seconds, each way, may change."""

    def __init__(self, namespace: Path, target: tuple[str, int], port: int) -> None:
        self.delay = 0.0
        self._namespace, self._target, self._port = namespace, target, port
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """To be called within the ward's namespace, in the event loop. Raises OSError."""
        listening = socket.create_server(("127.0.0.1", self._port))
        listening.setblocking(False)
        self._keep(self._accept(listening))

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(listening)
            self._keep(self._join(near))

    async def _join(self, near: socket.socket) -> None:
        with visiting(self._namespace):
            far = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        far.setblocking(False)
        loop = asyncio.get_running_loop()
        with near, far:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await loop.sock_connect(far, self._target)
                await self._both_ways(near, far)

    async def _both_ways(self, near: socket.socket, far: socket.socket) -> None:
        """Until either end is over; the other ends with it."""
        ways = [asyncio.ensure_future(self._pass_on(*way)) for way in ((near, far), (far, near))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_MOST_UNDER_WAY)
        arriving = asyncio.ensure_future(self._arrive(under_way, sink))
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(source, _BYTES):
                await under_way.put((loop.time() + self.delay, data))
            await under_way.put((loop.time() + self.delay, b""))
            await arriving
        finally:
            arriving.cancel()

    async def _arrive(self, under_way: asyncio.Queue[tuple[float, bytes]], sink: socket.socket) -> None:
        """In order, each no sooner than its time."""
        loop = asyncio.get_running_loop()
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                return
            await loop.sock_sendall(sink, data)
