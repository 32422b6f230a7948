"""SNMPv2-MIB system group (RFC 3418) and the ENTITY-MIB row of the chassis (RFC 6933)."""

from __future__ import annotations

from simulator.mibs.values import Objects, Oid, identifier, integer, oid, text, ticks
from simulator.model.machine import Machine

SYSTEM = oid("1.3.6.1.2.1.1")
SNMP = oid("1.3.6.1.2.1.11")
ENTITY = oid("1.3.6.1.2.1.47.1.1.1.1")


def system(machine: Machine, kind_of_thing: Oid, services: int, into: Objects) -> None:
    """`kind_of_thing` is sysObjectID; `services` sysServices."""
    plate = machine.plate
    into.scalar((*SYSTEM, 1), text(f"{plate.vendor} {plate.model}, {plate.firmware}"))
    into.scalar((*SYSTEM, 2), identifier(kind_of_thing))
    into.scalar((*SYSTEM, 3), ticks(machine.uptime_seconds))
    into.scalar((*SYSTEM, 4), text("Tổ công nghệ số cộng đồng"))
    into.scalar((*SYSTEM, 5), text(plate.id))
    into.scalar((*SYSTEM, 6), text(plate.location))
    into.scalar((*SYSTEM, 7), integer(services))
    into.scalar((*SNMP, 30), integer(2))  # snmpEnableAuthenTraps: disabled


def entity(machine: Machine, into: Objects) -> None:
    """One chassis: entPhysicalDescr, class chassis(3), name, firmware and software, serial, manufacturer, model."""
    plate, row = machine.plate, (1,)
    into.column((*ENTITY, 2), {row: text(f"{plate.vendor} {plate.model}")})
    into.column((*ENTITY, 3), {row: identifier((0, 0))})
    into.column((*ENTITY, 4), {row: integer(0)})
    into.column((*ENTITY, 5), {row: integer(3)})
    into.column((*ENTITY, 7), {row: text(plate.id)})
    into.column((*ENTITY, 9), {row: text(plate.firmware)})
    into.column((*ENTITY, 10), {row: text(plate.firmware)})
    into.column((*ENTITY, 11), {row: text(plate.serial)})
    into.column((*ENTITY, 12), {row: text(plate.vendor)})
    into.column((*ENTITY, 13), {row: text(plate.model)})
