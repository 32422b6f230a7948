"""IF-MIB (RFC 2863): ifTable and ifXTable of a switch, a router, or a device with one Ethernet socket."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from simulator.mibs.values import (
    Objects,
    Oid,
    Value,
    counter32,
    counter64,
    gauge,
    identifier,
    integer,
    octets,
    oid,
    table,
    text,
    ticks,
)
from simulator.model.machine import Machine
from simulator.model.network import GIGABIT, Counters, Router, Switch

IF_NUMBER = oid("1.3.6.1.2.1.2.1")
IF_ENTRY = oid("1.3.6.1.2.1.2.2.1")
IFX_ENTRY = oid("1.3.6.1.2.1.31.1.1.1")
IP_ROUTE_ENTRY = oid("1.3.6.1.2.1.4.21.1")
_ETHERNET = 6
_UP, _DOWN = 1, 2


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of ifTable. `counters` count towards the device (in) and away from it (out)."""

    index: int
    name: str
    alias: str
    speed_bits: int
    enabled: bool
    up: bool
    changed_at: float
    counters: Counters
    mac: bytes


def mac_of(device: str, number: int) -> bytes:
    """A locally administered address, the same at every start."""
    return b"\x02" + hashlib.sha256(f"{device}/{number}".encode()).digest()[:5]


def switch_interfaces(switch: Switch, into: Objects) -> None:
    interfaces(
        [
            Interface(
                index=port.number,
                name=f"GigabitEthernet1/0/{port.number}",
                alias=port.attached,
                speed_bits=port.speed_bits,
                enabled=port.enabled,
                up=port.up,
                changed_at=port.changed_at,
                counters=port.counters,
                mac=mac_of(switch.id, port.number),
            )
            for port in switch.ports
        ],
        into,
    )


def router_interfaces(router: Router, into: Objects) -> None:
    rows = [("ether1", "LAN", router.lan, True, 0.0)]
    for line in router.lines.values():
        rows.append(
            (router.interface(line.name), line.name.upper(), line.counters, router.line_up(line.name), line.changed_at)
        )
    interfaces(
        [
            Interface(number, name, alias, GIGABIT, True, up, changed_at, counters, mac_of(router.id, number))
            for number, (name, alias, counters, up, changed_at) in enumerate(rows, 1)
        ],
        into,
    )


def default_route(router: Router, into: Objects) -> None:
    """ipRouteTable (RFC 1213) with the way out: by the line that carries the traffic. None where all are down."""
    line = router.active_line
    rows: dict[Oid, int] = {(0, 0, 0, 0): router.index(line.name)} if line is not None else {}
    table(
        into,
        IP_ROUTE_ENTRY,
        rows,
        {
            2: integer,  # ipRouteIfIndex
            8: lambda _: integer(4),  # ipRouteType: indirect
            9: lambda _: integer(2),  # ipRouteProto: local
        },
    )


def one_interface(machine: Machine, counters: Counters, into: Objects) -> None:
    """The only socket of a printer, UPS card or workstation; `counters` as the device itself counts."""
    row = Interface(1, "eth0", "", GIGABIT, True, True, 0.0, counters, mac_of(machine.id, 1))
    interfaces([row], into)


def interfaces(rows: list[Interface], into: Objects) -> None:
    """Both tables. Counters of octets in 32 and 64 bits, as a Gigabit device must have them."""
    into.scalar(IF_NUMBER, integer(len(rows)))
    indexed: dict[Oid, Interface] = {(row.index,): row for row in rows}
    table(
        into,
        IF_ENTRY,
        indexed,
        {
            1: lambda i: integer(i.index),
            2: lambda i: text(i.name),
            3: lambda _: integer(_ETHERNET),
            4: lambda _: integer(1500),
            5: lambda i: gauge(i.speed_bits if i.up else 0),
            6: lambda i: octets(i.mac),
            7: lambda i: integer(_UP if i.enabled else _DOWN),
            8: lambda i: integer(_UP if i.up else _DOWN),
            9: lambda i: ticks(i.changed_at),
            10: lambda i: counter32(i.counters.in_octets),
            11: lambda i: counter32(i.counters.in_packets),
            13: _zero,
            14: lambda i: counter32(i.counters.in_errors),
            15: _zero,
            16: lambda i: counter32(i.counters.out_octets),
            17: lambda i: counter32(i.counters.out_packets),
            19: _zero,
            20: _zero,
            22: lambda _: identifier((0, 0)),
        },
    )
    table(
        into,
        IFX_ENTRY,
        indexed,
        {
            1: lambda i: text(i.name),
            2: _zero,
            3: _zero,
            4: _zero,
            5: _zero,
            6: lambda i: counter64(i.counters.in_octets),
            7: lambda i: counter64(i.counters.in_packets),
            10: lambda i: counter64(i.counters.out_octets),
            11: lambda i: counter64(i.counters.out_packets),
            14: lambda _: integer(2),
            15: lambda i: gauge(i.speed_bits / 1_000_000 if i.up else 0),
            16: lambda _: integer(2),
            17: lambda _: integer(1),
            18: lambda i: text(i.alias),
            19: lambda _: ticks(0),
        },
    )


def _zero(_: Interface) -> Value:
    return counter32(0)
