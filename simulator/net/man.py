"""The ward's line to the city: everything between the agent and its district passes here, so it can be cut."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from enum import Enum

from simulator.net.listener import Door, Listener

LOG = logging.getLogger("ward-sim.man")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Cut(Enum):
    """How a cut line shows: a dug-up fibre is silent (hang), a router that lost its route says so (reset)."""

    HANG = "hang"
    RESET = "reset"


class ManLine:
    """A TCP proxy from 127.0.0.1:port to one address beyond the line."""

    def __init__(self, target: tuple[str, int], port: int = 0) -> None:
        self._target = target
        self._listener = Listener(self._arrived, port)
        self._pipes: set[_Pipe] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self.cut: Cut | None = None

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def connections(self) -> int:
        return len(self._pipes)

    def open(self) -> int:
        """Raises OSError where the port is taken."""
        self._listener.set(Door.OPEN)
        return self.port

    def set_cut(self, cut: Cut | None) -> None:
        """Cut the line, change how it is cut, or mend it."""
        if cut is self.cut:
            return
        self.cut = cut
        if cut is Cut.RESET:
            self._reset_all()
            self._listener.set(Door.REFUSED)
            return
        for pipe in self._pipes:
            pipe.hold(cut is Cut.HANG)
        self._listener.set(Door.SILENT if cut is Cut.HANG else Door.OPEN)

    def close(self) -> None:
        self._listener.close()
        self._reset_all()

    def _reset_all(self) -> None:
        for task in self._connecting:
            task.cancel()
        for pipe in list(self._pipes):
            pipe.reset()

    def _arrived(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        pipe = _Pipe(self._pipes)
        try:
            await loop.create_connection(lambda: pipe.far, *self._target)
            await loop.connect_accepted_socket(lambda: pipe.near, connection)
        except (OSError, asyncio.CancelledError) as error:
            LOG.info("the far end %s:%d does not take a connection: %r", *self._target, error)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            connection.close()
            pipe.reset()
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        self._pipes.add(pipe)
        pipe.hold(self.cut is Cut.HANG)


class _Pipe:
    """Two connections that are one."""

    def __init__(self, alive: set[_Pipe]) -> None:
        self.near, self.far = _End(self), _End(self)
        self.near.other, self.far.other = self.far, self.near
        self._alive = alive

    def hold(self, held: bool) -> None:
        """Held: nothing passes, nothing is closed; what was on its way waits, as TCP would send it again."""
        for end in (self.near, self.far):
            end.set_held(held)

    def reset(self) -> None:
        for end in (self.near, self.far):
            end.reset()
        self._alive.discard(self)

    def ended(self) -> None:
        if self.near.lost and self.far.lost:
            self._alive.discard(self)


class _End(asyncio.Protocol):
    """One end of a pipe: what it reads, the other writes, no faster than that can."""

    other: _End

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe
        self._transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._held = False
        self._other_full = False
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        for data in self._early:
            transport.write(data)
        self._early.clear()

    def data_received(self, data: bytes) -> None:
        self.other.write(data)

    def eof_received(self) -> bool:
        self.other.write_eof()
        return True  # the other direction may still have something to say

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if exc is not None:
            self.other.reset()
        elif self.other._transport is not None:
            self.other._transport.close()
        self._pipe.ended()

    def pause_writing(self) -> None:
        self.other._other_full = True
        self.other._regulate()

    def resume_writing(self) -> None:
        self.other._other_full = False
        self.other._regulate()

    def write(self, data: bytes) -> None:
        if self._transport is None:
            self._early.append(data)
        elif not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def set_held(self, held: bool) -> None:
        self._held = held
        self._regulate()

    def reset(self) -> None:
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def _regulate(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._held or self._other_full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
