"""The ward's lines to the city, seen together: what one uplink's table leaves to be known from the rest of the file."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from collectors.config import BaseDevice, IcmpDevice, SnmpDevice
from edge_agent.rules.model import Override
from telemetry.conditions import Severity
from telemetry.kinds import Kind

# Keys that only these kinds of device may have; collectors.config names them per protocol.
ONLY_OF = {
    **dict.fromkeys(
        ("line", "targets", "interface", "source", "route_to", "resolve", "nameserver", "tcp_port"),
        frozenset({Kind.UPLINK}),
    ),
    "wan_ports": frozenset({Kind.ROUTER, Kind.UPLINK}),
}


def completed(devices: Sequence[BaseDevice], broker: str | None) -> tuple[BaseDevice, ...]:
    """The devices, each uplink with what the others tell it.

    The line that carries the ward's traffic is the one that the way to the district's broker takes; the WAN ports of
    a router are those that its own table and its lines name.
    """
    return tuple(_completed(device, devices, broker) for device in devices)


def _completed(device: BaseDevice, devices: Sequence[BaseDevice], broker: str | None) -> BaseDevice:
    if device.kind is not Kind.UPLINK:
        return device
    if isinstance(device, IcmpDevice) and device.route_to is None and broker is not None:
        return device.model_copy(update={"route_to": urlsplit(broker).hostname})
    if isinstance(device, SnmpDevice) and not device.wan_ports:
        same = [other for other in devices if isinstance(other, SnmpDevice) and _one_router(device, other)]
        named = [port for other in same for port in (*other.wan_ports, *_lines_port(other))]
        several = len(set(named)) > 1  # its own alone says nothing of the others: they are known by their names
        return device.model_copy(update={"wan_ports": tuple(dict.fromkeys(named)) if several else ()})
    return device


def _one_router(one: SnmpDevice, other: SnmpDevice) -> bool:
    return (one.host, one.port) == (other.host, other.port)


def _lines_port(device: SnmpDevice) -> tuple[str, ...]:
    return (device.interface,) if device.interface is not None else ()


def rule_changes(device: BaseDevice) -> list[Override]:
    """What the rules make of it whether a line is the ward's MAN line or its back-up."""
    if device.kind is not Kind.UPLINK or not isinstance(device, (IcmpDevice, SnmpDevice)):
        return []
    if device.line == "backup":
        return [Override(rule="line_down", device=device.id, severity=Severity.ATTENTION)]
    return [Override(rule="on_backup_line", device=device.id, enabled=False)]
