"""A switch's forwarding table (Q-BRIDGE-MIB RFC 4363, BRIDGE-MIB RFC 4188), a router's ARP table (RFC 4293)."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from collectors.interfaces import Column
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import integer, mac
from telemetry.neighbours import Neighbour, Sight

BRIDGE_ADDRESS = "1.3.6.1.2.1.17.1.1.0"  # dot1dBaseBridgeAddress
BASE_PORT = "1.3.6.1.2.1.17.1.4.1.2"  # dot1dBasePortIfIndex
Q_FDB_PORT = "1.3.6.1.2.1.17.7.1.2.2.1.2"  # dot1qTpFdbPort, by FDB id and MAC
FDB_PORT = "1.3.6.1.2.1.17.4.3.1.2"  # dot1dTpFdbPort, by MAC
ARP = "1.3.6.1.2.1.4.22.1.2"  # ipNetToMediaPhysAddress, by ifIndex and IPv4 address
NEIGHBOUR_CACHE = "1.3.6.1.2.1.4.35.1.4"  # ipNetToPhysicalPhysAddress, by ifIndex, type, length, address
MAX_MACS = 2000  # a ward has a few hundred devices
_MAC_OCTETS = 6


async def read_bridge(client: SnmpClient, ports: Mapping[str, str]) -> list[Neighbour]:
    """What is behind each port. Raises SnmpFault."""
    table = await client.walk(Q_FDB_PORT, MAX_MACS) or await client.walk(FDB_PORT, MAX_MACS)
    return behind_ports(table, await client.walk(BASE_PORT), ports) if table else []


async def read_arp(client: SnmpClient, ports: Mapping[str, str]) -> list[Neighbour]:
    """Who has which address. Raises SnmpFault."""
    table = await client.walk(ARP, MAX_MACS)
    return from_arp(table, ports) if table else from_cache(await client.walk(NEIGHBOUR_CACHE, MAX_MACS), ports)


def behind_ports(table: Column, base_ports: Column, ports: Mapping[str, str]) -> list[Neighbour]:
    """One for each MAC and port; port 0 is a MAC whose port is not known. `ports`: ifIndex → name."""
    found: dict[tuple[str, str], Neighbour] = {}
    base_ports = _numbered(table, base_ports)
    for index, value in table.items():
        address = mac_of_index(index)
        number = integer(value)
        if not address or not number:
            continue
        if_index = str(integer(base_ports.get(str(number))) or number)
        port = ports.get(if_index, if_index)
        found.setdefault((address, port), Neighbour(Sight.BRIDGE, port, address))
    return list(found.values())


def _numbered(table: Column, base_ports: Column) -> Column:
    """Base port → ifIndex, by the numbers that the forwarding table uses.

    RFC 4188 has one numbering for both; some switches count their ports from 1 in the one and from 49153 in the
    other. Where no number of the table is a base port, the n-th base port is meant.
    """
    used = {integer(value) for value in table.values()} - {0, None}
    if used & {integer(number) for number in base_ports}:
        return base_ports
    inorder = sorted((number for number in base_ports if number.isdecimal()), key=int)
    return {str(at): base_ports[number] for at, number in enumerate(inorder, 1)}


def from_arp(table: Column, ports: Mapping[str, str]) -> list[Neighbour]:
    """Rows of ipNetToMediaTable."""
    found = []
    for index, value in table.items():
        if_index, _, address = index.partition(".")
        found += _owner(mac(value), _parsed(address.split("."), 4), ports.get(if_index, if_index))
    return found


def from_cache(table: Column, ports: Mapping[str, str]) -> list[Neighbour]:
    """Rows of ipNetToPhysicalTable: index ifIndex.type.length.octets…"""
    found = []
    for index, value in table.items():
        parts = index.split(".")
        if len(parts) > 3 and parts[2] in ("4", "16"):
            found += _owner(mac(value), _parsed(parts[3:], int(parts[2])), ports.get(parts[0], parts[0]))
    return found


def mac_of_index(index: str) -> str:
    """The MAC that ends a table's index; "" for what is none, and for group addresses."""
    octets = index.split(".")[-_MAC_OCTETS:]
    if len(octets) != _MAC_OCTETS or not all(octet.isdecimal() and int(octet) < 256 for octet in octets):
        return ""
    return mac(bytes(map(int, octets)))


def _owner(address: str, ip: str, port: str) -> list[Neighbour]:
    return [Neighbour(Sight.ARP, port, address, addresses=(ip,))] if address and ip else []


def _parsed(octets: list[str], length: int) -> str:
    if len(octets) != length or not all(octet.isdecimal() and int(octet) < 256 for octet in octets):
        return ""
    return str(ipaddress.ip_address(bytes(map(int, octets))))
