"""The feature that reads vendor and standard MIBs by the data tables of mib_tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from collectors import mib_tables
from collectors.identity import vendor_called
from collectors.mib_tables import Bound, Mib
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import Value
from collectors.snmp_device import Findings, System
from telemetry.readings import Fact, Reading

_LOOK_AGAIN = 900.0  # seconds until the device's tables are walked anew
_MAX_ROWS = 1500  # of one vendor's subtree
_SUBTREES = 3  # from so many subtrees on it is worth a request to learn whether there is anything at all


class MibFeature:
    """Walks once to learn which objects the device has, then GETs just these; walks again every quarter of an hour,
    and at once when an object vanished.

    `wanted` are the metrics for whose sake devices of the kind are watched: MIBs of other vendors are tried only
    where none of them was found. `vital` are those asked for every few seconds.
    """

    def __init__(self, file: str, wanted: Iterable[str], vital: Iterable[str] = ()) -> None:
        self._mibs = mib_tables.mibs(file)
        self._wanted = frozenset(wanted)
        self._vital = frozenset(vital)
        self._bound: list[Bound] = []
        self._facts: list[Fact] = []
        self._learned_at: float | None = None
        self._today: date | None = None  # when it learned

    @property
    def has_vital(self) -> bool:
        """Whether some of its values must be known within seconds."""
        return bool(self._vital)

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if self._learned_at is None or system.now - self._learned_at > _LOOK_AGAIN:
            return await self._learn(client, system)
        values = await client.get([item.oid for item in self._bound])
        if len(values) < len(self._bound):
            self._learned_at = None
        return Findings(mib_tables.readings(self._bound, values, system.today), list(self._facts))

    async def read_vital(self, client: SnmpClient) -> list[Reading]:
        items = [item for item in self._bound if item.metric in self._vital]
        if not items:
            return []
        return mib_tables.readings(items, await client.get([item.oid for item in items]))

    async def _learn(self, client: SnmpClient, system: System) -> Findings:
        self._bound, self._facts = [], []
        values: dict[str, Value] = {}
        self._today = system.today
        strangers: dict[str, list[Mib]] = {}  # by enterprise: one question each, however many MIBs it has
        for mib in self._mibs:
            if not mib.enterprises or mib.is_made_for(system.object_id):
                await self._try(client, values, mib)
            else:
                strangers.setdefault(mib.enterprise(), []).append(mib)
        if self._is_worth_asking(system):
            for enterprise, mibs in strangers.items():
                if await client.walk(enterprise, max_rows=1):
                    for mib in mibs:
                        await self._try(client, values, mib)
        self._learned_at = system.now
        return Findings(mib_tables.readings(self._bound, values, system.today), list(self._facts))

    def _is_worth_asking(self, system: System) -> bool:
        """Whether to try other vendors' MIBs: nothing was found, or something is missing on a device whose
        sysObjectID names no vendor of ours (cards sold under many brands, net-snmp on a vendor's board)."""
        found = {item.metric for item in self._bound}
        if not self._wanted - found:
            return False
        return self._wanted.isdisjoint(found) or not any(
            mib.vendor and mib.is_made_for(system.object_id) for mib in self._mibs
        )

    async def _try(self, client: SnmpClient, values: dict[str, Value], mib: Mib) -> None:
        if len(mib.walk) >= _SUBTREES and not await client.walk(mib.base, max_rows=1):
            return
        rows: dict[str, Value] = {}
        for root, part in zip(mib.roots(), mib.walk, strict=True):
            found = await client.walk(root, _MAX_ROWS)
            rows.update((f"{part}.{below}" if part else below, value) for below, value in found.items())
        if not rows:
            return
        bound = mib_tables.bind(mib, rows, {item.metric for item in self._bound}, self._today)
        self._bound += bound
        values.update((item.oid, rows[item.oid[len(mib.base) + 1 :]]) for item in bound)
        told = [
            Fact(fact.name, vendor_called(fact.text) if fact.name == "vendor" else fact.text)
            for fact in mib_tables.facts(mib, rows)
        ]
        if mib.vendor and (bound or told):
            told.append(Fact("vendor", mib.vendor))
        known = {fact.name for fact in self._facts}
        self._facts += [fact for fact in told if fact.name not in known]
