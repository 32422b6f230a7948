"""SNMP agents, one UDP port each, on pysnmp's engines (RFC 3411-3417) with the model's objects behind them.

One engine serves every v1/v2c device, told apart by the port that was asked; a v3 device has an engine (and engine
ID) of its own. No MIB file is read: the objects are the model's.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME, UdpTransport
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp
from pysnmp.entity.rfc3413.context import SnmpContext
from pysnmp.error import PySnmpError
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.proto.api import v2c
from pysnmp.smi import error as smi_error

from simulator.mibs.values import Objects, Oid, Syntax, Value

LOG = logging.getLogger("ward-sim.snmp")
MAX_MESSAGE_BYTES = 1472  # what fits an Ethernet frame: small devices answer no more
_ENVELOPE_BYTES = 128  # message and PDU headers, those of v3 included
_MOST_REPETITIONS = 200
_V1 = 1  # securityModel
_MALFORMED = (PySnmpError, PyAsn1Error, ValueError, TypeError, LookupError, AttributeError, OverflowError)


@dataclass(frozen=True, slots=True)
class V3User:
    """A USM user at authPriv: HMAC-SHA-96 and AES-128 (RFC 3414, RFC 3826)."""

    name: str
    auth_key: str
    priv_key: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One device as SNMP sees it. `objects` is asked anew for each request; `answers` says whether it hears it."""

    device: str
    community: str
    user: V3User | None
    objects: Callable[[], Objects]
    answers: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and of which device's objects."""

    objects: Objects
    pdu: Any
    version_1: bool

    @property
    def names(self) -> list[Oid]:
        return [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(self.pdu)]


@dataclass(slots=True)
class Traffic:
    """What came in, over all agents."""

    datagrams: int = 0
    unheard: int = 0
    malformed: int = 0


class SnmpAgents:
    """Every SNMP device of the ward."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self._by_domain: dict[Oid, Agent] = {}
        self._engines: list[SnmpEngine] = []
        self._communities: SnmpEngine | None = None
        self._known: set[str] = set()

    async def open(self, agent: Agent, port: int = 0) -> int:
        """Serve a device at 127.0.0.1:`port` (0: any free one); the result is its port. Raises OSError if taken."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind(("127.0.0.1", port))
        except OSError:
            sock.close()
            raise
        engine = self._engine_for(agent)
        domain = (*DOMAIN_NAME, len(self._by_domain) + 1)
        self._by_domain[domain] = agent
        transport = _Transport(agent, self.traffic)
        config.add_transport(engine, domain, transport)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: transport, sock=sock)
        return int(sock.getsockname()[1])

    def close(self) -> None:
        for engine in self._engines:
            engine.close_dispatcher()

    def _engine_for(self, agent: Agent) -> SnmpEngine:
        if agent.user is not None:
            engine = self._new_engine(agent.device)
            config.add_v3_user(
                engine,
                agent.user.name,
                config.USM_AUTH_HMAC96_SHA,
                agent.user.auth_key,
                config.USM_PRIV_CFB128_AES,
                agent.user.priv_key,
            )
            return engine
        if self._communities is None:
            self._communities = self._new_engine("communities")
        if agent.community not in self._known:
            self._known.add(agent.community)
            config.add_v1_system(self._communities, _security_name(agent.community), agent.community)
        return self._communities

    def _new_engine(self, name: str) -> SnmpEngine:
        engine = SnmpEngine()
        _name_engine(engine, name)
        context = SnmpContext(engine)
        for responder in (_Get, _Next, _Bulk, _Set):
            responder(engine, context, self._by_domain)
        self._engines.append(engine)
        return engine


def _name_engine(engine: SnmpEngine, name: str) -> None:
    """An engine ID that stays the same over restarts, with boots that grow (RFC 3414 section 2.2), nothing kept."""
    builder = engine.get_mib_builder()
    identity, boots = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
    unique = hashlib.sha256(f"ward-sim/{name}".encode()).digest()[:8]
    # RFC 3411 SnmpEngineID: enterprise with the first bit set, then format 5 (octets of our own choice).
    identity.syntax = identity.syntax.clone(b"\x80\x00\xc3\x50\x05" + unique)
    engine.snmpEngineID = identity.syntax
    boots.syntax = boots.syntax.clone(int(time.time()) - 1_700_000_000)


def _security_name(community: str) -> str:
    return "c" + hashlib.sha256(community.encode()).hexdigest()[:16]


class _Transport(UdpTransport):  # type: ignore[misc]
    """Hears only what a device with power, life and a cable would hear; survives whatever arrives."""

    def __init__(self, agent: Agent, traffic: Traffic) -> None:
        super().__init__()
        self._agent, self._traffic = agent, traffic

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:
        self._traffic.datagrams += 1
        if not self._agent.answers():
            self._traffic.unheard += 1
            return
        try:
            self._callback_function(self, transportAddress, datagram)
        except _MALFORMED as error:
            self._traffic.malformed += 1
            LOG.debug("%s: a datagram of %d bytes that is no request: %r", self._agent.device, len(datagram), error)


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
        if model < 3 and str(request["securityName"]) != _security_name(agent.community):
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
        self._found.append((rfc1902.ObjectName(name), _TYPES[value.syntax](value.data)))
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


def _size(name: Oid, value: Value | None) -> int:
    """Bytes of one variable binding in BER, at most."""
    data = value.data if value is not None else 0
    length = len(data) if isinstance(data, bytes) else 9 if isinstance(data, int) else 2 * len(data)
    return 8 + sum(1 + part.bit_length() // 7 for part in name) + length
