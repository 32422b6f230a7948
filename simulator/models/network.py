"""The switch and the router."""

from __future__ import annotations

import random

from simulator.mibs import interfaces, system
from simulator.mibs.topology import topology
from simulator.mibs.values import Objects, oid
from simulator.model.machine import Machine, Plate
from simulator.model.network import Router, Switch
from simulator.models.base import Model, Seen, Served, agent_of, of_type
from telemetry.kinds import Kind


def _switch(plate: Plate, chance: random.Random) -> Switch:
    return Switch(plate, 24, chance)


def _router(plate: Plate, _: random.Random) -> Router:
    return Router(plate)


_TP_LINK = oid("1.3.6.1.4.1.11863.5.97")
_MIKROTIK = oid("1.3.6.1.4.1.14988.1")


def _topology(seen: Seen, into: Objects) -> None:
    assert isinstance(seen.machine, Switch)
    topology(seen.machine, seen.ward, into)


_SWITCH_PORTS = of_type(Switch, interfaces.switch_interfaces)
_ROUTER_PORTS = of_type(Router, interfaces.router_interfaces)
_DEFAULT_ROUTE = of_type(Router, interfaces.default_route)
_ENTITY = of_type(Machine, system.entity)

NETWORK: dict[str, Model] = {
    "switch-24": Model(
        kind=Kind.SWITCH,
        vendor="TP-Link",
        model="TL-SG2428P",
        build=_switch,
        serves=Served.SNMP,
        objects=agent_of(_TP_LINK, 2, _ENTITY, _SWITCH_PORTS, _topology, socket=False),
        uptime_days=96.0,
    ),
    "router": Model(
        kind=Kind.ROUTER,
        vendor="MikroTik",
        model="RB760iGS",
        build=_router,
        serves=Served.SNMP,
        objects=agent_of(_MIKROTIK, 6, _ENTITY, _ROUTER_PORTS, _DEFAULT_ROUTE, socket=False),
        uptime_days=96.0,
    ),
}
