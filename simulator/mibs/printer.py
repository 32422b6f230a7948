"""Printer-MIB (RFC 3805) and what HOST-RESOURCES-MIB (RFC 2790) says of a printer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from simulator.mibs.values import Objects, Oid, counter32, identifier, integer, octets, oid, table, text, ticks
from simulator.model.printer import PAPER_LOW, TONER_LOW, Printer, PrinterState, Toner

PRINTER = oid("1.3.6.1.2.1.43")
HOST = oid("1.3.6.1.2.1.25")
_IMPRESSIONS, _SHEETS, _PERCENT = 7, 8, 19
_CRITICAL, _WARNING = 3, 4
_GROUP_COVER = 6
_GROUP_INPUT, _GROUP_SUPPLIES, _GROUP_MEDIA_PATH = 8, 11, 13


class ErrorBit(IntEnum):
    """Bits of hrPrinterDetectedErrorState, counted from the most significant of the first octet."""

    LOW_PAPER = 0
    NO_PAPER = 1
    LOW_TONER = 2
    NO_TONER = 3
    DOOR_OPEN = 4
    JAMMED = 5
    OFFLINE = 6
    SERVICE_REQUESTED = 7


@dataclass(frozen=True, slots=True)
class _Alert:
    """A row of prtAlertTable; `code` is a PrtAlertCodeTC."""

    severity: int
    group: int
    group_index: int
    code: int
    description: str


@dataclass(frozen=True, slots=True)
class _Supply:
    """A row of prtMarkerSuppliesTable; `colorant` 0 where it has no colour, `kind` a PrtMarkerSuppliesTypeTC."""

    colorant: int
    kind: int
    description: str
    unit: int
    capacity: int
    level: int


def printer_mib(printer: Printer, into: Objects) -> None:
    """General, cover, input, marker, supplies, colorants, console, alerts; and the host's view of it."""
    alerts = _alerts(printer)
    _general(printer, alerts, into)
    _input(printer, into)
    _marker(printer, into)
    _supplies(printer, into)
    _alert_table(printer, alerts, into)
    _host(printer, alerts, into)


def _general(printer: Printer, alerts: list[_Alert], into: Objects) -> None:
    row: dict[Oid, Printer] = {(1,): printer}
    critical = sum(alert.severity == _CRITICAL for alert in alerts)
    table(
        into,
        (*PRINTER, 5, 1, 1),
        row,
        {
            1: lambda _: counter32(1),
            2: lambda _: integer(1),
            16: lambda p: text(p.plate.name),
            17: lambda p: text(p.plate.serial),
            18: lambda _: counter32(critical),
            19: lambda _: counter32(len(alerts) - critical),
        },
    )
    table(
        into,
        (*PRINTER, 6, 1, 1),
        {(1, 1): printer},
        {
            2: lambda _: text("Front cover"),
            3: lambda p: integer(3 if p.door_open else 4),
        },  # coverOpen(3), coverClosed(4)
    )
    table(into, (*PRINTER, 16, 5, 1), {(1, 1): printer}, {2: lambda p: text(_display(p))})


def _display(printer: Printer) -> str:
    if printer.jammed:
        return "Paper jam"
    if printer.door_open:
        return "Close the front cover"
    if printer.out_of_paper:
        return "Load paper"
    if printer.toner_empty:
        return "Replace toner"
    return {
        PrinterState.PRINTING: "Printing",
        PrinterState.WARMING_UP: "Warming up",
    }.get(printer.state, "Ready")


def _input(printer: Printer, into: Objects) -> None:
    table(
        into,
        (*PRINTER, 8, 2, 1),
        {(1, number): tray for number, tray in enumerate(printer.trays, 1)},
        {
            2: lambda _: integer(3),  # sheetFeedAutoRemovableTray
            3: lambda _: integer(4),
            4: lambda _: integer(29700),
            5: lambda _: integer(21000),
            8: lambda _: integer(_SHEETS),
            9: lambda tray: integer(tray.capacity),
            10: lambda tray: integer(tray.sheets),
            11: lambda tray: integer(0 if tray.sheets else 8),  # available; or unavailable because empty
            12: lambda _: text("iso_a4_210x297mm"),
            13: lambda tray: text(tray.name),
            18: lambda tray: text(tray.name),
        },
    )


def _marker(printer: Printer, into: Objects) -> None:
    colours = len(printer.toners)
    table(
        into,
        (*PRINTER, 10, 2, 1),
        {(1, 1): printer},
        {
            2: lambda _: integer(4),  # electrophotographicLaser
            3: lambda _: integer(_IMPRESSIONS),
            4: lambda p: counter32(p.pages_total),
            5: lambda p: counter32(p.pages_since_power_on),
            6: lambda _: integer(colours),
            7: lambda _: integer(0),
            15: lambda p: integer(0 if p.running else 5),
        },
    )
    table(
        into,
        (*PRINTER, 12, 1, 1),
        {(1, number): toner for number, toner in enumerate(printer.toners, 1)},
        {
            2: lambda _: integer(1),
            3: lambda _: integer(3),  # process
            4: lambda toner: text(toner.colour),
            5: lambda _: integer(2),
        },
    )


