"""A TCP line between a ward and its broker: what a test does to it is for each kind of line to say."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable

_LITTLE = 8192  # what a narrow line holds on the way, so that the sender feels how narrow it is
_BYTES = 65_536


class Door:
    """Where a ward connects; `join` gets each connection, in a thread of its own."""

    def __init__(self, join: Callable[[socket.socket], None], receive_bytes: int | None = None) -> None:
        self._join = join
        self._server = socket.create_server(("127.0.0.1", 0))
        if receive_bytes is not None:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.port: int = self._server.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                threading.Thread(target=self._guarded_join, args=(near,), daemon=True).start()

    def _guarded_join(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._join(near)


def carry(source: socket.socket, sink: socket.socket, passing: Callable[[bytes], None], at_once: int = _BYTES) -> None:
    """Until the source has ended; `passing` sees what is carried, and may keep it waiting."""
    with contextlib.suppress(OSError):
        while data := source.recv(at_once):
            passing(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def carry_beside(source: socket.socket, sink: socket.socket, passing: Callable[[bytes], None]) -> None:
    """The same, in a thread of its own."""
    threading.Thread(target=carry, args=(source, sink, passing), daemon=True).start()


class Line:
    """Frozen, nothing passes and nothing ends, as when a cable is cut. With `bytes_per_second` it carries that much
    towards the broker; the other way is wide."""

    def __init__(self, broker: int, bytes_per_second: int | None = None) -> None:
        self._broker = broker
        self._rate = bytes_per_second
        self._open = threading.Event()
        self._open.set()
        self._door = Door(self._join, None if bytes_per_second is None else _LITTLE)
        self.port, self.url, self.close = self._door.port, self._door.url, self._door.close

    def freeze(self) -> None:
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    def _join(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._broker))
        carry_beside(far, near, self._wait)
        carry(near, far, self._squeeze, _BYTES if self._rate is None else _LITTLE // 2)

    def _wait(self, _: bytes) -> None:
        self._open.wait()

    def _squeeze(self, data: bytes) -> None:
        self._open.wait()
        if self._rate is not None:
            time.sleep(len(data) / self._rate)
