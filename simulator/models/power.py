"""UPS units."""

from __future__ import annotations

import random

from simulator.mibs import powernet, ups_traps
from simulator.mibs import ups as ups_mib
from simulator.mibs.values import oid
from simulator.model.machine import Plate
from simulator.model.ups import Rating, Ups
from simulator.models.base import Model, Served, agent_of, of_type
from telemetry.kinds import Kind


def _ups(plate: Plate, chance: random.Random) -> Ups:
    return Ups(
        plate, Rating(watts=1600, volt_amperes=2000, battery_watt_hours=288, charger_watts=110, cells=24), chance
    )


def _ups_apc(plate: Plate, chance: random.Random) -> Ups:
    return Ups(plate, Rating(watts=1000, volt_amperes=1500, battery_watt_hours=216, charger_watts=90, cells=12), chance)


def _ups_usb(plate: Plate, chance: random.Random) -> Ups:
    rating = Rating(watts=600, volt_amperes=1000, battery_watt_hours=144, charger_watts=60, cells=12)
    return Ups(plate, rating, chance, on_usb=True)


_SANTAK = oid("1.3.6.1.4.1.935.10.1")
_UPS_MIB = of_type(Ups, ups_mib.ups_mib)
_POWERNET = of_type(Ups, powernet.powernet)

POWER: dict[str, Model] = {
    "ups": Model(
        kind=Kind.UPS,
        vendor="Santak",
        model="C2KE",
        build=_ups,
        serves=Served.SNMP,
        objects=agent_of(_SANTAK, 72, _UPS_MIB),
        trap=ups_traps.ups_mib_trap,
        up_bits=900,
        down_bits=700,
    ),
    "ups-usb": Model(
        kind=Kind.UPS,
        vendor="Santak",
        model="TG1000",
        build=_ups_usb,
        serves=Served.NUT,
    ),
    "ups-apc": Model(
        kind=Kind.UPS,
        vendor="APC",
        model="Smart-UPS 1500",
        build=_ups_apc,
        serves=Served.SNMP,
        objects=agent_of(powernet.SMART_UPS, 72, _POWERNET),
        trap=ups_traps.powernet_trap,
        up_bits=900,
        down_bits=700,
    ),
}
