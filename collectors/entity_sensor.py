"""ENTITY-SENSOR-MIB (RFC 3433): temperature and humidity of any device that has the standard sensor table."""

from __future__ import annotations

from collectors.mib_tables import plausible
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import integer, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Reading

_SENSOR = "1.3.6.1.2.1.99.1.1.1"
_TYPE, _SCALE, _PRECISION, _VALUE, _STATUS = (f"{_SENSOR}.{leaf}" for leaf in (1, 2, 3, 4, 5))
_NAME, _DESCR = "1.3.6.1.2.1.47.1.1.1.1.7", "1.3.6.1.2.1.47.1.1.1.1.2"
_METRICS = {8: "temperature_celsius", 9: "humidity_percent"}  # EntitySensorDataType
_OK = 1  # EntitySensorStatus


class EntitySensors:
    """Sensors whose status is ok(1) or not told."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        types = await client.walk(_TYPE, max_rows=500)
        wanted = {index: _METRICS[kind] for index, kind in types.items() if isinstance(kind, int) and kind in _METRICS}
        if not wanted:
            return Findings()
        scales, digits, values, states, names, descriptions = [
            await client.walk(column, max_rows=1000) for column in (_SCALE, _PRECISION, _VALUE, _STATUS, _NAME, _DESCR)
        ]
        readings: list[Reading] = []
        used: set[tuple[str, str]] = set()
        for index, metric in wanted.items():
            if integer(states.get(index)) not in (None, _OK):
                continue
            value = scaled(integer(values.get(index)), integer(scales.get(index)), integer(digits.get(index)))
            value = None if value is None else plausible(metric, value)
            if value is None:
                continue
            instance = text(names.get(index)) or text(descriptions.get(index)) or index
            if (metric, instance) in used:
                instance = f"{instance} {index}"
            used.add((metric, instance))
            readings.append(Reading(metric, value, instance))
        return Findings(readings)


def scaled(value: int | None, scale: int | None, precision: int | None) -> float | None:
    """entPhySensorValue in its unit: EntitySensorDataScale 9 is 10^0, each step a factor of 1000; `precision` is
    the number of decimal places in the value. The ends of the range (±1e9) mark a value out of range."""
    if value is None or abs(value) >= 1_000_000_000:
        return None
    return float(value * 10.0 ** (3 * ((scale or 9) - 9) - max(0, precision or 0)))
