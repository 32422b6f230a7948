"""Lines to the city, and the city's shared applications."""

from __future__ import annotations

import random
from collections.abc import Callable

from simulator.model.city import CityService, Uplink
from simulator.model.machine import Machine, Plate
from simulator.model.network import BACKUP, MAN
from simulator.models.base import Model, Served
from telemetry.kinds import Kind


def _uplink(line: str) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, _: Uplink(plate, line)


def _service(*, secure: bool) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, chance: CityService(plate, chance, secure=secure)


def _line(name: str) -> Model:
    return Model(kind=Kind.UPLINK, vendor="", model="", build=_uplink(name), serves=Served.LINE)


def _application(*, secure: bool) -> Model:
    return Model(kind=Kind.SERVICE, vendor="", model="", build=_service(secure=secure), serves=Served.HTTP)


CITY: dict[str, Model] = {
    "uplink-man": _line(MAN),
    "uplink-backup": _line(BACKUP),
    "city-service": _application(secure=False),
    "city-service-tls": _application(secure=True),
}
