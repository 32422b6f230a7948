"""Room sensors and air conditioning over SNMP, by the vendors of data/environment.toml."""

from __future__ import annotations

from collectors.mib_feature import MibFeature

WANTED = ("temperature_celsius", "humidity_percent")


def environment_values() -> MibFeature:
    """Temperature and humidity from whichever vendor's MIB the device has."""
    return MibFeature("environment", WANTED)
