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
from dataclasses import dataclass
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME, UdpTransport
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413.context import SnmpContext
from pysnmp.error import PySnmpError

from simulator.mibs.values import Oid
from simulator.net.snmp_device import Agent
from simulator.net.snmp_responder import RESPONDERS

LOG = logging.getLogger("ward-sim.snmp")
_MALFORMED = (PySnmpError, PyAsn1Error, ValueError, TypeError, LookupError, AttributeError, OverflowError)


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

    def close_engines(self) -> None:
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
            config.add_v1_system(self._communities, agent.security_name, agent.community)
        return self._communities

    def _new_engine(self, name: str) -> SnmpEngine:
        engine = SnmpEngine()
        _name_engine(engine, name)
        context = SnmpContext(engine)
        for responder in RESPONDERS:
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
        self._agent.objects()  # a defect of ours is not to pass for a malformed datagram below
        try:
            self._callback_function(self, transportAddress, datagram)
        except _MALFORMED as error:
            self._traffic.malformed += 1
            LOG.debug("%s: a datagram of %d bytes that is no request: %r", self._agent.device, len(datagram), error)
