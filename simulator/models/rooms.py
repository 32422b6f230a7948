"""Air conditioners and room sensors."""

from __future__ import annotations

import random
from collections.abc import Callable

from simulator.mibs.entity_sensor import entity_sensor
from simulator.mibs.values import oid
from simulator.model.climate import Aircon, Sensor, SplitUnit
from simulator.model.machine import Machine, Plate
from simulator.models.base import Model, Served, agent_of, of_type
from telemetry.kinds import Kind


def _aircon(plate: Plate, _: random.Random) -> Aircon:
    return Aircon(plate, cooling_watts=5200.0, setpoint_celsius=24.0)


def _split(plate: Plate, chance: random.Random) -> SplitUnit:
    return SplitUnit(plate, cooling_watts=7100.0, setpoint_celsius=25.0, chance=chance)


def _sensor(*, by_radio: bool = False, battery: bool = False) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, chance: Sensor(plate, chance, by_radio=by_radio, battery=battery)


_NET_SNMP = oid("1.3.6.1.4.1.8072.3.2.10")
_ENTITY_SENSOR = of_type(Sensor, entity_sensor)

ROOMS: dict[str, Model] = {
    "aircon-modbus": Model(
        kind=Kind.AIRCON,
        vendor="Daikin",
        model="FTKF50",
        build=_aircon,
        serves=Served.MODBUS,
        up_bits=600,
        down_bits=600,
    ),
    "aircon-split": Model(
        kind=Kind.AIRCON,
        vendor="Panasonic",
        model="CU/CS-PU24",
        build=_split,
        serves=Served.MQTT,
    ),
    "sensor-zigbee": Model(
        kind=Kind.SENSOR,
        vendor="Sonoff",
        model="SNZB-02D",
        build=_sensor(by_radio=True, battery=True),
        serves=Served.MQTT,
    ),
    "sensor-wifi": Model(
        kind=Kind.SENSOR,
        vendor="Sonoff",
        model="TH16",
        build=_sensor(),
        serves=Served.MQTT,
    ),
    "sensor-snmp": Model(
        kind=Kind.SENSOR,
        vendor="Papouch",
        model="TH2E",
        build=_sensor(),
        serves=Served.SNMP,
        objects=agent_of(_NET_SNMP, 72, _ENTITY_SENSOR),
        up_bits=400,
        down_bits=400,
    ),
}
