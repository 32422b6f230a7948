"""SNMPv2 traps (RFC 3416 section 4.2.6) by community to one sink, each a datagram that nobody confirms."""

from __future__ import annotations

import socket

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from simulator.mibs.values import Trap, identifier, oid, ticks
from simulator.net.snmp_responder import as_pysnmp

_UPTIME, _TRAP = oid("1.3.6.1.2.1.1.3.0"), oid("1.3.6.1.6.3.1.1.4.1.0")


class TrapSink:
    """Where traps go."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address

    def send(self, trap: Trap, community: str, uptime_seconds: float) -> None:
        """Lost without a word where nobody listens, as on a wire."""
        datagram = encode(trap, community, uptime_seconds)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram, self.address)


def encode(trap: Trap, community: str, uptime_seconds: float) -> bytes:
    pdu = v2c.TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    variables = [(_UPTIME, ticks(uptime_seconds)), (_TRAP, identifier(trap.name)), *trap.variables]
    v2c.apiTrapPDU.set_varbinds(pdu, [(v2c.ObjectIdentifier(name), as_pysnmp(value)) for name, value in variables])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
