"""Walks of one SNMP agent by pysnmp, which tells the types that a fixture needs and gufo-snmp does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from collectors.config import SnmpDevice
from collectors.protocols import snmp_fallback
from collectors.protocols.snmp_socket import SnmpFault
from edge_agent.dump import snmprec
from edge_agent.dump.blot import Blotter
from edge_agent.dump.model import Dump, Told
from edge_agent.dump.snmprec import Row
from telemetry.readings import ReasonCode

_MIB2 = "1.3.6.1.2.1"
# system, interfaces, ifXTable, EtherLike, UPS, printer, ENTITY, ENTITY-SENSOR; of HOST-RESOURCES system, storage and
# devices: its running and installed software (4, 5, 6) names people's files and is no reading.
_ROOTS = tuple(
    f"{_MIB2}.{part}" for part in ("1", "2", "31.1.1", "10.7.2", "33", "43", "47.1.1", "99", "25.1", "25.2", "25.3")
)
_LLDP_NEIGHBOURS = "1.0.8802.1.1.2.1.4.1"  # lldpRemTable, IEEE 802.1AB
_ENTERPRISES = "1.3.6.1.4.1."
_MOST_SILENCES = 3  # walks that ended in silence; then what came is all
_MOST_ROWS, _ROWS_A_ROOT, _SECONDS = 20_000, 6_000, 300.0
_TAGS = {
    "Integer32": "2",
    "Integer": "2",
    "OctetString": "4",
    "Bits": "4",
    "ObjectIdentifier": "6",
    "ObjectIdentity": "6",
    "IpAddress": "64",
    "Counter32": "65",
    "Gauge32": "66",
    "Unsigned32": "66",
    "TimeTicks": "67",
    "Opaque": "68",
    "Counter64": "70",
}


async def dump(device: SnmpDevice, blotter: Blotter, told: Told) -> Dump:
    """The fixture of one agent. Raises SnmpFault where nothing answers; what came within the bounds counts."""
    rows: dict[str, Row] = {}
    try:
        async with asyncio.timeout(_SECONDS):
            await _walk_all(device, rows, told)
    except TimeoutError:
        told(len(rows), "…")
    if not rows:
        raise SnmpFault(ReasonCode.NO_ANSWER_SNMP, "no object was told")
    secrets = [device.host, device.user or "", device.name, device.location]
    if (community := device.community.get_secret_value()) != "public":
        secrets.append(community)
    lines, left_out = snmprec.blotted(list(rows.values()), blotter, secrets)
    return Dump(f"{device.kind}.snmprec", "\n".join(lines) + "\n", len(lines), left_out)


async def _walk_all(device: SnmpDevice, rows: dict[str, Row], told: Told) -> None:
    session = snmp_fallback.TypedSession(device)
    try:
        await _walk_roots(_Walk(session, rows, told), rows)
    finally:
        session.close()


async def _walk_roots(walk: _Walk, rows: dict[str, Row]) -> None:
    for root in (*_ROOTS, _LLDP_NEIGHBOURS):
        await walk.below(root)
    object_id = rows.get(f"{_MIB2}.1.2.0")
    vendor = ".".join(str(object_id.value).split(".")[:7]) if object_id else ""
    if vendor.startswith(_ENTERPRISES):
        await walk.below(vendor)
    for mib in snmprec.tables():
        await walk.below(mib.base)


class _Walk:
    def __init__(
        self, session: snmp_fallback.TypedSession, rows: dict[str, Row], told: Callable[[int, str], None]
    ) -> None:
        self._session = session
        self._walked: list[str] = []
        self._rows = rows
        self._told = told
        self._silences = 0

    async def below(self, root: str) -> None:
        """Every row below `root`, within the bounds; one that stands still or goes back ends it."""
        if self._silences >= _MOST_SILENCES or any(f"{root}.".startswith(f"{each}.") for each in self._walked):
            return
        self._walked.append(root)
        self._told(len(self._rows), root)
        try:
            await self._below(root, min(_MOST_ROWS, len(self._rows) + _ROWS_A_ROOT))
        except SnmpFault:
            self._silences += 1
            if not self._rows:
                raise

    async def _below(self, root: str, limit: int) -> None:
        async for oid, value in self._session.walk(root):
            if (row := _row(oid, value)) is not None:
                self._rows.setdefault(oid, row)
            if len(self._rows) >= limit:
                return


def _row(oid: str, value: Any) -> Row | None:
    tag = _TAGS.get(type(value).__name__)
    if tag is None:
        return None
    if tag in ("6", "64"):
        return Row(oid, tag, str(value.prettyPrint()))
    return Row(oid, tag, bytes(value) if tag in ("4", "68") else int(value))
