"""Every model of device that a ward file may name. A new one is a builder and a line in MODELS.

A builder makes the machine from its type plate and its own chance; `mibs` turn its state into SNMP objects; `serves`
says by what it is asked. Recorders will be lines here with a service of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from simulator.mibs import host_resources, interfaces, powernet, printer, system
from simulator.mibs import ups as ups_mib
from simulator.mibs.values import Objects, Oid, oid
from simulator.model.camera import Camera
from simulator.model.computer import GIB, Computer, Hardware
from simulator.model.machine import Machine, Plate
from simulator.model.network import Counters, Router, Switch
from simulator.model.printer import Duty, Engine, Printer, Toner, Tray
from simulator.model.ups import Rating, Ups
from telemetry.kinds import Kind

VERSION = "ward-sim 0.1"


class Served(Enum):
    """By what protocol a device is asked."""

    SNMP = "snmp"
    TCP = "tcp"
    RTSP = "rtsp"
    HOST = "psutil"  # the agent's own machine: nothing of it is simulated but its plug and its cable


@dataclass(frozen=True, slots=True)
class Seen:
    """What a MIB may tell of a device: the machine, and what its socket counted."""

    machine: Machine
    counters: Counters


@dataclass(frozen=True, slots=True)
class Model:
    """One line of the registry. `up_bits` and `down_bits`: its traffic in a busy hour, bit/s."""

    kind: Kind
    vendor: str
    model: str
    build: Callable[[Plate, random.Random], Machine]
    serves: Served
    objects: Callable[[Seen, Objects], None] | None = None
    up_bits: float = 0.0
    down_bits: float = 0.0
    uptime_days: float = 21.0


def _ups(plate: Plate, chance: random.Random) -> Ups:
    return Ups(
        plate, Rating(watts=1600, volt_amperes=2000, battery_watt_hours=288, charger_watts=110, cells=24), chance
    )


def _ups_apc(plate: Plate, chance: random.Random) -> Ups:
    return Ups(plate, Rating(watts=1000, volt_amperes=1500, battery_watt_hours=216, charger_watts=90, cells=12), chance)


def _mono(plate: Plate, chance: random.Random) -> Printer:
    duty = Duty(jobs_per_busy_hour=14, pages_per_job=3.2)
    toners = [Toner("black", 3000, 0.64)]
    built = Printer(plate, Engine(seconds_per_page=1.6), duty, toners, [Tray("Tray 1", 250, 190)], chance)
    built.pages_total, built.pages_since_power_on = 48_211, 1_204
    return built


def _colour(plate: Plate, chance: random.Random) -> Printer:
    duty = Duty(jobs_per_busy_hour=8, pages_per_job=4.0, colour_share=0.35)
    toners = [Toner("black", 5000, 0.55), Toner("cyan", 2800, 0.71), Toner("magenta", 2800, 0.38)]
    toners.append(Toner("yellow", 2800, 0.82))
    trays = [Tray("Tray 1", 100, 64), Tray("Tray 2", 500, 410)]
    engine = Engine(seconds_per_page=2.6, sleep_watts=14.0, print_watts=520.0)
    built = Printer(plate, engine, duty, toners, trays, chance)
    built.pages_total, built.pages_since_power_on = 17_904, 655
    return built


def _switch(plate: Plate, chance: random.Random) -> Switch:
    return Switch(plate, 24, chance)


def _router(plate: Plate, _: random.Random) -> Router:
    return Router(plate)


def _camera(scene: str) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, _: Camera(plate, scene)


def _computer(hardware: Hardware) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, chance: Computer(plate, hardware, chance)


_DESKTOP = Hardware(processors=4, memory_bytes=8 * GIB, disk_bytes=240 * 10**9, idle_watts=52.0, busy_watts=70.0)
_TERMINAL = Hardware(processors=4, memory_bytes=4 * GIB, disk_bytes=64 * 10**9, idle_watts=38.0, busy_watts=15.0)
_SERVER = Hardware(processors=4, memory_bytes=16 * GIB, disk_bytes=10**12, idle_watts=78.0, busy_watts=90.0)

_NET_SNMP = oid("1.3.6.1.4.1.8072.3.2.10")
_WINDOWS = oid("1.3.6.1.4.1.311.1.1.3.1.1")
_SANTAK = oid("1.3.6.1.4.1.935.10.1")
_HP_PRINTER = oid("1.3.6.1.4.1.11.2.3.9.1")
_BROTHER = oid("1.3.6.1.4.1.2435.2.3.9.1")
_TP_LINK = oid("1.3.6.1.4.1.11863.5.97")
_MIKROTIK = oid("1.3.6.1.4.1.14988.1")


def _agent_of(
    thing: Oid, services: int, *parts: Callable[[Machine, Objects], None], socket: bool = True
) -> Callable[[Seen, Objects], None]:
    """The objects of a device: its system group, its own MIBs, and its one network socket."""

    def objects(seen: Seen, into: Objects) -> None:
        system.system(seen.machine, thing, services, into)
        for part in parts:
            part(seen.machine, into)
        if socket:
            interfaces.one_interface(seen.machine, seen.counters, into)

    return objects


# mypy cannot know which machine a line was built with; the builder beside it does.
def _of(machine_type: type[Machine], part: Callable[..., None]) -> Callable[[Machine, Objects], None]:
    def objects(machine: Machine, into: Objects) -> None:
        if not isinstance(machine, machine_type):
            raise TypeError(f"{machine.id} is a {type(machine).__name__}, not a {machine_type.__name__}")
        part(machine, into)

    return objects


_UPS_MIB = _of(Ups, ups_mib.ups_mib)
_POWERNET = _of(Ups, powernet.powernet)
_PRINTER_MIB = _of(Printer, printer.printer_mib)
_SWITCH_PORTS = _of(Switch, interfaces.switch_interfaces)
_ROUTER_PORTS = _of(Router, interfaces.router_interfaces)
_HOST = _of(Computer, host_resources.host_resources)

MODELS: dict[str, Model] = {
    "ups": Model(
        kind=Kind.UPS,
        vendor="Santak",
        model="C2KE",
        build=_ups,
        serves=Served.SNMP,
        objects=_agent_of(_SANTAK, 72, _UPS_MIB),
        up_bits=900,
        down_bits=700,
    ),
    "ups-apc": Model(
        kind=Kind.UPS,
        vendor="APC",
        model="Smart-UPS 1500",
        build=_ups_apc,
        serves=Served.SNMP,
        objects=_agent_of(powernet.SMART_UPS, 72, _POWERNET),
        up_bits=900,
        down_bits=700,
    ),
    "printer-mono": Model(
        kind=Kind.PRINTER,
        vendor="Brother",
        model="HL-L5210DN",
        build=_mono,
        serves=Served.SNMP,
        objects=_agent_of(_BROTHER, 72, _PRINTER_MIB),
        up_bits=6e3,
        down_bits=90e3,
    ),
    "printer-colour": Model(
        kind=Kind.PRINTER,
        vendor="HP",
        model="Color LaserJet Pro M454dn",
        build=_colour,
        serves=Served.SNMP,
        objects=_agent_of(_HP_PRINTER, 72, _PRINTER_MIB),
        up_bits=6e3,
        down_bits=150e3,
    ),
    "switch-24": Model(
        kind=Kind.SWITCH,
        vendor="TP-Link",
        model="TL-SG2428P",
        build=_switch,
        serves=Served.SNMP,
        objects=_agent_of(_TP_LINK, 2, system.entity, _SWITCH_PORTS, socket=False),
        uptime_days=96.0,
    ),
    "router": Model(
        kind=Kind.ROUTER,
        vendor="MikroTik",
        model="RB760iGS",
        build=_router,
        serves=Served.SNMP,
        objects=_agent_of(_MIKROTIK, 6, system.entity, _ROUTER_PORTS, socket=False),
        uptime_days=96.0,
    ),
    "workstation": Model(
        kind=Kind.WORKSTATION,
        vendor="FPT",
        model="Elead T12400",
        build=_computer(_DESKTOP),
        serves=Served.SNMP,
        objects=_agent_of(_WINDOWS, 76, _HOST),
        up_bits=250e3,
        down_bits=1.8e6,
        uptime_days=0.08,
    ),
    "workstation-rdp": Model(
        kind=Kind.WORKSTATION,
        vendor="FPT",
        model="Elead T12400",
        build=_computer(_DESKTOP),
        serves=Served.TCP,
        up_bits=250e3,
        down_bits=1.8e6,
        uptime_days=0.08,
    ),
    "server": Model(
        kind=Kind.SERVER,
        vendor="Dell",
        model="PowerEdge T150",
        build=_computer(_SERVER),
        serves=Served.SNMP,
        objects=_agent_of(_NET_SNMP, 76, _HOST),
        up_bits=2e6,
        down_bits=1e6,
        uptime_days=40.0,
    ),
    "agent-host": Model(
        kind=Kind.SERVER,
        vendor="",
        model="",
        build=_computer(_SERVER),
        serves=Served.HOST,
        up_bits=60e3,
        down_bits=25e3,
        uptime_days=40.0,
    ),
    "kiosk": Model(
        kind=Kind.KIOSK,
        vendor="",
        model="",
        build=_computer(_TERMINAL),
        serves=Served.TCP,
        up_bits=80e3,
        down_bits=900e3,
    ),
    "queue": Model(
        kind=Kind.QUEUE,
        vendor="",
        model="",
        build=_computer(_TERMINAL),
        serves=Served.TCP,
        up_bits=8e3,
        down_bits=12e3,
    ),
    "camera-counter": Model(
        kind=Kind.CAMERA,
        vendor="KBVision",
        model="KX-A2011N3",
        build=_camera("counter"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
    "camera-hall": Model(
        kind=Kind.CAMERA,
        vendor="Hikvision",
        model="DS-2CD1023G2",
        build=_camera("hall"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
    "camera-entrance": Model(
        kind=Kind.CAMERA,
        vendor="Dahua",
        model="IPC-HFW1230S",
        build=_camera("entrance"),
        serves=Served.RTSP,
        up_bits=4e3,
        down_bits=3e3,
    ),
}
