"""The example's devices: one builder per kind, as rich as the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboards.console.example.signals import Shape, Signal
from telemetry.readings import DeviceInfo, Fact, Reason


@dataclass(frozen=True, slots=True)
class ExampleDevice:
    """A device and how its numbers move. `polled` is False for one that was never asked."""

    info: DeviceInfo
    signals: Sequence[Signal]
    facts: Sequence[Fact] = ()
    partly: Reason | None = None
    polled: bool = True


def device(
    kind: str, number: int, name: str, location: str, parent: str, signals: Sequence[Signal], facts: Sequence[Fact],
    *, protocol: str = "snmp", interval: float = 30.0,
) -> ExampleDevice:  # fmt: skip
    """A device with an address that fits its kind and number."""
    block = {"switch": 2, "ups": 20, "printer": 40, "server": 10, "workstation": 100, "router": 1, "uplink": 250}
    address = f"192.168.10.{block.get(kind, 60) + number - 1}"
    info = DeviceInfo(f"{kind}-{number}", kind, name, location, parent, protocol, address, interval)
    return ExampleDevice(info, signals, facts)


def ups(number: int, location: str, parent: str = "", *, load: float = 34.0) -> ExampleDevice:
    """An APC Smart-UPS as UPS-MIB and PowerNet tell it."""
    signals = (
        Signal("battery_charge_percent", 100, most=100),
        Signal("battery_runtime_seconds", 2520, noise=60),
        Signal("battery_voltage_volts", 27.4, noise=0.1, digits=1),
        Signal("battery_temperature_celsius", 27, 2.5, 0.2, Shape.SUN, digits=1),
        Signal("battery_needs_replacing", 0),
        Signal("on_battery", 0),
        Signal("on_battery_seconds", 0),
        Signal("input_voltage_volts", 226, 3, 2, Shape.SUN, digits=1),
        Signal("input_frequency_hz", 50, noise=0.05, digits=1),
        Signal("output_voltage_volts", 226, 3, 2, Shape.SUN, digits=1),
        Signal("output_frequency_hz", 50, noise=0.05, digits=1),
        Signal("output_current_amperes", 0.6, 1.4, 0.1, Shape.OFFICE, digits=1),
        Signal("output_load_percent", load * 0.4, load * 0.6, 2, Shape.OFFICE),
        Signal("output_power_watts", load * 2.8, load * 4.2, 8, Shape.OFFICE),
        Signal("alarms_present", 0),
    )
    facts = _facts("APC", "Smart-UPS 1000", f"AS18{number:02d}321457", "UPS 09.8 (ID18)")
    return device("ups", number, f"UPS {location}", location, parent, signals, facts, interval=3.0)


def colour_printer(number: int, name: str, location: str, parent: str = "") -> ExampleDevice:
    """A colour laser as Printer-MIB tells it."""
    levels = {"black": 64, "cyan": 41, "magenta": 77, "yellow": 52}
    toner = [
        Signal(f"toner_{colour}_percent", level - 3 * number, 1.5, shape=Shape.DRAIN, most=100)
        for colour, level in levels.items()
    ]
    facts = _facts("HP", "Color LaserJet Pro M454dn", f"VNB3{number:02d}8841", "20231017")
    return device("printer", number, name, location, parent, [*toner, *_printer(18_240, 210)], facts)


def mono_printer(number: int, name: str, location: str, parent: str = "", *, toner: float = 71) -> ExampleDevice:
    """A monochrome laser."""
    signals = [Signal("toner_black_percent", toner, 1.0, shape=Shape.DRAIN, most=100), *_printer(93_410, 340)]
    facts = _facts("Brother", "HL-L5100DN", f"E7876{number:02d}N9J", "1.78")
    return device("printer", number, name, location, parent, signals, facts)


def switch(number: int, location: str, parent: str = "", *, ports: int = 24, up: int = 17) -> ExampleDevice:
    """A managed switch as IF-MIB tells it, a row of ports."""
    signals = [
        Signal("interfaces_count", ports),
        Signal("interfaces_up", up),
        Signal("uptime_seconds", 4_060_800, shape=Shape.CLOCK),
        Signal("lldp_neighbours_count", 3),
    ]
    for port in range(1, ports + 1):
        signals += _port(f"gi{port}", is_up=port <= up, busy=port in (1, 2, up))
    facts = _facts("Cisco", "SG350-28", f"DNI2{number:02d}10A4K", "2.5.9.54")
    return device("switch", number, f"Switch {location}", location, parent, signals, facts)


def server(number: int, name: str, location: str, parent: str = "") -> ExampleDevice:
    """The machine that the agent runs on (psutil)."""
    signals = (
        Signal("uptime_seconds", 1_903_000, shape=Shape.CLOCK),
        Signal("cpu_load_percent", 6, 14, 5, Shape.OFFICE),
        Signal("memory_used_percent", 43, 8, 1, Shape.OFFICE),
        Signal("disk_used_percent", 58.4, -0.05, 0, Shape.DRAIN, instance="/", digits=1),
        Signal("disk_used_percent", 71.2, -0.2, 0, Shape.DRAIN, instance="/srv", digits=1),
        Signal("disk_free_bytes", 98e9, 5e7, shape=Shape.DRAIN, instance="/"),
        Signal("disk_free_bytes", 412e9, 9e8, shape=Shape.DRAIN, instance="/srv"),
    )
    facts = _facts("Dell", "OptiPlex 7010", f"7XK{number:02d}FM3", "Debian 12")
    return device("server", number, name, location, parent, signals, facts, protocol="psutil")


def workstation(number: int, location: str, parent: str = "") -> ExampleDevice:
    """A counter's computer; it answers an echo request, no more."""
    signals = (
        Signal("rtt_seconds", 0.0007, noise=0.0003, digits=5, least=0.0002),
        Signal("packet_loss_percent", 0),
        Signal("jitter_seconds", 0.0002, noise=0.0001, digits=5),
    )
    return device("workstation", number, f"Máy quầy {number}", location, parent, signals, (), protocol="icmp")