def _supplies(printer: Printer, into: Objects) -> None:
    rows: dict[Oid, _Supply] = {}
    for number, toner in enumerate(printer.toners, 1):
        rows[(1, number)] = _toner_supply(number, toner)
    rows[(1, len(rows) + 1)] = _Supply(0, 9, "Imaging Drum", _PERCENT, 100, round(100 * printer.drum_left))
    table(
        into,
        (*PRINTER, 11, 1, 1),
        rows,
        {
            2: lambda _: integer(1),
            3: lambda row: integer(row.colorant),
            4: lambda _: integer(3),  # supplyThatIsConsumed
            5: lambda row: integer(row.kind),
            6: lambda row: text(row.description),
            7: lambda row: integer(row.unit),
            8: lambda row: integer(row.capacity),
            9: lambda row: integer(row.level),
        },
    )


def _toner_supply(number: int, toner: Toner) -> _Supply:
    level = round(toner.yield_pages * toner.left)
    # toner(3); the level in impressions left, so that a page's worth of toner shows
    return _Supply(number, 3, f"{toner.colour.capitalize()} Cartridge", _IMPRESSIONS, toner.yield_pages, level)


def _alerts(printer: Printer) -> list[_Alert]:
    found: list[_Alert] = []
    if printer.jammed:
        found.append(_Alert(_CRITICAL, _GROUP_MEDIA_PATH, 1, 8, "Paper jam"))  # jam(8)
    if printer.door_open:
        found.append(_Alert(_CRITICAL, _GROUP_COVER, 1, 3, "Front cover is open"))  # coverOpen(3)
    for number, tray in enumerate(printer.trays, 1):
        if tray.sheets == 0:
            severity = _CRITICAL if printer.out_of_paper else _WARNING
            found.append(_Alert(severity, _GROUP_INPUT, number, 808, f"{tray.name} is empty"))  # inputMediaSupplyEmpty
        elif tray.sheets < PAPER_LOW * tray.capacity:
            found.append(_Alert(_WARNING, _GROUP_INPUT, number, 807, f"{tray.name} is low"))  # inputMediaSupplyLow
    for number, toner in enumerate(printer.toners, 1):
        if toner.left <= 0.0:
            words = f"{toner.colour.capitalize()} toner is empty"
            found.append(_Alert(_CRITICAL, _GROUP_SUPPLIES, number, 1101, words))  # markerTonerEmpty
        elif toner.left < TONER_LOW:
            words = f"{toner.colour.capitalize()} toner is low"
            found.append(_Alert(_WARNING, _GROUP_SUPPLIES, number, 1104, words))  # markerTonerAlmostEmpty
    return found


def _alert_table(printer: Printer, alerts: list[_Alert], into: Objects) -> None:
    rows: dict[Oid, _Alert] = {(1, number): alert for number, alert in enumerate(alerts, 1)}
    table(
        into,
        (*PRINTER, 18, 1, 1),
        rows,
        {
            2: lambda row: integer(row.severity),
            3: lambda _: integer(3),  # untrained
            4: lambda row: integer(row.group),
            5: lambda row: integer(row.group_index),
            6: lambda _: integer(-2),
            7: lambda row: integer(row.code),
            8: lambda row: text(row.description),
            9: lambda _: ticks(printer.uptime_seconds),
        },
    )


def _host(printer: Printer, alerts: list[_Alert], into: Objects) -> None:
    """hrDeviceTable with one row of type hrDevicePrinter, hrPrinterTable beside it."""
    into.scalar((*HOST, 1, 1), ticks(printer.uptime_seconds))
    row: dict[Oid, Printer] = {(1,): printer}
    worst = {_CRITICAL: 5, _WARNING: 3}.get(min((alert.severity for alert in alerts), default=0), 2)
    table(
        into,
        (*HOST, 3, 2, 1),
        row,
        {
            1: lambda _: integer(1),
            2: lambda _: identifier((*HOST, 3, 1, 5)),
            3: lambda p: text(f"{p.plate.vendor} {p.plate.model}"),
            4: lambda _: identifier((0, 0)),
            5: lambda _: integer(worst),  # running(2), warning(3), down(5)
            6: lambda _: counter32(0),
        },
    )
    status = {PrinterState.IDLE: 3, PrinterState.PRINTING: 4, PrinterState.WARMING_UP: 5, PrinterState.STOPPED: 1}
    table(
        into,
        (*HOST, 3, 5, 1),
        row,
        {1: lambda p: integer(status[p.state]), 2: lambda p: octets(error_bits(p))},
    )


def error_bits(printer: Printer) -> bytes:
    """hrPrinterDetectedErrorState: one octet, most significant bit first."""
    states = {
        ErrorBit.LOW_PAPER: printer.paper_low and not printer.out_of_paper,
        ErrorBit.NO_PAPER: printer.out_of_paper,
        ErrorBit.LOW_TONER: printer.toner_low and not printer.toner_empty,
        ErrorBit.NO_TONER: printer.toner_empty,
        ErrorBit.DOOR_OPEN: printer.door_open,
        ErrorBit.JAMMED: printer.jammed,
    }
    bits = 0
    for bit, present in states.items():
        if present:
            bits |= 0x80 >> bit
    return bytes([bits])
