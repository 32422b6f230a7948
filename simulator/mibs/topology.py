"""What the switch knows of what hangs on it: LLDP neighbours (IEEE 802.1AB) and learned addresses (RFC 4188, 4363).

An address is a device's own MAC, the one that it tells by IF-MIB. Not every device speaks LLDP; those that do are found
there by name too.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.mibs.interfaces import mac_of
from simulator.mibs.values import Objects, Oid, Value, integer, octets, oid, table, text
from simulator.model.machine import Machine
from simulator.model.network import Port, Switch
from simulator.model.ward import Ward
from telemetry.kinds import Kind

LLDP = oid("1.0.8802.1.1.2.1")
BASE_PORT = oid("1.3.6.1.2.1.17.1.4.1")
FDB = oid("1.3.6.1.2.1.17.7.1.2.2.1")
_BY_MAC, _BY_INTERFACE_NAME = 4, 5  # LldpChassisIdSubtype, LldpPortIdSubtype
_VLAN, _LEARNED = 1, 3
# LldpSystemCapabilitiesMap, the first bit highest: bridge(2), router(4), stationOnly(7).
_CAPABILITIES = {Kind.SWITCH: b"\x20\x00", Kind.ROUTER: b"\x08\x00"}
_STATION = b"\x01\x00"
_SPEAKS_LLDP = frozenset({Kind.ROUTER, Kind.SERVER, Kind.CAMERA, Kind.RECORDER, Kind.PRINTER})


@dataclass(frozen=True, slots=True)
class _Neighbour:
    machine: Machine
    port: Port

    @property
    def mac(self) -> bytes:
        return mac_of(self.machine.id, 1)

    @property
    def interface(self) -> str:
        return "ether1" if self.machine.plate.kind == Kind.ROUTER.value else "eth0"


def topology(switch: Switch, ward: Ward, into: Objects) -> None:
    """lldpLocalSystemData, lldpRemTable, dot1dBasePortTable, dot1qTpFdbTable."""
    there = [_Neighbour(ward.machine(port.attached), port) for port in switch.ports if port.up and port.attached]
    _local(switch, into)
    _remote([one for one in there if Kind(one.machine.plate.kind) in _SPEAKS_LLDP and one.machine.running], into)
    ports: dict[Oid, Port] = {(port.number,): port for port in switch.ports}
    table(into, BASE_PORT, ports, {1: lambda p: integer(p.number), 2: lambda p: integer(p.number)})
    learned: dict[Oid, _Neighbour] = {(_VLAN, *one.mac): one for one in there}
    table(into, FDB, learned, {2: lambda one: integer(one.port.number), 3: lambda _: integer(_LEARNED)})


def _local(switch: Switch, into: Objects) -> None:
    group = (*LLDP, 3)
    into.scalar((*group, 1), integer(_BY_MAC))
    into.scalar((*group, 2), octets(mac_of(switch.id, 0)))
    into.scalar((*group, 3), text(switch.plate.id))
    into.scalar((*group, 4), text(f"{switch.plate.vendor} {switch.plate.model}"))
    into.scalar((*group, 5), octets(_CAPABILITIES[Kind.SWITCH]))
    into.scalar((*group, 6), octets(_CAPABILITIES[Kind.SWITCH]))
    ports: dict[Oid, Port] = {(port.number,): port for port in switch.ports}
    name = "GigabitEthernet1/0/{}"
    table(
        into,
        (*group, 7, 1),
        ports,
        {
            2: lambda _: integer(_BY_INTERFACE_NAME),
            3: lambda port: text(name.format(port.number)),
            4: lambda port: text(name.format(port.number)),
        },
    )


def _remote(neighbours: list[_Neighbour], into: Objects) -> None:
    """lldpRemTable, by time mark, local port, index."""
    rows: dict[Oid, _Neighbour] = {(0, one.port.number, 1): one for one in neighbours}
    table(
        into,
        (*LLDP, 4, 1, 1),
        rows,
        {
            4: lambda _: integer(_BY_MAC),
            5: lambda one: octets(one.mac),
            6: lambda _: integer(_BY_INTERFACE_NAME),
            7: lambda one: text(one.interface),
            8: lambda one: text(one.interface),
            9: lambda one: text(one.machine.plate.id),
            10: lambda one: text(f"{one.machine.plate.vendor} {one.machine.plate.model}".strip()),
            11: _capabilities,
            12: _capabilities,
        },
    )


def _capabilities(one: _Neighbour) -> Value:
    return octets(_CAPABILITIES.get(Kind(one.machine.plate.kind), _STATION))
