"""UPS-MIB (RFC 1628)."""

from __future__ import annotations

from simulator.mibs.values import Objects, Oid, Value, gauge, identifier, integer, oid, table, text, ticks
from simulator.model.ups import Source, Ups

UPS = oid("1.3.6.1.2.1.33.1")
_WELL_KNOWN_ALARMS = (*UPS, 6, 3)
_BATTERY_BAD, _ON_BATTERY, _LOW_BATTERY, _DEPLETED, _INPUT_BAD, _OUTPUT_OVERLOAD = 1, 2, 3, 4, 6, 8
ON_BATTERY_ALARM = (*_WELL_KNOWN_ALARMS, _ON_BATTERY)
_QUICK_TEST = (*UPS, 7, 7, 4)  # upsTestQuickBatteryTest
_UNKNOWN_MINUTES = 24 * 60


def ups_mib(ups: Ups, into: Objects) -> None:
    """Every group of the MIB that a small single-phase UPS fills in."""
    _identity(ups, into)
    _battery(ups, into)
    _input(ups, into)
    _output(ups, into)
    _alarms(ups, into)
    _test(ups, into)
    _configuration(ups, into)


def _identity(ups: Ups, into: Objects) -> None:
    ident = (*UPS, 1)
    into.scalar((*ident, 1), text(ups.plate.vendor))
    into.scalar((*ident, 2), text(ups.plate.model))
    into.scalar((*ident, 3), text(ups.plate.firmware))
    into.scalar((*ident, 4), text(ups.plate.firmware))
    into.scalar((*ident, 5), text(ups.plate.name))
    into.scalar((*ident, 6), text("phòng máy chủ"))


def _battery(ups: Ups, into: Objects) -> None:
    battery = (*UPS, 2)
    into.scalar((*battery, 1), integer(_battery_status(ups)))
    into.scalar((*battery, 2), integer(ups.on_battery_seconds))
    into.scalar((*battery, 3), integer(min(_UNKNOWN_MINUTES, ups.runtime_seconds // 60)))
    into.scalar((*battery, 4), integer(ups.charge * 100))
    into.scalar((*battery, 5), integer(ups.battery_volts * 10))
    into.scalar((*battery, 6), integer(10 * _battery_amperes(ups)))
    into.scalar((*battery, 7), integer(ups.battery_celsius))


def _battery_status(ups: Ups) -> int:
    """normal(2), low(3), depleted(4)."""
    if ups.charge <= 0.01:
        return 4
    return 3 if ups.battery_low else 2


def _battery_amperes(ups: Ups) -> float:
    return ups.load_watts / ups.battery_volts if ups.source is Source.BATTERY else 0.0


def _input(ups: Ups, into: Objects) -> None:
    group = (*UPS, 3)
    into.scalar((*group, 1), Value(gauge(0).syntax, ups.line_fails))
    into.scalar((*group, 2), integer(1))
    watts = ups.load_watts if ups.source is Source.MAINS else 0.0
    table(
        into,
        (*group, 3, 1),
        {(1,): ups},
        {
            2: lambda u: integer(u.input_hertz * 10),
            3: lambda u: integer(u.input_volts),
            4: lambda u: integer(10 * watts / u.input_volts if u.input_volts else 0),
            5: lambda _: integer(watts),
        },
    )


def _output(ups: Ups, into: Objects) -> None:
    group = (*UPS, 4)
    source = {Source.MAINS: 3, Source.BATTERY: 5, Source.NONE: 2}[ups.source]
    into.scalar((*group, 1), integer(source))
    into.scalar((*group, 2), integer(ups.output_hertz * 10))
    into.scalar((*group, 3), integer(1))
    table(
        into,
        (*group, 4, 1),
        {(1,): ups},
        {
            2: lambda u: integer(u.output_volts),
            3: lambda u: integer(10 * u.load_watts / u.output_volts if u.output_volts else 0),
            4: lambda u: integer(u.load_watts),
            5: lambda u: integer(u.load_share * 100),
        },
    )


def _alarms(ups: Ups, into: Objects) -> None:
    present: list[int] = [_BATTERY_BAD] if ups.battery_worn else []
    if ups.source is Source.BATTERY:
        present.append(_ON_BATTERY)
    if ups.battery_low:
        present.append(_LOW_BATTERY)
    if ups.charge <= 0.01:
        present.append(_DEPLETED)
    if ups.input_volts < 180.0:
        present.append(_INPUT_BAD)
    if ups.load_share > 1.0:
        present.append(_OUTPUT_OVERLOAD)
    group = (*UPS, 6)
    into.scalar((*group, 1), gauge(len(present)))
    rows: dict[Oid, int] = {(alarm,): alarm for alarm in present}
    table(
        into,
        (*group, 2, 1),
        rows,
        {
            2: lambda alarm: identifier((*_WELL_KNOWN_ALARMS, alarm)),
            3: lambda _: ticks(max(0.0, ups.uptime_seconds - ups.on_battery_seconds)),
        },
    )


def _test(ups: Ups, into: Objects) -> None:
    """upsTest: the quick battery test of this morning, donePass(1) or doneError(3)."""
    group = (*UPS, 7)
    into.scalar((*group, 1), identifier(_QUICK_TEST))
    into.scalar((*group, 2), integer(0))
    into.scalar((*group, 3), integer(3 if ups.battery_worn else 1))
    into.scalar((*group, 4), text("battery weak" if ups.battery_worn else ""))
    into.scalar((*group, 5), ticks(0.0))
    into.scalar((*group, 6), integer(10))


def _configuration(ups: Ups, into: Objects) -> None:
    group = (*UPS, 9)
    nominal = (230, 500, 230, 500, ups.rating.volt_amperes, ups.rating.watts, 2, 2, 170, 280)
    for number, value in enumerate(nominal, 1):
        into.scalar((*group, number), integer(value))
