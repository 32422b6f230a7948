"""Many SNMP agents in one process, lean enough to be polled hard: a port each on 127.0.0.1, v1 and v2c, read only.

A peer for the benchmarks, whose own processor time nobody counts. Values may be functions of the turn, a number that
the datagram ADVANCE adds one to, and so does every tenth second: a poller finds every such row changed, and two
pollers in one turn find the same.

`python -m bench.snmp_agents FILE`: a JSON list of [port, model] pairs; prints "ready" when all are bound. A model is
one of bench.snmp_models, or "silent": a port that takes requests and never answers.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

Oid = tuple[int, ...]
Encoded = bytes | Callable[[int], bytes]

_GET, _NEXT, _RESPONSE, _BULK = 0xA0, 0xA1, 0xA2, 0xA5
_NO_SUCH_INSTANCE, _END_OF_VIEW = b"\x81\x00", b"\x82\x00"
ADVANCE = b"turn"
SILENT = "silent"
TURN_SECONDS = 10.0  # between turns that nobody asks for


# ---- BER, as far as SNMP needs it --------------------------------------------------------------------------------


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, value."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    if size < 0x100:
        return bytes((tag, 0x81, size)) + body
    return bytes((tag, 0x82, size >> 8, size & 0xFF)) + body


def number(value: int, tag: int = 0x02) -> bytes:
    """INTEGER, or with their tags Counter32 (0x41), Gauge32 (0x42), TimeTicks (0x43), Counter64 (0x46)."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: str | bytes) -> bytes:
    return tlv(0x04, value.encode() if isinstance(value, str) else value)


def object_id(oid: Oid) -> bytes:
    body = bytearray((oid[0] * 40 + oid[1],))
    for part in oid[2:]:
        groups = [part & 0x7F]
        while part := part >> 7:
            groups.append(part & 0x7F | 0x80)
        body += bytes(reversed(groups))
    return tlv(0x06, bytes(body))


def _read(data: bytes, at: int) -> tuple[int, bytes, int]:
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        many = size & 0x7F
        size, at = int.from_bytes(data[at : at + many], "big"), at + many
    return tag, data[at : at + size], at + size


def _oid_of(body: bytes) -> Oid:
    parts, value = [body[0] // 40, body[0] % 40], 0
    for byte in body[1:]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    return tuple(parts)


def oid(text: str) -> Oid:
    return tuple(int(part) for part in text.split("."))


# ---- one agent -----------------------------------------------------------------------------------------------------


class Agent:
    """The objects of one device, in order."""

    def __init__(self, objects: Mapping[str, Encoded]) -> None:
        rows = sorted((oid(name), value) for name, value in objects.items())
        self._keys = [key for key, _ in rows]
        self._rows = [(object_id(key), value) for key, value in rows]

    def answer(self, request: bytes, turn: int) -> bytes:
        """The response to one message; an index error or the like for what is no SNMP, which nobody sends here."""
        _, message, _ = _read(request, 0)
        _, version, at = _read(message, 0)
        _, community, at = _read(message, at)
        kind, pdu, _ = _read(message, at)
        _, request_id, at = _read(pdu, 0)
        _, _, at = _read(pdu, at)
        _, repetitions, at = _read(pdu, at)
        _, names, _ = _read(pdu, at)
        asked, at = [], 0
        while at < len(names):
            _, bind, at = _read(names, at)
            asked.append(_read(bind, 0)[1])
        if kind == _GET:
            binds = b"".join(self._exactly(name, turn) for name in asked)
        else:
            count = int.from_bytes(repetitions, "big") if kind == _BULK else 1
            binds = b"".join(self._after(name, count, turn) for name in asked)
        body = tlv(0x02, request_id) + b"\x02\x01\x00\x02\x01\x00" + tlv(0x30, binds)
        return tlv(0x30, tlv(0x02, version) + tlv(0x04, community) + tlv(_RESPONSE, body))

    def _exactly(self, name: bytes, turn: int) -> bytes:
        key = _oid_of(name)
        at = bisect.bisect_left(self._keys, key)
        if at < len(self._keys) and self._keys[at] == key:
            return self._bind(at, turn)
        return tlv(0x30, tlv(0x06, name) + _NO_SUCH_INSTANCE)

    def _after(self, name: bytes, count: int, turn: int) -> bytes:
        start = bisect.bisect_right(self._keys, _oid_of(name))
        binds = [self._bind(at, turn) for at in range(start, min(start + count, len(self._keys)))]
        if len(binds) < count:
            binds.append(tlv(0x30, (self._rows[-1][0] if binds else tlv(0x06, name)) + _END_OF_VIEW))
        return b"".join(binds)

    def _bind(self, at: int, turn: int) -> bytes:
        name, value = self._rows[at]
        return tlv(0x30, name + (value if isinstance(value, bytes) else value(turn)))


# ---- the process ---------------------------------------------------------------------------------------------------


class _Served(asyncio.DatagramProtocol):
    turn = 0  # of all agents of the process

    def __init__(self, agent: Agent | None) -> None:
        self._agent = agent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is none by its class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data == ADVANCE:
            _Served.turn += 1
            self._transport.sendto(ADVANCE, addr)
        elif self._agent is not None:
            self._transport.sendto(self._agent.answer(data, _Served.turn), addr)


async def _serve(asked: Sequence[tuple[int, str]]) -> None:
    from bench.snmp_models import MODELS

    loop = asyncio.get_running_loop()
    agents: dict[str, Agent | None] = {model: MODELS[model]() for model in {model for _, model in asked} - {SILENT}}
    for port, model in asked:
        served = partial(_Served, agents.get(model))
        await loop.create_datagram_endpoint(served, local_addr=("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        await asyncio.sleep(TURN_SECONDS)
        _Served.turn += 1


@contextlib.contextmanager
def running(folder: Path, agents: Sequence[tuple[int, str]]) -> Iterator[None]:
    """The process that serves `agents`, until the block ends."""
    file = folder / f"agents-{agents[0][0]}.json"
    file.write_text(json.dumps(list(agents)), encoding="ascii")
    command = [sys.executable, "-m", "bench.snmp_agents", str(file)]
    process = subprocess.Popen(command, cwd=Path(__file__).resolve().parent.parent, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise SystemExit("the benchmark's SNMP agents do not start")
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def advance(port: int) -> None:
    """The next turn: every value that moves has another one now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        asker.connect(("127.0.0.1", port))
        asker.send(ADVANCE)
        asker.recv(16)


if __name__ == "__main__":
    asyncio.run(_serve([(int(port), str(model)) for port, model in json.loads(Path(sys.argv[1]).read_text())]))
