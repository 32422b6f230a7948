"""Which collector watches which device.

Adding one is a module, a line here, a fixture and a test (docs/adding-a-device.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from collectors.base import Collector
from collectors.config import (
    BaseDevice,
    EsclDevice,
    HttpDevice,
    IcmpDevice,
    IppDevice,
    ModbusDevice,
    MqttDevice,
    NutDevice,
    PresenceDevice,
    PsutilDevice,
    SnmpDevice,
    TcpDevice,
)
from collectors.entity_sensor import EntitySensors
from collectors.environment import environment_values
from collectors.escl import EsclCollector
from collectors.host import HostCollector
from collectors.host_resources import HostResources
from collectors.icmp import IcmpCollector
from collectors.identity import Identity
from collectors.interfaces import InterfaceCounts, LldpNeighbours, Ports
from collectors.ipp import IppCollector
from collectors.mib_feature import MibFeature
from collectors.modbus import ModbusCollector
from collectors.mqtt_sensor import MqttCollector
from collectors.neighbours import Neighbours
from collectors.nut import NutCollector
from collectors.presence import PresenceCollector
from collectors.printer import Pages, PrinterState, ScannerState, Supplies, Trays
from collectors.register_map import load
from collectors.snmp_device import Feature, SnmpCollector
from collectors.tcp import TcpCollector
from collectors.uplink import UplinkCollector
from collectors.ups import UpsAlarms, ups_values
from collectors.wan_line import WanLine, is_wan
from collectors.web_service import HttpCollector
from telemetry.clock import Clock
from telemetry.kinds import Kind


def _host_values() -> MibFeature:
    return MibFeature("host", ("cpu_load_percent", "memory_used_percent", "temperature_celsius"))


def _maker() -> MibFeature:
    return MibFeature("makers", ())


# What is asked of a device of each kind over SNMP, in this order; Identity comes after all that
# tell facts, for its own are the weakest.
_SNMP: dict[Kind, Sequence[Callable[[], Feature]]] = {
    Kind.UPS: (ups_values, UpsAlarms, InterfaceCounts, Identity),
    Kind.PRINTER: (Supplies, Pages, Trays, PrinterState, InterfaceCounts, Identity),
    Kind.SCANNER: (Pages, ScannerState, PrinterState, InterfaceCounts, Identity),
    Kind.SWITCH: (Ports, LldpNeighbours, HostResources, _maker, Identity, Neighbours),
    Kind.ROUTER: (Ports, LldpNeighbours, HostResources, _maker, Identity, Neighbours),
    Kind.UPLINK: (Ports, _maker, Identity),
    Kind.AIRCON: (environment_values, EntitySensors, InterfaceCounts, Identity),
    Kind.SENSOR: (environment_values, EntitySensors, InterfaceCounts, Identity),
    Kind.SERVER: (HostResources, _host_values, InterfaceCounts, _maker, Identity),
    Kind.WORKSTATION: (HostResources, InterfaceCounts, _maker, Identity),
    Kind.CAMERA: (_host_values, HostResources, InterfaceCounts, _maker, Identity),
    Kind.RECORDER: (_host_values, HostResources, InterfaceCounts, _maker, Identity),
}
_SNMP_ANY: Sequence[Callable[[], Feature]] = (HostResources, InterfaceCounts, _maker, Identity)


def _features(device: SnmpDevice) -> list[Feature]:
    made = [make() for make in _SNMP.get(device.kind, _SNMP_ANY)]
    if device.kind is Kind.ROUTER:
        made[0] = Ports(lambda names: is_wan(names, device.wan_ports))
    if device.kind is Kind.UPLINK and device.interface is not None:
        made[0] = WanLine(device)  # of the router's ports the line's own is enough
    return made


def _snmp(device: SnmpDevice, clock: Clock) -> Collector:
    features = _features(device)
    fast = (feature for feature in features if isinstance(feature, (MibFeature, WanLine)) and feature.has_vital)
    vital = next(fast, None)
    return SnmpCollector(device, clock, features, vital)


def _icmp(device: IcmpDevice, clock: Clock) -> Collector:
    return UplinkCollector(device, clock) if device.kind is Kind.UPLINK else IcmpCollector(device, clock)


def _modbus(device: ModbusDevice, clock: Clock) -> Collector:
    return ModbusCollector(device, load(device.map), clock)


# By protocol. A collector's module imports a heavy library only where it uses it: an agent that has no such device
# does not pay for it.
_COLLECTORS: Mapping[type[BaseDevice], Callable[[Any, Clock], Collector]] = {
    SnmpDevice: _snmp,
    NutDevice: NutCollector,
    ModbusDevice: _modbus,
    MqttDevice: MqttCollector,
    IcmpDevice: _icmp,
    TcpDevice: TcpCollector,
    IppDevice: IppCollector,
    EsclDevice: EsclCollector,
    HttpDevice: HttpCollector,
    PresenceDevice: PresenceCollector,
    PsutilDevice: HostCollector,
}


def collector_for(device: BaseDevice, *, clock: Clock) -> Collector:
    """The collector of a configured device. Raises ValueError for a protocol that another room speaks (rtsp)."""
    make = _COLLECTORS.get(type(device))
    if make is None:
        raise ValueError(f"no collector speaks {type(device).__name__}")
    return make(device, clock)


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
