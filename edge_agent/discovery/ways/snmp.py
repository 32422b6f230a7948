"""SNMP: who it is, and which MIBs it answers. By "public", and by named communities to named hosts only."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pydantic import SecretStr

from collectors.config import SnmpDevice
from collectors.identity import vendor_in, vendor_of
from collectors.mib_tables import Mib, mibs
from collectors.protocols import snmp_values
from collectors.protocols.snmp import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID, SnmpClient
from collectors.protocols.snmp_socket import SnmpFault
from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host
from telemetry.kinds import Kind
from telemetry.readings import ReasonCode

_LOG = logging.getLogger(__name__)
_TIMEOUT = 1.4  # seconds; a whole question and its repetition take 1.3
_VERSIONS = ("2c", "1")

# Scalars that tell what a device is: sysServices (RFC 3418: bit 2 a bridge, bit 3 a router), dot1dBaseNumPorts
# (RFC 4188), ipForwarding (RFC 4293: 1 forwards), hrSystemUptime (RFC 2790).
_SERVICES, _BRIDGE = "1.3.6.1.2.1.1.7.0", "1.3.6.1.2.1.17.1.2.0"
_FORWARDING, _COMPUTER = "1.3.6.1.2.1.4.1.0", "1.3.6.1.2.1.25.1.1.0"
_PRINTER = "1.3.6.1.2.1.43.10.2.1.4"  # prtMarkerLifeCount, RFC 3805
_SENSOR = "1.3.6.1.2.1.99.1.1.1.4"  # entPhySensorValue, RFC 3433


async def look(host: Host, asking: Asking) -> None:
    """Try each community that this host may be sent, in v2c and then v1, until one is answered."""
    for label, community in asking.permission.communities_for(host.address):
        for version in _VERSIONS:
            await asking.pace.packet()
            fault = await _ask(host, asking, label, community, version)
            if fault is None or fault in (ReasonCode.PORT_CLOSED, ReasonCode.HOST_UNREACHABLE):
                return


async def _ask(host: Host, asking: Asking, label: str, community: SecretStr, version: str) -> ReasonCode | None:
    device = SnmpDevice.model_validate(
        {
            "id": "discovered",
            "kind": Kind.SERVICE,
            "protocol": "snmp",
            "host": host.address,
            "community": community,
            "version": version,
            "timeout": _TIMEOUT,
        }
    )
    client = SnmpClient(device, asking.clock)
    try:
        async with client.turn():
            object_id = _describe(host, await client.system())
            host.add("snmp", "answers", f"{label} {version}")
            await _tell(host, client)
            await _mibs(host, client, object_id)
    except SnmpFault as fault:
        return None if client.answered else fault.code
    finally:
        await client.close()
    return None


def _describe(host: Host, system: dict[str, snmp_values.Value]) -> str:
    description = snmp_values.text(system.get(SYS_DESCR))
    object_id = snmp_values.oid(system.get(SYS_OBJECT_ID))
    vendor = vendor_of(object_id) or vendor_in(description)
    host.add("snmp-oid", object_id)
    host.add("text", description)
    host.add("vendor", vendor)
    host.vendor = vendor or host.vendor  # the device's own word counts more than its network card's
    host.describe(model=description, name=snmp_values.text(system.get(SYS_NAME)))
    return object_id


async def _tell(host: Host, client: SnmpClient) -> None:
    told = await client.get((_SERVICES, _BRIDGE, _FORWARDING, _COMPUTER))
    services = snmp_values.integer(told.get(_SERVICES)) or 0
    if services & 2 and not services & 64:
        host.add("snmp-services", "bridge")
    if services & 4:
        host.add("snmp-services", "router")
    if snmp_values.integer(told.get(_FORWARDING)) == 1:
        host.add("snmp-services", "forwards")
    if _BRIDGE in told and (snmp_values.integer(told[_BRIDGE]) or 0) > 1:
        host.add("snmp-mib", "bridge")
    if _COMPUTER in told:
        host.add("snmp-mib", "computer")


async def _mibs(host: Host, client: SnmpClient, object_id: str) -> None:
    """Which of the MIBs that our collectors read are answered; a vendor's own where the device is that vendor's."""
    if await client.walk(_PRINTER, max_rows=1):
        host.add("snmp-mib", "printer")
    elif await _answers(client, (mib for mib in mibs("ups") if not mib.enterprises or mib.is_made_for(object_id))):
        host.add("snmp-mib", "ups")
    if await _answers(client, (mib for mib in mibs("environment") if mib.is_made_for(object_id))):
        host.add("snmp-mib", "environment")
    elif await client.walk(_SENSOR, max_rows=1):
        host.add("snmp-mib", "sensors")


async def _answers(client: SnmpClient, candidates: Iterable[Mib]) -> bool:
    for mib in candidates:
        for root in mib.roots():
            if await client.walk(root, max_rows=1):
                return True
    return False
