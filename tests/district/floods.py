"""A client that floods a broker as fast as it is told to, by hand-made packets, so that it costs the machine little."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

MOST_AT_ONCE = 100


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode()


def _packet(kind: int, body: bytes) -> bytes:
    """MQTT 3.1.1 section 2.2: the fixed header with its remaining length."""
    length, left = b"", len(body)
    while True:
        length += bytes([left % 128 | (128 if left >= 128 else 0)])
        left //= 128
        if not left:
            return bytes([kind]) + length + body


def publish(topic: str, payload: bytes, number: int) -> bytes:
    """QoS 1."""
    return _packet(0x32, _text(topic) + struct.pack(">H", number % 65_535 + 1) + payload)


class Flood(threading.Thread):
    """Sends the messages that `payloads` yields, to one topic; `sent` counts them."""

    def __init__(self, port: int, topic: str, payloads: Iterator[bytes], per_second: int) -> None:
        super().__init__(daemon=True)
        self.sent = 0
        self.refused = False  # the broker ended it
        self._topic, self._payloads, self._per_second = topic, payloads, per_second
        self._ending = threading.Event()
        self._socket = socket.create_connection(("127.0.0.1", port))
        name = f"flood-{topic.replace('/', '-')}"
        self._socket.sendall(_packet(0x10, _text("MQTT") + b"\x04\x02\x00\x00" + _text(name)))
        assert self._socket.recv(4)[3] == 0, "the broker refused"
        threading.Thread(target=self._swallow, daemon=True).start()

    def run(self) -> None:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while not self._ending.is_set():
                due = min(int((time.monotonic() - began) * self._per_second) - self.sent, MOST_AT_ONCE)
                packets = []
                for _ in range(due):
                    packets.append(publish(self._topic, next(self._payloads), self.sent))
                    self.sent += 1
                self._socket.sendall(b"".join(packets))
                self._ending.wait(0.01)

    def stop(self) -> None:
        self._ending.set()
        self._socket.close()
        self.join()

    def _swallow(self) -> None:
        with contextlib.suppress(OSError):
            while self._socket.recv(65_536):
                pass
        self.refused = not self._ending.is_set()
