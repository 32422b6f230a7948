"""SNMP agents made for a test: they decode a request with pysnmp and answer what the test says, right or wrong."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from pyasn1.codec.ber import decoder, encoder
from pydantic import SecretStr
from pysnmp.proto import api, rfc1902, rfc1905

from collectors.config import SnmpDevice
from collectors.registry import collector_for
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import PollResult

Answer = Callable[[bytes], Sequence[bytes]]
Objects = Mapping[str, Any]  # OID → pysnmp value


def snmp_device(port: int, kind: Kind = Kind.SERVER, **more: Any) -> SnmpDevice:
    """A device at 127.0.0.1 with a time-out that suits tests."""
    told = {"id": "device", "kind": kind, "protocol": "snmp", "host": "127.0.0.1", "port": port, "timeout": 1.0}
    if "community" in more:
        more["community"] = SecretStr(more["community"])
    return SnmpDevice.model_validate({**told, **more})


async def poll_once(device: SnmpDevice) -> PollResult:
    """One whole poll by a collector of its own."""
    collector = collector_for(device, clock=SystemClock())
    try:
        return await collector.poll()
    finally:
        await collector.close()


def value_of(result: PollResult, metric: str, instance: str = "") -> float | None:
    """The reading's value, None where there is none."""
    return next((r.value for r in result.readings if (r.metric, r.instance) == (metric, instance)), None)


class _Peer(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is none by its class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        for reply in self.answer(data) if data else ():
            self.transport.sendto(reply, addr)


@asynccontextmanager
async def udp_peer(answer: Answer) -> AsyncIterator[int]:
    """A UDP peer on a free port of 127.0.0.1; each datagram is answered with what `answer` returns."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Peer(answer), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


class Agent:
    """A small SNMP agent: GET, GETNEXT and GETBULK over `objects`. Tests bend it by subclassing or by its fields."""

    def __init__(self, objects: Objects) -> None:
        self.objects = dict(objects)
        self.order = sorted(self.objects, key=_key)
        self.keys = [_key(oid) for oid in self.order]
        self.asked: list[str] = []
        self.requests = 0

    def __call__(self, data: bytes) -> Sequence[bytes]:
        module = api.PROTOCOL_MODULES[int(api.decodeMessageVersion(data))]
        request, _ = decoder.decode(data, asn1Spec=module.Message())
        reply = module.apiMessage.get_response(request)
        question, answer = module.apiMessage.get_pdu(request), module.apiMessage.get_pdu(reply)
        names = [str(name) for name, _ in module.apiPDU.get_varbinds(question)]
        kind = type(question).__name__
        self.requests += 1
        self.asked += [f"{kind} {name}" for name in names]
        self.reply(module, kind, question, answer, names)
        return [encoder.encode(reply)]

    def reply(self, module: Any, kind: str, question: Any, answer: Any, names: list[str]) -> None:
        """Fill the answer's PDU."""
        if "Bulk" in kind:
            count = int(module.apiBulkPDU.get_max_repetitions(question))
            binds = self.following(names[0], count)
        elif "Next" in kind:
            binds = self.following(names[0], 1)
        else:
            binds = [(name, self.objects.get(name, rfc1905.noSuchInstance)) for name in names]
        exceptions = (rfc1905.NoSuchInstance, rfc1905.EndOfMibView)
        if module is api.PROTOCOL_MODULES[api.SNMP_VERSION_1] and any(isinstance(v, exceptions) for _, v in binds):
            module.apiPDU.set_error_status(answer, 2)  # noSuchName
            module.apiPDU.set_error_index(answer, 1)
            binds = [(name, module.Null("")) for name in names]
        module.apiPDU.set_varbinds(answer, [(rfc1902.ObjectName(name), value) for name, value in binds])

    def following(self, name: str, count: int) -> list[tuple[str, Any]]:
        """The next `count` objects after `name`, endOfMibView after the last."""
        start = bisect.bisect_right(self.keys, _key(name))
        rows = [(oid, self.objects[oid]) for oid in self.order[start : start + count]]
        return rows if len(rows) == count else [*rows, (rows[-1][0] if rows else name, rfc1905.endOfMibView)]


def _key(oid: str) -> tuple[int, ...]:
    return tuple(int(part) for part in oid.split("."))


SYSTEM = {
    "1.3.6.1.2.1.1.1.0": rfc1902.OctetString(b"A device"),
    "1.3.6.1.2.1.1.2.0": rfc1902.ObjectIdentifier("1.3.6.1.4.1.318.1.3"),
    "1.3.6.1.2.1.1.3.0": rfc1902.TimeTicks(123456),
}


def ups(charge: int = 80, minutes: int = 12) -> dict[str, Any]:
    """The objects of a UPS by RFC 1628."""
    base = "1.3.6.1.2.1.33.1"
    numbers = {
        "2.2.0": 0,
        "2.3.0": minutes,
        "2.4.0": charge,
        "2.5.0": 270,
        "2.7.0": 25,
        "3.3.1.3.1": 231,
        "4.1.0": 3,
        "4.4.1.2.1": 230,
        "4.4.1.5.1": 33,
        "6.1.0": 0,
    }
    return {**SYSTEM, **{f"{base}.{leaf}": rfc1902.Integer32(number) for leaf, number in numbers.items()}}
