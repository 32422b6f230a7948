"""What a line of the registry is made of, and what builders of lines share."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from simulator.mibs import interfaces, system
from simulator.mibs.values import Objects, Oid, Trap
from simulator.model.machine import Machine, Plate
from simulator.model.network import Counters
from simulator.model.ward import Ward
from telemetry.kinds import Kind

VERSION = "ward-sim 0.1"


class Served(Enum):
    """By what protocol a device is asked."""

    SNMP = "snmp"
    TCP = "tcp"
    NUT = "nut"
    RTSP = "rtsp"
    ONVIF = "onvif"
    ISAPI = "isapi"
    DAHUA = "dahua"
    IPP = "ipp"
    ESCL = "escl"
    MODBUS = "modbus"
    MQTT = "mqtt"
    HTTP = "http"
    LINE = "snmp of the router"  # a line to the city
    HOST = "psutil"  # the agent's own machine: nothing of it is simulated but its plug and its cable

    @property
    def protocol(self) -> str:
        """As the agent's configuration names it."""
        return self.value.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a MIB may tell of a device: the machine, what its socket counted, and the ward around it."""

    machine: Machine
    counters: Counters
    ward: Ward


@dataclass(frozen=True, slots=True)
class Model:
    """One line of the registry. `up_bits` and `down_bits`: its traffic in a busy hour, bit/s."""

    kind: Kind
    vendor: str
    model: str
    build: Callable[[Plate, random.Random], Machine]
    serves: Served
    objects: Callable[[Seen, Objects], None] | None = None
    trap: Callable[[Any], Trap | None] | None = None  # what it tells unasked in its present state
    up_bits: float = 0.0
    down_bits: float = 0.0
    uptime_days: float = 21.0


Part = Callable[[Seen, Objects], None]


def agent_of(thing: Oid, services: int, *parts: Part, socket: bool = True) -> Callable[[Seen, Objects], None]:
    """The objects of a device: its system group, its own MIBs, and its one network socket."""

    def objects(seen: Seen, into: Objects) -> None:
        system.system(seen.machine, thing, services, into)
        for part in parts:
            part(seen, into)
        if socket:
            interfaces.one_interface(seen.machine, seen.counters, into)

    return objects


# mypy cannot know which machine a line was built with; the builder beside it does.
def of_type(machine_type: type[Machine], part: Callable[..., None]) -> Part:
    """A MIB of one kind of machine."""

    def objects(seen: Seen, into: Objects) -> None:
        machine = seen.machine
        if not isinstance(machine, machine_type):
            raise TypeError(f"{machine.id} is a {type(machine).__name__}, not a {machine_type.__name__}")
        part(machine, into)

    return objects
