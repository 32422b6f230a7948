"""What stands beside a switch or router and on which port, every few minutes; and what this machine itself knows."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil

from collectors import bridge_tables, lldp
from collectors.interfaces import IF_DESCR, IF_NAME, port_names, rows_of
from collectors.protocols.snmp import SYS_NAME, SnmpClient
from collectors.protocols.snmp_socket import SnmpFault
from collectors.protocols.snmp_values import mac, text
from collectors.snmp_device import Findings, System
from telemetry.kernel_tables import ARP_FILE, complete_entries, read_kernel
from telemetry.neighbours import Neighbour, Sight

IF_PHYS_ADDRESS = "1.3.6.1.2.1.2.2.1.6"
LOOK_AGAIN_SECONDS = 300.0  # bridges forget a silent MAC after so long (IEEE 802.1D ageing time)


class Neighbours:
    """LLDP, forwarding table, ARP table and the device's own addresses, each as far as the device has them."""

    def __init__(self) -> None:
        self._read_at: float | None = None

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if self._read_at is not None and system.now - self._read_at < LOOK_AGAIN_SECONDS:
            return Findings()
        self._read_at = system.now  # one that cannot be asked all this is not asked it at every poll
        found = await _own(client, system)
        ports = port_names(await rows_of(client), await client.walk(IF_NAME), await client.walk(IF_DESCR))
        found += lldp.neighbours(await lldp.read_tables(client), ports)
        try:
            found += await bridge_tables.read_bridge(client, ports)
            found += await bridge_tables.read_arp(client, ports)
        except SnmpFault:
            if len(found) <= 1:
                raise  # else what came is worth telling, and the large tables are asked again in a few minutes
        return Findings(neighbours=found)


async def _own(client: SnmpClient, system: System) -> list[Neighbour]:
    """The device's own name and addresses, by which others will have seen it."""
    subtype, chassis = lldp.LOCAL_CHASSIS
    told = await client.get([bridge_tables.BRIDGE_ADDRESS, subtype, chassis])
    macs = [mac(told.get(bridge_tables.BRIDGE_ADDRESS)), lldp.own_mac(told.get(subtype), told.get(chassis))]
    macs += [mac(value) for value in (await client.walk(IF_PHYS_ADDRESS)).values()]
    name = text(system.values.get(SYS_NAME))
    return [Neighbour(Sight.SELF, mac=each, name=name) for each in dict.fromkeys(filter(None, macs))] or [
        Neighbour(Sight.SELF, name=name)
    ]


def of_this_machine(arp_file: Path = ARP_FILE) -> list[Neighbour]:
    """The agent's machine: its own MACs, and whose MAC it knows (Linux; elsewhere its own alone)."""
    name = socket.gethostname()
    own = [
        Neighbour(Sight.SELF, mac=address, name=name)
        for addresses in psutil.net_if_addrs().values()
        for each in addresses
        if each.family == psutil.AF_LINK and (address := mac(each.address))
    ]
    return own + of_arp_table(read_kernel(arp_file) or "")


def of_arp_table(table: str) -> list[Neighbour]:
    """What /proc/net/arp tells; MACs of groups are nobody's."""
    return [
        Neighbour(Sight.ARP, entry.interface, address, addresses=(entry.address,))
        for entry in complete_entries(table)
        if (address := mac(entry.mac))
    ]
