"""The example's district: twelve wards, in every state that a page must be able to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboards.console.example import devices as make
from dashboards.console.example import faults
from dashboards.console.example.devices import ExampleDevice
from dashboards.console.example.faults import Fault
from dashboards.console.site import Presence
from telemetry.conditions import Severity
from telemetry.readings import Reason, ReasonCode

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class ExampleWard:
    """A ward. `silent_seconds`: for how long nothing came from it when the example began."""

    id: str
    name: str
    devices: Sequence[ExampleDevice] = ()
    faults: Sequence[Fault] = ()
    presence: Presence = Presence.ONLINE
    silent_seconds: float = 0.0
    missing_positions: int = 0
    named_losses: int = 0


def wards() -> list[ExampleWard]:
    """All of them, in the order of a configuration."""
    return [
        ExampleWard("hai-chau-1", "Phường Hải Châu 1", _office(stations=6)),
        _power_cut(),
        _dead_switch(),
        _offline(),
        ExampleWard("thuan-phuoc", "Phường Thuận Phước", presence=Presence.NEVER),
        _stale(),
        _partial(),
        _low_supplies(),
        _jam_that_comes_and_goes(),
        _big(),
        ExampleWard("binh-hien", "Phường Bình Hiên", [*_office(stations=2), *_cameras()], named_losses=12),
        ExampleWard("hoa-cuong-bac", "Phường Hòa Cường Bắc", _office(stations=4), missing_positions=1840),
    ]


def _office(stations: int) -> list[ExampleDevice]:
    """What stands in an ordinary ward office."""
    return [
        make.uplink(1, "Đường truyền MAN"),
        make.switch(1, "Tủ mạng", "uplink-1"),
        make.ups(1, "Tủ mạng"),
        make.ups(2, "Phòng máy chủ", load=52),
        make.server(1, "Máy giám sát", "Phòng máy chủ", "switch-1"),
        make.colour_printer(1, "Máy in màu", "Bộ phận Một cửa", "switch-1"),
        make.mono_printer(2, "Máy in Một cửa", "Bộ phận Một cửa", "switch-1"),
        *(make.workstation(number, "Bộ phận Một cửa", "switch-1") for number in range(1, stations + 1)),
    ]


def _cameras() -> list[ExampleDevice]:
    """A recorder and its cameras: dashboards.console.example.evidence has what is proven of them."""
    places = ("Quầy 1–2", "Quầy 3–4", "Sảnh chờ", "Cổng chính", "Bãi xe", "Hành lang tầng 2")
    cameras = [make.camera(number, place, "switch-1") for number, place in enumerate(places, 1)]
    return [make.recorder(1, "Đầu ghi", "switch-1"), *cameras]


def _power_cut() -> ExampleWard:
    cuts = [
        faults.power_cut("ups-1", 7 * _MINUTE, 40 * _MINUTE, 25 * _MINUTE),
        faults.power_cut("ups-2", 7 * _MINUTE, 40 * _MINUTE, 25 * _MINUTE),
    ]
    return ExampleWard("hai-chau-2", "Phường Hải Châu 2", _office(stations=4), cuts)


def _dead_switch() -> ExampleWard:
    ago = 52 * _MINUTE
    behind = [make.switch(2, "Tầng 2", "switch-1", ports=8, up=6)]
    behind += [make.mono_printer(3, "Máy in tầng 2", "Tầng 2", "switch-2")]
    behind += [make.workstation(number, "Tầng 2", "switch-2") for number in range(11, 16)]
    dead = [faults.dead("switch-2", ago, detail="192.168.10.3: no answer within 5 s, 3 tries")]
    dead += [faults.dead(each.info.id, ago - 20, ReasonCode.HOST_UNREACHABLE) for each in behind[1:]]
    dead += [faults.dead("workstation-2", 3 * _DAY)]
    return ExampleWard("thach-thang", "Phường Thạch Thang", [*_office(stations=3), *behind], dead)


def _offline() -> ExampleWard:
    silent = 43 * _MINUTE
    gone = Fault("", "ward_silent", Severity.FAILURE, silent, reason=Reason(ReasonCode.NO_ANSWER, "last will"))
    return ExampleWard(
        "thanh-binh", "Phường Thanh Bình", _office(stations=5), [gone], Presence.OFFLINE, silent_seconds=silent
    )


def _stale() -> ExampleWard:
    return ExampleWard(
        "hoa-thuan-tay", "Phường Hòa Thuận Tây", _office(stations=3), silent_seconds=26 * _MINUTE, missing_positions=214
    )


def _partial() -> ExampleWard:
    made = {each.info.id: each for each in _office(stations=3)}
    partly = Reason(ReasonCode.PARTIAL_ANSWER, "prtMarkerSuppliesLevel: no such instance")
    made["printer-1"] = make.without(made["printer-1"], ["toner_cyan_percent", "toner_magenta_percent"], partly)
    made["workstation-3"] = replace(made["workstation-3"], polled=False)
    refused = faults.dead("ups-2", 5 * _HOUR, ReasonCode.WRONG_CREDENTIALS, "usmStatsWrongDigests")
    closed = faults.dead("printer-2", 2 * _HOUR, ReasonCode.PORT_CLOSED, "161/udp: connection refused")
    return ExampleWard("hoa-thuan-dong", "Phường Hòa Thuận Đông", list(made.values()), [refused, closed])


def _low_supplies() -> ExampleWard:
    found = [
        faults.low("printer-1", "toner_low", "toner_yellow_percent", 4, 10, 9 * _HOUR),
        faults.low("ups-1", "ups_battery_replace", "battery_needs_replacing", 1, 1, 6 * _DAY),
    ]
    return ExampleWard("nam-duong", "Phường Nam Dương", _office(stations=4), found)


def _jam_that_comes_and_goes() -> ExampleWard:
    found = [faults.jam("printer-2", 30.0, 2 * _MINUTE, 60.0)]
    return ExampleWard("phuoc-ninh", "Phường Phước Ninh", _office(stations=3), found)


def _big() -> ExampleWard:
    more = [make.switch(2, "Tầng 2", "switch-1"), make.ups(3, "Tầng 2")]
    found = [
        faults.port_down("switch-1", "gi5", 4 * _HOUR),
        faults.low("server-1", "disk_full", "disk_used_percent", 93.4, 90, 30 * _HOUR, "/srv"),
    ]
    return ExampleWard("binh-thuan", "Phường Bình Thuận", [*_office(stations=31), *more], found)
