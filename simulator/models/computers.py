"""Computers and what has one inside."""

from __future__ import annotations

import random
from collections.abc import Callable

from simulator.mibs import host_resources
from simulator.mibs.values import oid
from simulator.model.computer import GIB, Computer, Hardware
from simulator.model.machine import Machine, Plate
from simulator.models.base import Model, Served, agent_of, of_type
from telemetry.kinds import Kind


def _computer(hardware: Hardware) -> Callable[[Plate, random.Random], Machine]:
    return lambda plate, chance: Computer(plate, hardware, chance)


_DESKTOP = Hardware(processors=4, memory_bytes=8 * GIB, disk_bytes=240 * 10**9, idle_watts=52.0, busy_watts=70.0)
_TERMINAL = Hardware(processors=4, memory_bytes=4 * GIB, disk_bytes=64 * 10**9, idle_watts=38.0, busy_watts=15.0)
_SERVER = Hardware(processors=4, memory_bytes=16 * GIB, disk_bytes=10**12, idle_watts=78.0, busy_watts=90.0)

_SCREEN = Hardware(processors=2, memory_bytes=2 * GIB, disk_bytes=16 * 10**9, idle_watts=45.0, busy_watts=8.0)
_TABLET = Hardware(processors=8, memory_bytes=4 * GIB, disk_bytes=64 * 10**9, idle_watts=4.0, busy_watts=4.0)

_NET_SNMP = oid("1.3.6.1.4.1.8072.3.2.10")
_WINDOWS = oid("1.3.6.1.4.1.311.1.1.3.1.1")
_HOST = of_type(Computer, host_resources.host_resources)

COMPUTERS: dict[str, Model] = {
    "workstation": Model(
        kind=Kind.WORKSTATION,
        vendor="FPT",
        model="Elead T12400",
        build=_computer(_DESKTOP),
        serves=Served.SNMP,
        objects=agent_of(_WINDOWS, 76, _HOST),
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
        objects=agent_of(_NET_SNMP, 76, _HOST),
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
    "tablet": Model(
        kind=Kind.TABLET,
        vendor="",
        model="",
        build=_computer(_TABLET),
        serves=Served.TCP,
        up_bits=20e3,
        down_bits=200e3,
    ),
    "counter-display": Model(
        kind=Kind.COUNTER_DISPLAY,
        vendor="",
        model="",
        build=_computer(_SCREEN),
        serves=Served.TCP,
        up_bits=2e3,
        down_bits=6e3,
    ),
    "signboard": Model(
        kind=Kind.SIGNBOARD,
        vendor="",
        model="",
        build=_computer(_SCREEN),
        serves=Served.HTTP,
        up_bits=3e3,
        down_bits=30e3,
    ),
    "display": Model(
        kind=Kind.DISPLAY,
        vendor="Samsung",
        model="QB50C",
        build=_computer(_SCREEN),
        serves=Served.SNMP,
        objects=agent_of(_NET_SNMP, 72, _HOST),
        up_bits=3e3,
        down_bits=400e3,
    ),
}
