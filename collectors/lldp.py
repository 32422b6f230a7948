"""LLDP-MIB (IEEE 802.1AB-2005): what is plugged into a port, by its own announcement."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from collectors.interfaces import Column
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import Value, integer, mac, text
from telemetry.neighbours import Neighbour, Sight

_BASE = "1.0.8802.1.1.2.1"
LOCAL_PORTS = f"{_BASE}.3.7.1"  # lldpLocPortTable: 2 subtype, 3 id, 4 description
REMOTE = f"{_BASE}.4.1.1"  # lldpRemTable: 4, 5 chassis; 6, 7 port; 8 description; 9 system name
MANAGEMENT = f"{_BASE}.4.2.1"  # lldpRemManAddrTable; the address is in the index
LOCAL_CHASSIS = (f"{_BASE}.3.1.0", f"{_BASE}.3.2.0")  # subtype, id
MAX_NEIGHBOURS = 1000

_CHASSIS_MAC, _CHASSIS_ADDRESS = 4, 5
_PORT_MAC, _PORT_ADDRESS = 3, 4


@dataclass(frozen=True, slots=True)
class Tables:
    """Columns as walked. `remote` is indexed by time mark, local port and a number; `local` by the port."""

    remote: Mapping[int, Column] = field(default_factory=dict)
    local: Mapping[int, Column] = field(default_factory=dict)
    management: Column = field(default_factory=dict)  # index → anything


async def read_tables(client: SnmpClient) -> Tables:
    """Empty where the device has no neighbours or no LLDP. Raises SnmpFault."""
    remote = {leaf: await client.walk(f"{REMOTE}.{leaf}", MAX_NEIGHBOURS, may_fill=True) for leaf in (4, 5, 6, 7, 9)}
    if not any(remote.values()):
        return Tables()
    local = {leaf: await client.walk(f"{LOCAL_PORTS}.{leaf}", MAX_NEIGHBOURS) for leaf in (2, 3, 4)}
    management: Mapping[str, Value] = {}
    for leaf in (3, 4, 5):  # the index columns 1 and 2 are not accessible; agents leave some of the others out
        management = await client.walk(f"{MANAGEMENT}.{leaf}", MAX_NEIGHBOURS, may_fill=True)
        if management:
            break
    return Tables(remote, local, management)


def neighbours(tables: Tables, ports: Mapping[str, str]) -> list[Neighbour]:
    """One for each row of lldpRemTable. `ports`: ifIndex → name of the device's own ports."""
    addresses = _addresses(tables.management)
    rows = dict.fromkeys(index for column in tables.remote.values() for index in column)
    found = []
    for index in rows:
        parts = index.split(".")
        if len(parts) != 3:
            continue
        chassis, port, name = (_cells(tables, index, *leaves) for leaves in ((4, 5), (6, 7), (0, 9)))
        told = [address for value in (_network(chassis, _CHASSIS_ADDRESS), _network(port, _PORT_ADDRESS))
                for address in value]  # fmt: skip
        found.append(
            Neighbour(
                Sight.LLDP,
                port=local_port(parts[1], tables.local, ports),
                mac=_mac(chassis, _CHASSIS_MAC) or _mac(port, _PORT_MAC),
                name=text(name[1]),
                addresses=tuple(dict.fromkeys([*addresses.get(index, ()), *told])),
                remote_port=_mac(port, _PORT_MAC) or text(port[1]),
            )
        )
    return found


def local_port(number: str, local: Mapping[int, Column], ports: Mapping[str, str]) -> str:
    """The name that the device's port readings have for lldpLocPortNum `number`.

    The standard leaves open how these numbers go with ifIndex: the port's own id or description tells it where they
    name a port; nearly all agents use ifIndex.
    """
    known = {name.casefold(): name for name in ports.values()}
    for leaf in (3, 4):
        told = text(local.get(leaf, {}).get(number))
        if told.casefold() in known:
            return known[told.casefold()]
        if told in ports and leaf == 3:  # the id is an ifIndex in text
            return ports[told]
    return ports.get(number) or text(local.get(3, {}).get(number)) or number


def own_mac(subtype: Value, value: Value) -> str:
    """lldpLocChassisId, where it is a MAC."""
    return _mac((integer(subtype), value), _CHASSIS_MAC)


def _cells(tables: Tables, index: str, kind: int, value: int) -> tuple[int | None, Value]:
    return integer(tables.remote.get(kind, {}).get(index)), tables.remote.get(value, {}).get(index)


def _mac(cell: tuple[int | None, Value], subtype: int) -> str:
    """Of an id that says it is a MAC, or does not say what it is and looks like one."""
    kind, value = cell
    if kind == subtype:
        return mac(value)
    written = isinstance(value, bytes) and len(value) > 6
    return mac(value) if kind is None or (kind == 7 and written) else ""  # local(7): some write their MAC as text


def _network(cell: tuple[int | None, Value], subtype: int) -> list[str]:
    """networkAddress: the IANA address family number (1, 2), then the address."""
    kind, value = cell
    if kind != subtype or not isinstance(value, bytes):
        return []
    return _address(value[1:]) if (value[:1], len(value)) in ((b"\x01", 5), (b"\x02", 17)) else []


def _addresses(management: Column) -> dict[str, list[str]]:
    """Row of lldpRemTable → management addresses: index time.port.number.subtype.length.octets…"""
    found: dict[str, list[str]] = {}
    for index in management:
        parts = index.split(".")
        octets = parts[5:]
        if len(parts) < 6 or not all(part.isdecimal() and int(part) < 256 for part in octets):
            continue
        if parts[3] in ("1", "2") and parts[4] == str(len(octets)):
            found.setdefault(".".join(parts[:3]), []).extend(_address(bytes(map(int, octets))))
    return found


def _address(octets: bytes) -> list[str]:
    return [str(ipaddress.ip_address(octets))] if len(octets) in (4, 16) else []
