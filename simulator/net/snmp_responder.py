"""Command responders (RFC 3413 section 3.2): GET, GETNEXT, GETBULK and SET upon a device's objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp
from pysnmp.entity.rfc3413.context import SnmpContext
from pysnmp.error import PySnmpError
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import v2c
from pysnmp.smi import error as smi_error

from simulator.mibs.values import Objects, Oid, Syntax, Value
from simulator.net.snmp_device import Agent

MAX_MESSAGE_BYTES = 1472  # what fits an Ethernet frame: small devices answer no more
_ENVELOPE_BYTES = 128  # message and PDU headers, those of v3 included
_MOST_REPETITIONS = 200
_V1, _V3 = 1, 3  # securityModel


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and of which device's objects."""

    objects: Objects
    pdu: Any
    version_1: bool

    @property
    def names(self) -> list[Oid]:
        return [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(self.pdu)]


class _Responder(cmdrsp.CommandResponderBase):  # type: ignore[misc]
    """What the four kinds of request share: whom they are for, and how much fits an answer."""

    def __init__(self, engine: SnmpEngine, context: SnmpContext, agents: dict[Oid, Agent]) -> None:
        self._agents = agents
        self._room = 0
        super().__init__(engine, context)

    def process_pdu(self, engine: SnmpEngine, *message: Any) -> None:
        # The ninth is maxSizeResponseScopedPDU (RFC 3412 4.2.2): what a v3 asker has said that it can take.
        asker_takes = int(message[8]) if message[8] else MAX_MESSAGE_BYTES
        self._room = min(MAX_MESSAGE_BYTES, asker_takes) - _ENVELOPE_BYTES
        super().process_pdu(engine, *message)

    def handle_management_operation(self, engine: SnmpEngine, state: Any, context_name: Any, pdu: Any) -> None:
        self.snmpContext.get_mib_instrum(context_name)  # raises for a context that is not there
        request = engine.observer.get_execution_context("rfc3412.receiveMessage:request")
        agent = self._agents[tuple(request["transportDomain"])]
        model = int(request["securityModel"])
        if model < _V3 and str(request["securityName"]) != agent.security_name:
            raise PySnmpError(f"{agent.device}: a community of another device")
        self.answer(engine, state, Request(agent.objects(), pdu, model == _V1))
        self.release_state_information(state)

    def answer(self, engine: SnmpEngine, state: Any, request: Request) -> None:
        raise NotImplementedError


class _Get(_Responder):
    """RFC 3416 4.2.1."""

    SUPPORTED_PDU_TYPES = (rfc1905.GetRequestPDU.tagSet,)

    def answer(self, engine: SnmpEngine, state: Any, request: Request) -> None:
        reply = _Reply(self._room)
        for name in request.names:
            value = request.objects.get(name)
            if value is None:
                there = request.objects.knows_type(name)
                reply.add_exception(name, rfc1905.noSuchInstance if there else rfc1905.noSuchObject)
            else:
                reply.add(name, value)
        self.send_varbinds(engine, state, 0, 0, reply.whole())


class _Next(_Responder):
    """RFC 3416 4.2.2; v1 never sees a Counter64 (RFC 3584 4.2.2.1)."""

    SUPPORTED_PDU_TYPES = (rfc1905.GetNextRequestPDU.tagSet,)

    def answer(self, engine: SnmpEngine, state: Any, request: Request) -> None:
        reply = _Reply(self._room)
        for name in request.names:
            following = _next(request.objects, name, request.version_1)
            if following is None:
                reply.add_exception(name, rfc1905.endOfMibView)
            else:
                reply.add(*following)
        self.send_varbinds(engine, state, 0, 0, reply.whole())


