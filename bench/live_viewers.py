"""Many viewers in one process, as cheap as real sockets can be: they read frame headers and acknowledge, no more.

The crowd is the argument, as JSON; a line is printed when it begins to measure, one when it ends, and what it saw.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import struct
import sys
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Crowd:
    """Who watches, and for how long. `stalled` viewers more open a socket and never read it."""

    port: int
    path: str
    cookies: list[str]
    viewers: int
    per_session: int
    settle_seconds: float
    seconds: float
    ack_seconds: float
    stalled: int = 0
    mse: bool = False


@dataclass
class Seen:
    """What all viewers together saw in the measured seconds."""

    frames: int
    messages: int
    gap_ms_p50: float
    gap_ms_p99: float
    gap_ms_max: float
    viewers: int
    bytes: int


class ViewerSocket(asyncio.Protocol):
    """One WebSocket, client side (RFC 6455), for binary messages of records."""

    def __init__(self, request: bytes, ack_seconds: float, mse: bool) -> None:
        self._request, self._ack_seconds, self._mse = request, ack_seconds, mse
        self._data = bytearray()
        self._open = False
        self._acked_at = 0.0
        self.times: list[float] = []
        self.frames = 0
        self.bytes = 0
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self._data += data
        if not self._open:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._data.startswith(b"HTTP/1.1 101"):
                raise SystemExit(f"live viewers: refused: {bytes(self._data[:80])!r}")
            del self._data[: end + 4]
            self._open = True
        while self._take():
            continue

    def _take(self) -> bool:
        data = self._data
        if len(data) < 4:
            return False
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            if len(data) < 10:
                return False
            size, at = int.from_bytes(data[2:10], "big"), 10
        if len(data) < at + size:
            return False
        if data[0] & 0x0F == 2:
            self._message(at, at + size)
        elif data[0] & 0x0F == 8:
            raise SystemExit(f"live viewers: closed: {bytes(data[at : at + size])!r}")
        del data[: at + size]
        return True

    def _message(self, at: int, end: int) -> None:
        now = time.perf_counter()
        self.times.append(now)
        sequence = int.from_bytes(self._data[at : at + 4], "big")
        if self._mse:
            self.frames += 1  # one a message on the main stream
            at = end
        while at < end:
            length, _, sequence = struct.unpack_from(">III", self._data, at)
            at += 4 + length
            self.frames += 1
        if now - self._acked_at >= self._ack_seconds:
            self._acked_at = now
            # Masked with zeros, which is a mask like any other.
            self._transport.write(b"\x82\x85\0\0\0\0" + struct.pack(">BI", 1, sequence))


def handshake(crowd: Crowd, cookie: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {crowd.path} HTTP/1.1\r\nHost: 127.0.0.1:{crowd.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
    ).encode()


def stall(crowd: Crowd) -> socket.socket:
    """A viewer that never reads, with a small buffer so that it hurts at once."""
    dead = socket.socket()
    dead.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    dead.connect(("127.0.0.1", crowd.port))
    dead.sendall(handshake(crowd, crowd.cookies[-1]))
    return dead


async def watch(crowd: Crowd) -> Seen:
    loop = asyncio.get_running_loop()
    sockets: list[ViewerSocket] = []
    dead = [stall(crowd) for _ in range(crowd.stalled)]
    for number in range(crowd.viewers):
        request = handshake(crowd, crowd.cookies[number // crowd.per_session])
        made = ViewerSocket(request, crowd.ack_seconds, crowd.mse)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", crowd.port)  # type: ignore[misc]
        sockets.append(made)
    await asyncio.sleep(crowd.settle_seconds)
    print(json.dumps({"measuring": True}), flush=True)
    for each in sockets:
        each.times, each.frames, each.bytes = [], 0, 0
    await asyncio.sleep(crowd.seconds)
    seen = gather(sockets)
    print(json.dumps({"measured": True}), flush=True)
    for one in dead:
        one.close()
    return seen


def gather(sockets: list[ViewerSocket]) -> Seen:
    if any(each.lost for each in sockets):
        raise SystemExit("live viewers: a connection was lost")
    gaps = sorted(
        1000 * (after - before) for each in sockets for before, after in zip(each.times, each.times[1:], strict=False)
    )
    if not gaps:
        raise SystemExit("live viewers: nothing came")
    return Seen(
        frames=sum(each.frames for each in sockets),
        messages=sum(len(each.times) for each in sockets),
        gap_ms_p50=round(gaps[len(gaps) // 2], 2),
        gap_ms_p99=round(gaps[len(gaps) * 99 // 100], 2),
        gap_ms_max=round(gaps[-1], 2),
        viewers=len(sockets),
        bytes=sum(each.bytes for each in sockets),
    )


def main() -> None:
    crowd = Crowd(**json.loads(sys.argv[1]))
    print(json.dumps(asdict(asyncio.run(watch(crowd)))), flush=True)


if __name__ == "__main__":
    main()
