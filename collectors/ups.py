"""UPS over SNMP: UPS-MIB (RFC 1628), APC PowerNet and what data/ups.toml knows of other vendors."""

from __future__ import annotations

from collections.abc import Iterable

from collectors.alarm_memory import AlarmMemory
from collectors.mib_feature import MibFeature
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import Value, oid
from collectors.snmp_device import Findings, System
from telemetry.readings import Reading

WANTED = (
    "battery_charge_percent",
    "battery_runtime_seconds",
    "battery_voltage_volts",
    "output_load_percent",
    "output_voltage_volts",
    "input_voltage_volts",
)
VITAL = (
    "on_battery",
    "on_battery_seconds",
    "battery_charge_percent",
    "battery_runtime_seconds",
    "battery_low",
    "output_load_percent",
    "input_voltage_volts",
)
_ALARMS_PRESENT = "1.3.6.1.2.1.33.1.6.1.0"  # upsAlarmsPresent
_ALARM_TABLE = "1.3.6.1.2.1.33.1.6.2.1.2"  # upsAlarmDescr
_WELL_KNOWN = "1.3.6.1.2.1.33.1.6.3."  # upsWellKnownAlarms
_MOST_ALARMS = 100

# RFC 1628, upsWellKnownAlarms, by their numbers from 1 on; worded under "alarm" in telemetry/texts.
WELL_KNOWN_ALARMS = (
    "battery_bad",
    "on_battery",
    "battery_low",
    "battery_depleted",
    "temperature_bad",
    "input_bad",
    "output_bad",
    "output_overload",
    "on_bypass",
    "bypass_bad",
    "output_off_as_requested",
    "ups_off_as_requested",
    "charger_failed",
    "ups_output_off",
    "ups_system_off",
    "fan_failure",
    "fuse_failure",
    "general_fault",
    "test_failed",
    "communications_lost",
    "awaiting_power",
    "shutdown_pending",
    "shutdown_imminent",
    "test_in_progress",
)


def ups_values() -> MibFeature:
    """The values of whichever UPS MIB the device has."""
    return MibFeature("ups", WANTED, VITAL)


class UpsAlarms:
    """upsAlarmTable of RFC 1628: what the UPS complains of, and whether its battery or its load is among it."""

    def __init__(self) -> None:
        self._memory = AlarmMemory()

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if _ALARMS_PRESENT not in await client.get([_ALARMS_PRESENT]):
            return Findings()
        active = well_known((await client.walk(_ALARM_TABLE, _MOST_ALARMS, may_fill=True)).values())
        battery, load = "battery_bad" in active, "output_overload" in active
        flags = [Reading("battery_needs_replacing", float(battery)), Reading("output_overloaded", float(load))]
        return Findings([*flags, *self._memory.readings(active)])


def well_known(descriptions: Iterable[Value]) -> set[str]:
    """The alarms that rows of upsAlarmDescr name; "other" for one of the vendor's own."""
    return {_name_of(oid(description)) for description in descriptions}


def _name_of(description: str) -> str:
    number = description.removeprefix(_WELL_KNOWN) if description.startswith(_WELL_KNOWN) else ""
    if number.isascii() and number.isdecimal() and 1 <= int(number[:6]) <= len(WELL_KNOWN_ALARMS):
        return WELL_KNOWN_ALARMS[int(number[:6]) - 1]
    return "other"
