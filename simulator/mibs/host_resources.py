"""HOST-RESOURCES-MIB (RFC 2790) of a computer: uptime, storage, devices, processors."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.mibs.values import Objects, Oid, counter32, gauge, identifier, integer, oid, table, text, ticks
from simulator.model.computer import Computer

HOST = oid("1.3.6.1.2.1.25")
_STORAGE_RAM, _STORAGE_DISK = 2, 4
_DEVICE_PROCESSOR, _DEVICE_NETWORK, _DEVICE_DISK = 3, 4, 6
_RUNNING = 2


@dataclass(frozen=True, slots=True)
class _Storage:
    kind: int
    description: str
    unit_bytes: int
    size_bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class _Device:
    kind: int
    description: str


def host_resources(computer: Computer, into: Objects) -> None:
    """hrSystem, hrStorage, hrDevice, hrProcessorTable."""
    hardware = computer.hardware
    into.scalar((*HOST, 1, 1), ticks(computer.uptime_seconds))
    into.scalar((*HOST, 1, 5), gauge(computer.users))
    into.scalar((*HOST, 1, 6), gauge(computer.processes))
    into.scalar((*HOST, 2, 2), integer(hardware.memory_bytes // 1024))
    _storage(computer, into)
    _devices(computer, into)


def _storage(computer: Computer, into: Objects) -> None:
    hardware = computer.hardware
    rows: dict[Oid, _Storage] = {
        (1,): _Storage(_STORAGE_DISK, "C:\\ Label:Windows", 4096, hardware.disk_bytes, computer.disk_used_bytes),
        (2,): _Storage(_STORAGE_RAM, "Physical Memory", 65536, hardware.memory_bytes, computer.memory_used_bytes),
    }
    table(
        into,
        (*HOST, 2, 3, 1),
        rows,
        {
            1: lambda row: integer(1 if row.kind == _STORAGE_DISK else 2),
            2: lambda row: identifier((*HOST, 2, 1, row.kind)),
            3: lambda row: text(row.description),
            4: lambda row: integer(row.unit_bytes),
            5: lambda row: integer(row.size_bytes // row.unit_bytes),
            6: lambda row: integer(row.used_bytes // row.unit_bytes),
            7: lambda _: counter32(0),
        },
    )


def _devices(computer: Computer, into: Objects) -> None:
    processors = computer.hardware.processors
    rows: dict[Oid, _Device] = {(n,): _Device(_DEVICE_PROCESSOR, "x86-64") for n in range(1, processors + 1)}
    rows[(processors + 1,)] = _Device(_DEVICE_DISK, "SSD")
    rows[(processors + 2,)] = _Device(_DEVICE_NETWORK, "Ethernet")
    table(
        into,
        (*HOST, 3, 2, 1),
        {index: (index[0], device) for index, device in rows.items()},
        {
            1: lambda row: integer(row[0]),
            2: lambda row: identifier((*HOST, 3, 1, row[1].kind)),
            3: lambda row: text(row[1].description),
            4: lambda _: identifier((0, 0)),
            5: lambda _: integer(_RUNNING),
            6: lambda _: counter32(0),
        },
    )
    loads: dict[Oid, float] = {(number,): load for number, load in enumerate(computer.processor_loads, 1)}
    table(into, (*HOST, 3, 3, 1), loads, {1: lambda _: identifier((0, 0)), 2: integer})
