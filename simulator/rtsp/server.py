"""RTSP at one port with one account; and a camera there: a main and a sub-stream, and what may befall them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable, Mapping

from simulator.net.listener import Door, Listener
from simulator.rtsp import message
from simulator.rtsp.addresses import Addresses, PlainAddresses
from simulator.rtsp.connection import Connection
from simulator.rtsp.gate import Gate
from simulator.rtsp.live_stream import LiveStream
from simulator.rtsp.source import Source
from simulator.scene.lens import CLEAR, Lens
from simulator.scene.office import View
from simulator.video.film import MAIN, SUB, Film
from telemetry.clock import Clock

LOG = logging.getLogger("ward-sim.camera")
MOST_CONNECTIONS = 64


class RtspServer:
    """`find` says what an address stands for; `replays`: whether it knows ONVIF's replay."""

    def __init__(self, gate: Gate, find: Callable[[str, str], Source | None], *, replays: bool = False) -> None:
        self.gate = self._configured = gate
        self.find, self.replays = find, replays
        self._listener = Listener(self._accept)
        self._connections: dict[asyncio.Task[None], Connection | None] = {}
        self._silent: list[Connection] = []

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def connections(self) -> int:
        return len(self._connections)

    def open(self, port: int = 0) -> int:
        """Raises OSError where the port is taken."""
        return self._listener.open(port)

    def close(self) -> None:
        self._drop()
        self._listener.close()

    def set_reachable(self, reachable: bool) -> None:
        """Without power or cable it is silent, also to those who were connected; they are reset when it is back."""
        door = Door.OPEN if reachable else Door.SILENT
        if door is self._listener.door:
            return
        self._listener.set(door)
        if reachable:
            self._drop()
        else:
            self._fall_silent()

    def set_password_changed(self, changed: bool) -> None:
        """Somebody gave the camera another password: those who know the old one are shown out."""
        if changed is (self.gate is not self._configured):
            return
        configured = self._configured
        self.gate = Gate(configured.username, secrets.token_hex(16), configured.realm) if changed else configured
        self._drop()

    def _accept(self, accepted: socket.socket) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            with contextlib.suppress(OSError):  # it may be gone already; then it needs no answer
                accepted.send(message.answer(503, ""))
            accepted.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(accepted))
        self._connections[task] = None
        task.add_done_callback(lambda done: self._connections.pop(done, None))

    async def _serve(self, accepted: socket.socket) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=accepted)
        except OSError as error:
            LOG.debug("a client of a camera was gone at once: %r", error)
            accepted.close()
            return
        connection = Connection(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = connection
        await connection.serve()
        connection.close()

    def _fall_silent(self) -> None:
        for task, connection in self._connections.items():
            if connection is not None:
                connection.fall_silent()
                self._silent.append(connection)
            task.cancel()

    def _drop(self) -> None:
        for task, connection in self._connections.items():
            if connection is not None:
                connection.abort()
            task.cancel()
        for connection in self._silent:
            connection.abort()
        self._silent.clear()


class RtspCamera(RtspServer):
    """Streams at rtsp://127.0.0.1:port/main and /sub, or where its maker has them."""

    def __init__(self, view: View, gate: Gate, clock: Clock, addresses: Addresses | None = None) -> None:
        self.streams: Mapping[str, LiveStream] = {
            quality.path: LiveStream(Film(view, quality), clock) for quality in (MAIN, SUB)
        }
        super().__init__(gate, self._found)
        self.addresses: Addresses = addresses or PlainAddresses()
        self._frozen, self._lens, self._hevc = False, CLEAR, False

    def _found(self, path: str, query: str) -> Source | None:
        wanted = self.addresses.wanted(path, query)
        return None if wanted is None or wanted.channel != 1 or wanted.replay else self.streams[wanted.stream]

    def set_lens(self, lens: Lens) -> None:
        if lens != self._lens:
            self._lens = lens
            for stream in self.streams.values():
                stream.set_lens(lens)

    def set_hevc(self, hevc: bool) -> None:
        if hevc is not self._hevc:
            self._hevc = hevc
            for stream in self.streams.values():
                stream.set_hevc(hevc)

    def set_frozen(self, frozen: bool) -> None:
        if frozen is not self._frozen:
            self._frozen = frozen
            for stream in self.streams.values():
                stream.set_frozen(frozen)