class _Bulk(_Responder):
    """RFC 3416 4.2.3: as many whole variable bindings as fit the answer."""

    SUPPORTED_PDU_TYPES = (rfc1905.GetBulkRequestPDU.tagSet,)

    def answer(self, engine: SnmpEngine, state: Any, request: Request) -> None:
        asked = request.names
        once = max(0, min(int(v2c.apiBulkPDU.get_non_repeaters(request.pdu)), len(asked)))
        repetitions = max(0, min(int(v2c.apiBulkPDU.get_max_repetitions(request.pdu)), _MOST_REPETITIONS))
        reply = _Reply(self._room)
        for name, value in _bulk(request.objects, asked[:once], asked[once:], repetitions):
            if value is None:
                reply.add_exception(name, rfc1905.endOfMibView)
            else:
                reply.add(name, value)
            if reply.full:
                break
        self.send_varbinds(engine, state, 0, 0, reply.what_fits())


class _Set(_Responder):
    """RFC 3416 4.2.5: nothing of a virtual device can be written."""

    SUPPORTED_PDU_TYPES = (rfc1905.SetRequestPDU.tagSet,)

    def answer(self, engine: SnmpEngine, state: Any, request: Request) -> None:
        self.send_varbinds(engine, state, "notWritable", 1, v2c.apiPDU.get_varbinds(request.pdu))


class _Reply:
    """The variable bindings of an answer, and the room that they leave."""

    def __init__(self, room: int) -> None:
        self._found: list[tuple[Any, Any]] = []
        self._room = room

    @property
    def full(self) -> bool:
        return self._room < 0

    def add(self, name: Oid, value: Value) -> None:
        self._found.append((rfc1902.ObjectName(name), as_pysnmp(value)))
        self._room -= _size(name, value)

    def add_exception(self, name: Oid, exception: Any) -> None:
        self._found.append((rfc1902.ObjectName(name), exception))
        self._room -= _size(name, None)

    def whole(self) -> list[tuple[Any, Any]]:
        """All of it. Raises tooBig (RFC 3416 4.2.1) where it does not fit."""
        if self.full:
            raise smi_error.TooBigError(idx=0)
        return self._found

    def what_fits(self) -> list[tuple[Any, Any]]:
        """All but the one that did not fit. Raises tooBig where that was the first."""
        if self.full and len(self._found) == 1:
            raise smi_error.TooBigError(idx=0)
        return self._found[:-1] if self.full else self._found


def _bulk(objects: Objects, once: list[Oid], again: list[Oid], repetitions: int) -> Iterator[tuple[Oid, Value | None]]:
    for name in once:
        yield objects.next(name) or (name, None)
    for _ in range(repetitions):
        row = [objects.next(name) or (name, None) for name in again]
        yield from row
        if all(value is None for _, value in row):
            return
        again = [name for name, _ in row]


def _next(objects: Objects, name: Oid, version_1: bool) -> tuple[Oid, Value] | None:
    following = objects.next(name)
    while version_1 and following is not None and following[1].syntax is Syntax.COUNTER64:
        following = objects.next(following[0])
    return following


_TYPES: dict[Syntax, Any] = {
    Syntax.INTEGER: rfc1902.Integer32,
    Syntax.OCTETS: rfc1902.OctetString,
    Syntax.OID: rfc1902.ObjectIdentifier,
    Syntax.COUNTER32: rfc1902.Counter32,
    Syntax.GAUGE32: rfc1902.Gauge32,
    Syntax.TICKS: rfc1902.TimeTicks,
    Syntax.COUNTER64: rfc1902.Counter64,
}


def as_pysnmp(value: Value) -> Any:
    return _TYPES[value.syntax](value.data)


def _size(name: Oid, value: Value | None) -> int:
    """Bytes of one variable binding in BER, at most."""
    data = value.data if value is not None else 0
    length = len(data) if isinstance(data, bytes) else 9 if isinstance(data, int) else 2 * len(data)
    return 8 + sum(1 + part.bit_length() // 7 for part in name) + length


RESPONDERS = (_Get, _Next, _Bulk, _Set)
