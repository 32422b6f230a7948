"""UPS over SNMP: UPS-MIB (RFC 1628), APC PowerNet and what data/ups.toml knows of other vendors."""

from __future__ import annotations

from collectors.mib_feature import MibFeature
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import oid
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
    "output_load_percent",
    "input_voltage_volts",
)
_ALARM_TABLE = "1.3.6.1.2.1.33.1.6.2.1.2"  # upsAlarmDescr
_BATTERY_BAD = "1.3.6.1.2.1.33.1.6.3.1"  # upsAlarmBatteryBad


def ups_values() -> MibFeature:
    """The values of whichever UPS MIB the device has."""
    return MibFeature("ups", WANTED, VITAL)


class UpsAlarms:
    """upsAlarmTable of RFC 1628: whether the battery is among what the UPS complains of."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if "1.3.6.1.2.1.33.1.6.1.0" not in await client.get(["1.3.6.1.2.1.33.1.6.1.0"]):
            return Findings()
        alarms = await client.walk(_ALARM_TABLE, max_rows=100, may_fill=True)
        bad = any(oid(descr) == _BATTERY_BAD for descr in alarms.values())
        return Findings([Reading("battery_needs_replacing", float(bad))])
