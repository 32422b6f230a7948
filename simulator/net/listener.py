"""A TCP port that can be there, be refused, or be silent as behind a cut cable."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from enum import Enum

_BACKLOG = 128


class Door(Enum):
    """How a new connection fares."""

    OPEN = "open"
    REFUSED = "refused"  # the host says no at once
    SILENT = "silent"  # nothing comes back, as from a host without power


class Listener:
    """Accepts on 127.0.0.1:port. Silence is real: the kernel drops the SYN because the accept queue is full."""

    def __init__(self, on_connection: Callable[[socket.socket], None], port: int = 0) -> None:
        self._on_connection = on_connection
        self._port = port
        self._socket: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._filler_ports: set[int] = set()
        self.door = Door.REFUSED

    @property
    def port(self) -> int:
        return self._port

    def open(self, port: int = 0) -> int:
        """Accept at `port`, 0: any free one; the result is the port. Raises OSError where it is taken."""
        self._port = port or self._port
        self.set(Door.OPEN)
        return self._port

    def set(self, door: Door) -> None:
        """Raises OSError where the port is taken by another program."""
        if door is self.door:
            return
        if door is Door.REFUSED:
            self.close()
            return
        listening = self._bound()
        loop = asyncio.get_running_loop()
        if door is Door.SILENT:
            loop.remove_reader(listening)
            listening.listen(0)
            self._fill()
        else:
            self._drop_fillers()
            listening.listen(_BACKLOG)
            loop.add_reader(listening, self._accept)
        self.door = door

    def close(self) -> None:
        self._drop_fillers()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        self.door = Door.REFUSED

    def _bound(self) -> socket.socket:
        if self._socket is None:
            listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                listening.setblocking(False)
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(("127.0.0.1", self._port))
                listening.listen(_BACKLOG)
            except OSError:
                listening.close()
                raise
            self._port = int(listening.getsockname()[1])
            self._socket = listening
        return self._socket

    def _accept(self) -> None:
        assert self._socket is not None
        try:
            connection, (_, port) = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        if port in self._filler_ports:
            self._filler_ports.discard(port)
            connection.close()
            return
        connection.setblocking(False)
        self._on_connection(connection)

    def _fill(self) -> None:
        """Take the one place that a backlog of 0 leaves, so that whoever comes next waits."""
        for _ in range(2):
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self._port))
            self._fillers.append(filler)
        self._filler_ports = {int(filler.getsockname()[1]) for filler in self._fillers}

    def _drop_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
