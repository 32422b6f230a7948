"""A TCP line between a ward and its broker that can freeze, or be narrow."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_LITTLE = 8192  # what a narrow line holds on the way, so that the sender feels how narrow it is


class Line:
    """Frozen, nothing passes and nothing ends, as when a cable is cut. With `bytes_per_second` it carries that much
    towards the broker; the other way is wide."""

    def __init__(self, broker: int, bytes_per_second: int | None = None) -> None:
        self._broker = broker
        self._rate = bytes_per_second
        self._open = threading.Event()
        self._open.set()
        self._server = socket.create_server(("127.0.0.1", 0))
        if bytes_per_second is not None:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LITTLE)
        self.port: int = self._server.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self._open.clear()

    def thaw(self) -> None:
        self._open.set()

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._broker))
                for source, sink, rate in ((near, far, self._rate), (far, near, None)):
                    threading.Thread(target=self._carry, args=(source, sink, rate), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, rate: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536 if rate is None else _LITTLE // 2):
                self._open.wait()
                if rate is not None:
                    time.sleep(len(data) / rate)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
