"""HOST-RESOURCES-MIB (RFC 2790): processors, memory, disks of a computer that answers SNMP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from collectors.mib_tables import plausible
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import Value, integer, oid, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Reading

_HR = "1.3.6.1.2.1.25"
HR_UPTIME, HR_LOAD = f"{_HR}.1.1.0", f"{_HR}.3.3.1.2"
_STORAGE = f"{_HR}.2.3.1"
_RAM, _FIXED_DISK = f"{_HR}.2.1.2", f"{_HR}.2.1.4"
_RECLAIMABLE = ("memory buffers", "cached memory")  # net-snmp counts both as used in "Physical memory"
_NOT_DISKS = ("/dev", "/run", "/sys", "/proc", "/snap", "/boot/efi", "/var/lib/docker", "/var/snap")
_SIGNED = 1 << 32


@dataclass(frozen=True, slots=True)
class Storage:
    """One row of hrStorageTable, in bytes."""

    kind: str
    name: str
    size: float
    used: float


class HostResources:
    """CPU load as the mean over processors, memory without what the system would give back, fixed disks."""

    def __init__(self, disks: bool = True) -> None:
        self._disks = disks

    async def read(self, client: SnmpClient, system: System) -> Findings:
        found = Findings()
        loads = [load for load in map(integer, (await client.walk(HR_LOAD, max_rows=512)).values()) if load is not None]
        if loads and all(0 <= load <= 100 for load in loads):
            found.readings.append(Reading("cpu_load_percent", sum(loads) / len(loads)))
        rows = storages(*await client.table(_STORAGE, (2, 3, 4, 5, 6), 1500))
        found.readings += memory(rows)
        if self._disks:
            found.readings += disks(rows)
        return found


def storages(types: Column, names: Column, units: Column, sizes: Column, used: Column) -> list[Storage]:
    """The rows that are whole. Sizes over 2^31 units arrive as negative numbers from some agents."""
    result = []
    for index, size_value in sizes.items():
        unit, size, taken = integer(units.get(index)), integer(size_value), integer(used.get(index))
        if unit is None or size is None or taken is None or unit <= 0:
            continue
        size, taken = size % _SIGNED, taken % _SIGNED
        if size > 0:
            result.append(Storage(oid(types.get(index)), text(names.get(index)), size * unit, taken * unit))
    return result


def memory(rows: list[Storage]) -> list[Reading]:
    """memory_used_percent of the first RAM row."""
    ram = next((row for row in rows if row.kind == _RAM and row.name.casefold() not in _RECLAIMABLE), None)
    if ram is None:
        return []
    reclaimable = sum(row.used for row in rows if row.name.casefold() in _RECLAIMABLE)
    used = ram.used - reclaimable if reclaimable <= ram.used else ram.used
    percent = plausible("memory_used_percent", 100 * used / ram.size)
    return [] if percent is None else [Reading("memory_used_percent", percent)]


def disks(rows: list[Storage]) -> list[Reading]:
    """disk_used_percent and disk_free_bytes by mount point or drive letter."""
    result: list[Reading] = []
    seen: set[str] = set()
    for row in rows:
        name = row.name.split(" Label:")[0].strip()
        if row.kind != _FIXED_DISK or name in seen or name.startswith(_NOT_DISKS) or row.used > row.size:
            continue
        seen.add(name)
        result.append(Reading("disk_used_percent", 100 * row.used / row.size, name))
        result.append(Reading("disk_free_bytes", row.size - row.used, name))
    return result


Column = Mapping[str, Value]
