"""Which collector watches which device. Adding one is a module, a line here, a fixture and a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from collectors.base import Collector
from collectors.config import Device, IcmpDevice, PsutilDevice, SnmpDevice, TcpDevice
from collectors.entity_sensor import EntitySensors
from collectors.environment import environment_values
from collectors.host import HostCollector
from collectors.host_resources import HostResources
from collectors.icmp import IcmpCollector
from collectors.identity import Identity
from collectors.interfaces import InterfaceCounts, LldpNeighbours, Ports
from collectors.mib_feature import MibFeature
from collectors.printer import Pages, PrinterState, Supplies, Trays
from collectors.snmp_device import Feature, SnmpCollector
from collectors.tcp import TcpCollector
from collectors.ups import UpsAlarms, ups_values
from telemetry.clock import Clock
from telemetry.kinds import Kind


def _host_values() -> MibFeature:
    return MibFeature("host", ("cpu_load_percent", "memory_used_percent", "temperature_celsius"))


# What is asked of a device of each kind over SNMP, in this order; Identity goes last, for its facts are the weakest.
_SNMP: dict[Kind, Sequence[Callable[[], Feature]]] = {
    Kind.UPS: (ups_values, UpsAlarms, InterfaceCounts, Identity),
    Kind.PRINTER: (Supplies, Pages, Trays, PrinterState, InterfaceCounts, Identity),
    Kind.SCANNER: (Pages, PrinterState, InterfaceCounts, Identity),
    Kind.SWITCH: (Ports, LldpNeighbours, HostResources, Identity),
    Kind.ROUTER: (Ports, LldpNeighbours, HostResources, Identity),
    Kind.UPLINK: (Ports, Identity),
    Kind.AIRCON: (environment_values, EntitySensors, InterfaceCounts, Identity),
    Kind.SENSOR: (environment_values, EntitySensors, InterfaceCounts, Identity),
    Kind.SERVER: (HostResources, _host_values, InterfaceCounts, Identity),
    Kind.WORKSTATION: (HostResources, InterfaceCounts, Identity),
    Kind.CAMERA: (_host_values, HostResources, InterfaceCounts, Identity),
    Kind.RECORDER: (_host_values, HostResources, InterfaceCounts, Identity),
}
_SNMP_ANY: Sequence[Callable[[], Feature]] = (HostResources, InterfaceCounts, Identity)


def _snmp(device: SnmpDevice, clock: Clock) -> Collector:
    features = [make() for make in _SNMP.get(device.kind, _SNMP_ANY)]
    vital = next((feature for feature in features if isinstance(feature, MibFeature) and feature.has_vital), None)
    return SnmpCollector(device, clock, features, vital)


def collector_for(device: Device, *, clock: Clock) -> Collector:
    """The collector of a configured device; by (kind, protocol). A new protocol is a line here.

    Raises ValueError for a protocol that another room speaks.
    """
    match device:
        case SnmpDevice():
            return _snmp(device, clock)
        case IcmpDevice():
            return IcmpCollector(device, clock)
        case TcpDevice():
            return TcpCollector(device, clock)
        case PsutilDevice():
            return HostCollector(device, clock)
        case _:
            raise ValueError(f"no collector speaks {device.protocol}")


_INTERVAL, _CALM_INTERVAL, _FAST_INTERVAL = 30.0, 60.0, 3.0  # seconds
_CALM = frozenset(
    {Kind.WORKSTATION, Kind.KIOSK, Kind.QUEUE, Kind.COUNTER_DISPLAY, Kind.TABLET, Kind.SIGNBOARD, Kind.DISPLAY}
)
_FAST = frozenset({Kind.UPS, Kind.UPLINK})


def default_interval(kind: Kind | str) -> float:
    """Seconds between full polls where the configuration names none."""
    return _CALM_INTERVAL if Kind(kind) in _CALM else _INTERVAL


def default_fast_interval(kind: Kind | str) -> float | None:
    """Seconds between polls of the vital values; None for kinds that have none."""
    return _FAST_INTERVAL if Kind(kind) in _FAST else None
