"""The hub's way to its broker, on which messages may overtake one another: MQTT frames from the broker are held back
and handed on in another order. Each message comes once; only its turn is another. QoS 1 of MQTT 3.1.1 (section 4.6)
promises an order that clients, bridges and clusters of brokers are known not to keep.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path

from chaos.kernel import visiting

_BYTES = 65_536
_PUBLISH = 3  # packet type, MQTT 3.1.1 section 2.2.1
_MOST_HELD = 8  # below what a broker sends without an acknowledgement (mosquitto: 20), or nobody would go on
_ROUND_SECONDS = 0.05


class Frames:
    """MQTT control packets out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[bytes]:
        """The packets that are whole by now."""
        self._rest += data
        while (size := _size(self._rest)) is not None and len(self._rest) >= size:
            yield self._rest[:size]
            self._rest = self._rest[size:]


def _size(data: bytes) -> int | None:
    """Of the packet at the beginning; None while its length has not come whole (section 2.2.3)."""
    length, shift = 0, 0
    for at, byte in enumerate(data[1:5], 2):
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return at + length
    return None


class Disorder:
    """Messages that wait for others to overtake them. `hold_seconds` 0: none waits."""

    def __init__(self, chance: random.Random) -> None:
        self.hold_seconds = 0.0
        self._chance = chance
        self._held: list[tuple[float, bytes]] = []  # when it must go, and the packet

    def put(self, packet: bytes, now: float) -> list[bytes]:
        """What is handed on now that this packet has come."""
        if packet[0] >> 4 != _PUBLISH:
            return [packet]
        self._held.append((now + self.hold_seconds * self._chance.random(), packet))
        return self.due(now)

    def due(self, now: float) -> list[bytes]:
        """What has waited long enough, or is too much to wait; in any order but that of its coming."""
        if not self.hold_seconds:
            # In the order of their coming from here on.
            gone, self._held = self._held, []
        else:
            self._chance.shuffle(self._held)
            most = len(self._held) - _MOST_HELD
            gone = [each for at, each in enumerate(self._held) if at < most or each[0] <= now]
            self._held = [each for each in self._held if each not in gone]
        return [packet for _, packet in gone]


class DisorderlyLine:
    """A proxy at 127.0.0.1:`port` of the district's namespace to the broker beside it."""

    def __init__(self, namespace: Path, broker: tuple[str, int], port: int) -> None:
        self.hold_seconds = 0.0
        self._namespace, self._broker, self._port = namespace, broker, port

    async def open(self) -> None:
        """Raises OSError."""
        with visiting(self._namespace):
            listening = socket.create_server(("127.0.0.1", self._port))
        await asyncio.start_server(self._join, sock=listening)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with visiting(self._namespace):
            far = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        far.setblocking(False)
        with contextlib.suppress(OSError), contextlib.closing(writer):
            await asyncio.get_running_loop().sock_connect(far, self._broker)
            from_broker, to_broker = await asyncio.open_connection(sock=far)
            ways = [asyncio.ensure_future(self._in_order(reader, to_broker))]
            ways.append(asyncio.ensure_future(self._in_disorder(from_broker, writer)))
            with contextlib.closing(to_broker):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        far.close()

    async def _in_order(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_BYTES):
            writer.write(data)
            await writer.drain()

    async def _in_disorder(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, disorder, loop = Frames(), Disorder(random.Random()), asyncio.get_running_loop()
        coming = asyncio.ensure_future(reader.read(_BYTES))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=_ROUND_SECONDS)
                disorder.hold_seconds = self.hold_seconds
                packets = disorder.due(loop.time())
                if done:
                    data = coming.result()
                    if not data:
                        return
                    for packet in frames.take(data):
                        packets += disorder.put(packet, loop.time())
                    coming = asyncio.ensure_future(reader.read(_BYTES))
                writer.writelines(packets)
                await writer.drain()
        finally:
            coming.cancel()
