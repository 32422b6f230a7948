"""APC PowerNet-MIB (enterprises 318): the UPS subtree as a Smart-UPS with a network card fills it in."""

from __future__ import annotations

from simulator.mibs.values import Objects, gauge, integer, oid, text, ticks
from simulator.model.ups import Source, Ups

UPS = oid("1.3.6.1.4.1.318.1.1.1")
SMART_UPS = oid("1.3.6.1.4.1.318.1.3.27")
_ON_LINE, _ON_BATTERY, _OFF = 2, 3, 7


def powernet(ups: Ups, into: Objects) -> None:
    """upsIdent, upsBattery, upsInput, upsOutput, upsConfig, upsTest."""
    _identity(ups, into)
    _battery(ups, into)
    _input(ups, into)
    _output(ups, into)
    into.scalar((*UPS, 5, 2, 1), integer(230))  # upsAdvConfigRatedOutputVoltage
    into.scalar((*UPS, 7, 2, 3), integer(2 if ups.battery_worn else 1))  # upsAdvTestDiagnosticsResults: ok(1) failed(2)
    into.scalar((*UPS, 7, 2, 4), text("01/05/2026"))


def _identity(ups: Ups, into: Objects) -> None:
    into.scalar((*UPS, 1, 1, 1), text(ups.plate.model))
    into.scalar((*UPS, 1, 1, 2), text(ups.plate.id))
    into.scalar((*UPS, 1, 2, 1), text(ups.plate.firmware))
    into.scalar((*UPS, 1, 2, 2), text("03/14/2025"))
    into.scalar((*UPS, 1, 2, 3), text(ups.plate.serial))


def _battery(ups: Ups, into: Objects) -> None:
    battery = (*UPS, 2)
    into.scalar((*battery, 1, 1), integer(3 if ups.battery_low else 2))  # batteryNormal(2), batteryLow(3)
    into.scalar((*battery, 1, 2), ticks(ups.on_battery_seconds))
    into.scalar((*battery, 1, 3), text(ups.battery_made.strftime("%m/%d/%Y")))
    into.scalar((*battery, 2, 1), gauge(ups.charge * 100))
    into.scalar((*battery, 2, 2), gauge(ups.battery_celsius))
    into.scalar((*battery, 2, 3), ticks(ups.runtime_seconds))
    into.scalar((*battery, 2, 4), integer(2 if ups.battery_worn else 1))  # noBatteryNeedsReplacing(1)
    into.scalar((*battery, 2, 5), integer(0))
    into.scalar((*battery, 2, 7), integer(ups.rating.cells * 2))
    into.scalar((*battery, 2, 8), integer(ups.battery_volts))
    into.scalar((*battery, 3, 1), gauge(ups.charge * 1000))
    into.scalar((*battery, 3, 2), gauge(ups.battery_celsius * 10))
    into.scalar((*battery, 3, 4), integer(ups.battery_volts * 10))


def _input(ups: Ups, into: Objects) -> None:
    group = (*UPS, 3)
    into.scalar((*group, 1, 1), integer(1))
    into.scalar((*group, 2, 1), gauge(ups.input_volts))
    into.scalar((*group, 2, 4), gauge(ups.input_hertz))
    # upsAdvInputLineFailCause: noTransfer(1), blackout(4)
    into.scalar((*group, 2, 5), integer(4 if ups.line_fails else 1))
    into.scalar((*group, 3, 1), gauge(ups.input_volts * 10))
    into.scalar((*group, 3, 4), gauge(ups.input_hertz * 10))


def _output(ups: Ups, into: Objects) -> None:
    group = (*UPS, 4)
    amperes = ups.load_watts / ups.output_volts if ups.output_volts else 0.0
    status = {Source.MAINS: _ON_LINE, Source.BATTERY: _ON_BATTERY, Source.NONE: _OFF}[ups.source]
    into.scalar((*group, 1, 1), integer(status))
    into.scalar((*group, 1, 2), integer(1))
    into.scalar((*group, 2, 1), gauge(ups.output_volts))
    into.scalar((*group, 2, 2), gauge(ups.output_hertz))
    into.scalar((*group, 2, 3), gauge(ups.load_share * 100))
    into.scalar((*group, 2, 4), gauge(amperes))
    into.scalar((*group, 2, 8), integer(ups.load_watts))
    into.scalar((*group, 3, 1), gauge(ups.output_volts * 10))
    into.scalar((*group, 3, 2), gauge(ups.output_hertz * 10))
    into.scalar((*group, 3, 3), gauge(ups.load_share * 1000))
    into.scalar((*group, 3, 4), gauge(amperes * 10))
