"""Where a benchmark's streams end, in a process of its own: a WebSocket that acknowledges every frame, and a TCP port.

Both throw away what they get. `python -m bench.live_sink` prints {"hub": port, "tcp": port}, and then, for each line on
its standard input, what it got since the line before: {"frames", "bytes", "tcp_bytes", "dropped_before"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from telemetry.live import decode_frames, encode_ack


@dataclass
class Got:
    """Since the last question."""

    frames: int = 0
    bytes: int = 0
    tcp_bytes: int = 0
    dropped_before: int = 0


class Sink:
    def __init__(self) -> None:
        self._got = Got()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        plain = await asyncio.start_server(self._discard, "127.0.0.1", 0, limit=1 << 20)
        async with serve(self._take, "127.0.0.1", 0, compression=None, max_size=8 << 20) as hub, plain:
            ports = {"hub": next(iter(hub.sockets)).getsockname()[1], "tcp": plain.sockets[0].getsockname()[1]}
            print(json.dumps(ports), flush=True)
            while await loop.run_in_executor(None, sys.stdin.readline):
                got, self._got = self._got, Got()
                print(json.dumps(asdict(got)), flush=True)

    async def _take(self, connection: ServerConnection) -> None:
        try:
            async for message in connection:
                if isinstance(message, bytes):
                    frame = next(decode_frames(message))
                    self._got.frames += 1
                    self._got.bytes += len(message)
                    self._got.dropped_before += frame.dropped_before
                    await connection.send(encode_ack(frame.sequence))
        except ConnectionClosed:
            return

    async def _discard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 20):
                self._got.tcp_bytes += len(data)
        finally:
            writer.close()


if __name__ == "__main__":
    asyncio.run(Sink().run())
