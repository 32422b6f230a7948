"""Receives SNMP notifications: v1 and v2c traps, v2c and v3 informs (pysnmp, which an agent without traps never loads).

A trap says only that something happened; what, the poll that it triggers finds out. So of each notification nothing is
kept but who sent it. A v3 trap (not inform) would need each sender's engine id beforehand (RFC 3414 section 3.2) and is
not taken.

The socket is read here and not by pysnmp: who is not admitted costs a look at its address, and no more datagrams than
a bound are read in a second, whatever is sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Any

from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport
from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.api import verdec

from collectors.config import TrapListener
from telemetry.clock import Clock
from telemetry.configuration.addresses import canonical_ip

_LOG = logging.getLogger(__name__)

MOST_PER_SECOND = 300  # datagrams read; what comes beyond that, the kernel's buffer keeps or drops
_BURST = 32  # datagrams between two looks at everything else that the agent has to do
_MAX_DATAGRAM = 65535
_ENGINE_PREFIX = b"\x80\x00\x4f\xb8\x04"  # RFC 3411 SnmpEngineID: pysnmp's enterprise number, format 4 (text)
_YEAR_2020 = 1_577_836_800
_NO_AUTH, _AUTH, _AUTH_PRIV = 1, 2, 3
_V3 = 3


class TrapReceiver:
    """Listens at one address. `admits` is asked for each datagram by its sender's address; `heard` is told of each
    notification that was understood and had the right community or user, `refused` of each other one."""

    def __init__(
        self,
        settings: TrapListener,
        name: str,
        clock: Clock,
        admits: Callable[[str], bool],
        heard: Callable[[str], None],
        refused: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._admits, self._heard, self._refused = admits, heard, refused
        self._transport = _Transport()
        self._understood = False
        self._socket: socket.socket | None = None
        self._second, self._read = 0, 0
        self._resuming: asyncio.TimerHandle | None = None
        self._engine = _engine(settings, name, clock)
        self._receiver = ntfrcv.NotificationReceiver(self._engine, self._notified)
        self._engine.observer.register_observer(self._note_level, "rfc3412.receiveMessage:request")
        self._level = _NO_AUTH

    def open(self) -> int:
        """Begin to listen, in the running loop; the port. Raises OSError where the address cannot be had."""
        settings = self._settings
        six = ipaddress.ip_address(settings.listen).version == 6
        opened = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.bind((settings.listen, settings.port))
            opened.setblocking(False)
        except OSError:
            opened.close()
            raise
        self._socket = self._transport.socket = opened
        domain = udp6.DOMAIN_NAME if six else udp.DOMAIN_NAME
        config.add_transport(self._engine, domain, self._transport)
        self._engine.transport_dispatcher.job_started(1)
        asyncio.get_running_loop().add_reader(opened, self._readable)
        return int(opened.getsockname()[1])

    def close(self) -> None:
        if self._resuming is not None:
            self._resuming.cancel()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._engine.close_dispatcher()
            self._socket.close()
            self._socket = None

    # ---- reading -------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        assert self._socket is not None
        for _ in range(_BURST):
            if not self._may_read():
                return
            try:
                datagram, address = self._socket.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:  # an ICMP error of an acknowledgement that nobody took
                _LOG.debug("traps: %s", error)
                return
            sender = canonical_ip(address[0]) or address[0]
            if self._admits(sender):
                self._take(sender, address, datagram)

    def _may_read(self) -> bool:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if int(now) != self._second:
            self._second, self._read = int(now), 0
        self._read += 1
        if self._read <= MOST_PER_SECOND:
            return True
        assert self._socket is not None
        loop.remove_reader(self._socket)
        self._resuming = loop.call_later(int(now) + 1 - now, loop.add_reader, self._socket, self._readable)
        return False

    def _take(self, sender: str, address: Any, datagram: bytes) -> None:
        self._understood = False
        try:
            version = int(verdec.decode_message_version(datagram))
            self._transport.deliver(address, datagram)
        except Exception as error:  # noqa: BLE001 - a datagram can be anything, and pysnmp's decoders raise anything
            _LOG.debug("traps: %s sent what is no notification: %r", sender, error)
            version = -1
        if self._understood:
            self._heard(sender)
        elif version != _V3:  # a v3 inform begins with a question for our engine id, which pysnmp has answered
            self._refused(sender)

    # ---- what pysnmp calls back -----------------------------------------------------------------------------------

    def _note_level(self, _engine: Any, _point: str, variables: dict[str, Any], _context: Any) -> None:
        self._level = int(variables["securityLevel"]) if int(variables["messageProcessingModel"]) == _V3 else _AUTH_PRIV

    def _notified(self, *_: Any) -> None:
        settings = self._settings
        needed = _AUTH_PRIV if settings.priv_key else _AUTH if settings.auth_key else _NO_AUTH
        self._understood = self._level >= needed


class _Transport(AbstractAsyncioTransport):  # type: ignore[misc]
    """What pysnmp takes for its transport: datagrams are put in, acknowledgements come out."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None

    def deliver(self, address: Any, datagram: bytes) -> None:
        """Decoded, and acknowledged where it asks for that, when this returns."""
        self._callback_function(self, address, datagram)

    def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:
        assert self.socket is not None
        try:
            self.socket.sendto(outgoingMessage, tuple(transportAddress))
        except OSError as error:
            _LOG.info("traps: an inform could not be acknowledged: %s", error)


def _engine(settings: TrapListener, name: str, clock: Clock) -> Any:
    made = engine.SnmpEngine()
    identity, boots = made.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots")
    # Senders of informs remember us by this name and count on later starts having higher numbers (RFC 3414 2.2.2).
    identity.syntax = identity.syntax.clone(_ENGINE_PREFIX + name.encode("ascii")[:27])
    boots.syntax = boots.syntax.clone(max(1, min(clock.wall_us() // 1_000_000 - _YEAR_2020, 2**31 - 2)))
    made.snmpEngineID = identity.syntax
    config.add_v1_system(made, "ward", settings.community.get_secret_value())
    if settings.user is not None:
        auth = settings.auth_key.get_secret_value() if settings.auth_key else None
        priv = settings.priv_key.get_secret_value() if settings.priv_key else None
        auth_protocol = config.USM_AUTH_HMAC96_MD5 if settings.auth == "MD5" else config.USM_AUTH_HMAC96_SHA
        priv_protocol = config.USM_PRIV_CBC56_DES if settings.priv == "DES" else config.USM_PRIV_CFB128_AES
        config.add_v3_user(
            made,
            settings.user,
            auth_protocol if auth else config.USM_AUTH_NONE,
            auth,
            priv_protocol if priv else config.USM_PRIV_NONE,
            priv,
        )
    return made
