"""ENTITY-SENSOR-MIB (RFC 3433) of a room sensor: temperature and humidity, each a row beside its ENTITY-MIB row."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.mibs.system import ENTITY
from simulator.mibs.values import Objects, Oid, identifier, integer, oid, table, text
from simulator.model.climate import Sensor

SENSOR = oid("1.3.6.1.2.1.99.1.1.1")
_CHASSIS, _SENSOR = 3, 8  # PhysicalClass
_CELSIUS, _PERCENT_RH = 8, 9  # EntitySensorDataType
_UNITS, _OK = 9, 1


@dataclass(frozen=True, slots=True)
class _Row:
    """One sensor: its data type, name, unit in words, and value in tenths."""

    kind: int
    name: str
    unit: str
    tenths: int


def entity_sensor(sensor: Sensor, into: Objects) -> None:
    """The chassis (1) and its two sensors (2, 3) in entPhysicalTable; their values in entPhySensorTable."""
    rows: dict[Oid, _Row] = {
        (2,): _Row(_CELSIUS, "Temperature", "degrees Celsius", round(sensor.celsius * 10)),
        (3,): _Row(_PERCENT_RH, "Humidity", "percent relative humidity", round(sensor.humidity_percent * 10)),
    }
    _physical(sensor, rows, into)
    table(
        into,
        SENSOR,
        rows,
        {
            1: lambda row: integer(row.kind),
            2: lambda _: integer(_UNITS),
            3: lambda _: integer(1),
            4: lambda row: integer(row.tenths),
            5: lambda _: integer(_OK),
            6: lambda row: text(row.unit),
        },
    )


def _physical(sensor: Sensor, rows: dict[Oid, _Row], into: Objects) -> None:
    plate, chassis = sensor.plate, (1,)
    names = {chassis: plate.id} | {index: row.name for index, row in rows.items()}
    into.column((*ENTITY, 2), {index: text(f"{plate.vendor} {name}") for index, name in names.items()})
    into.column((*ENTITY, 3), {index: identifier((0, 0)) for index in names})
    into.column((*ENTITY, 4), {index: integer(0 if index == chassis else 1) for index in names})
    into.column((*ENTITY, 5), {index: integer(_CHASSIS if index == chassis else _SENSOR) for index in names})
    into.column((*ENTITY, 7), {index: text(name) for index, name in names.items()})
    into.column((*ENTITY, 11), {chassis: text(plate.serial)})
    into.column((*ENTITY, 12), {chassis: text(plate.vendor)})
    into.column((*ENTITY, 13), {chassis: text(plate.model)})
