"""A TCP service that holds conversations while its device can be reached, and is silent while it cannot."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable

from simulator.net.listener import Door, Listener

LOG = logging.getLogger("ward-sim.door")
MOST_CONVERSATIONS = 64
IDLE_SECONDS = 300.0  # a conversation that says nothing for so long ends
MOST_LINE_BYTES = 16 * 1024
_HANDSHAKE_SECONDS = 10.0

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class StreamDoor:
    """Accepts on 127.0.0.1. `talk` holds one conversation; when it returns, the connection closes.

    What a stranger sends may end his conversation by any of OSError, EOFError, ValueError or TimeoutError.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = Listener(self._accept)
        self._talking: dict[asyncio.Task[None], asyncio.StreamWriter | None] = {}
        self._silent: list[asyncio.StreamWriter] = []
        self._tls: ssl.SSLContext | None = None

    @property
    def port(self) -> int:
        return self._listener.port

    def open(self, port: int = 0) -> int:
        """Raises OSError where the port is taken."""
        return self._listener.open(port)

    def set_tls(self, tls: ssl.SSLContext) -> None:
        """From now on new conversations are in TLS with this certificate."""
        self._tls = tls

    def set_reachable(self, reachable: bool) -> None:
        """Without power or cable nobody is answered; who was connected is reset when it is back."""
        door = Door.OPEN if reachable else Door.SILENT
        if door is self._listener.door:
            return
        self._listener.set(door)
        if reachable:
            self._drop()
        else:
            self._fall_silent()

    def close(self) -> None:
        self._drop()
        self._listener.close()

    def _accept(self, accepted: socket.socket) -> None:
        if len(self._talking) >= MOST_CONVERSATIONS:
            accepted.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(accepted))
        self._talking[task] = None
        task.add_done_callback(lambda done: self._talking.pop(done, None))

    async def _serve(self, accepted: socket.socket) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            reader, writer = await self._streams(accepted)
        except OSError as error:  # ssl.SSLError is one
            LOG.debug("a client was gone, or would not speak TLS: %r", error)
            accepted.close()
            return
        self._talking[task] = writer
        try:
            await self._talk(reader, writer)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            LOG.debug("a conversation ended: %r", error)
        finally:
            if writer not in self._silent:
                writer.close()

    async def _streams(self, accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        within = _HANDSHAKE_SECONDS if self._tls is not None else None
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol, accepted, ssl=self._tls, ssl_handshake_timeout=within
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    def _fall_silent(self) -> None:
        for task, writer in self._talking.items():
            if writer is not None:
                self._silent.append(writer)
                transport = writer.transport
                assert isinstance(transport, asyncio.Transport)
                transport.pause_reading()
            task.cancel()

    def _drop(self) -> None:
        for task, writer in self._talking.items():
            if writer is not None:
                writer.transport.abort()
            task.cancel()
        for writer in self._silent:
            writer.transport.abort()
        self._silent.clear()