def uplink(number: int, name: str, parent: str = "") -> ExampleDevice:
    """The city's line, watched from inside."""
    signals = (
        Signal("rtt_seconds", 0.0042, 0.003, 0.001, Shape.OFFICE, digits=4, least=0.002),
        Signal("packet_loss_percent", 0),
        Signal("jitter_seconds", 0.0006, 0.0006, 0.0003, Shape.OFFICE, digits=4),
    )
    facts = (Fact("location", "Tủ mạng tầng 1"),)
    return device("uplink", number, name, "Tủ mạng", parent, signals, facts, protocol="icmp", interval=3.0)


def camera(number: int, name: str, parent: str = "") -> ExampleDevice:
    """A camera as its ONVIF and its streams tell it."""
    signals = (
        Signal("stream_up", 1),
        Signal("frame_rate_hz", 15, noise=0.3, digits=1),
        Signal("frame_rate_hz", 25, noise=0.3, instance="main", digits=1),
        Signal("bitrate_bits_per_second", 5.1e5, noise=4e4),
        Signal("bitrate_bits_per_second", 2.1e6, noise=2e5, instance="main"),
        Signal("keyframe_interval_seconds", 2, noise=0.02, digits=2),
    )
    facts = (
        *_facts("Hikvision", "DS-2CD2143G2-I", f"DS-2CD2143G2-I20240{number}", "V5.7.15"),
        Fact("main_stream", "H.264 High 4.0, 1920×1080"),
        Fact("sub_stream", "H.264 Main 3.0, 640×360"),
    )
    return device("camera", number, name, "Bộ phận Một cửa", parent, signals, facts, protocol="onvif", interval=10.0)


def recorder(number: int, name: str, parent: str = "") -> ExampleDevice:
    """A recorder with two disks."""
    signals = (
        Signal("disk_healthy", 1, instance="1"),
        Signal("disk_healthy", 0, instance="2"),
        Signal("disk_used_percent", 99.6, instance="1", digits=1),
        Signal("disk_used_percent", 99.2, instance="2", digits=1),
        Signal("clock_offset_seconds", 1.8, noise=0.1, digits=1),
    )
    facts = _facts("Hikvision", "DS-7616NI-K2", f"DS-7616NI-K2-16202{number}", "V4.31.102")
    return device("recorder", number, name, "Tủ mạng", parent, signals, facts, protocol="onvif", interval=60.0)


def without(made: ExampleDevice, metrics: Sequence[str], reason: Reason) -> ExampleDevice:
    """The same device, of which some readings do not come."""
    left = [signal for signal in made.signals if signal.metric not in metrics]
    return replace(made, signals=left, partly=reason)


def _printer(pages: float, a_day: float) -> list[Signal]:
    return [
        Signal("pages_total", pages, a_day, shape=Shape.COUNT),
        Signal("tray_percent", 80, 22, shape=Shape.DRAIN, instance="Tray 2", least=6, most=100),
        Signal("tray_percent", 100, instance="Tray 3"),
        Signal("printer_state", 3),
        Signal("printer_idle", 1),
        Signal("printer_jammed", 0),
        Signal("printer_out_of_paper", 0),
        Signal("printer_door_open", 0),
        Signal("printer_alerts_critical", 0),
    ]


def _port(name: str, *, is_up: bool, busy: bool) -> list[Signal]:
    speed = 1e9 if is_up else 0.0
    rate = (9e6 if busy else 3e5) if is_up else 0.0
    return [
        Signal("port_up", float(is_up), instance=name),
        Signal("port_enabled", 1, instance=name),
        Signal("port_speed_bits_per_second", speed, instance=name),
        Signal("port_in_bits_per_second", rate * 0.1, rate, rate * 0.3, Shape.OFFICE, instance=name),
        Signal("port_out_bits_per_second", rate * 0.05, rate * 0.6, rate * 0.2, Shape.OFFICE, instance=name),
        Signal("port_errors_per_second", 0, instance=name, digits=2),
    ]


def _facts(vendor: str, model: str, serial: str, firmware: str) -> tuple[Fact, ...]:
    return (Fact("vendor", vendor), Fact("model", model), Fact("serial", serial), Fact("firmware", firmware))
