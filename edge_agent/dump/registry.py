"""Who dumps a device of which protocol. A new one is a module and a line here."""

from __future__ import annotations

from collectors.config import BaseDevice, NutDevice, SnmpDevice
from edge_agent.dump.blot import Blotter
from edge_agent.dump.model import Dump, Told

PROTOCOLS = ("snmp", "nut")


async def dump(device: BaseDevice, blotter: Blotter, told: Told) -> Dump:
    """The fixture of a configured device. Raises ValueError for a protocol that is not in PROTOCOLS."""
    match device:
        case SnmpDevice():
            from edge_agent.dump import snmp

            return await snmp.dump(device, blotter, told)
        case NutDevice():
            from edge_agent.dump import nut

            return await nut.dump(device, blotter, told)
        case _:
            raise ValueError(f"{device.id}: no dump of this protocol")
