"""IPP/2.0 messages (RFC 8010) as far as a printer's answer to Get-Printer-Attributes needs them, and its attributes."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.model.printer import PAPER_LOW, TONER_LOW, Printer, PrinterState

GET_PRINTER_ATTRIBUTES, GET_JOBS = 0x000B, 0x000A
OK, BAD_REQUEST, NOT_SUPPORTED, VERSION_NOT_SUPPORTED = 0x0000, 0x0400, 0x0501, 0x0503
_OPERATION, _PRINTER, _END = 0x01, 0x04, 0x03
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_TEXT, _NAME, _KEYWORD, _URI, _CHARSET, _LANGUAGE, _MIME = 0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49
_OCTETS = 0x30
_COLOURS = {"black": "#000000", "cyan": "#00FFFF", "magenta": "#FF00FF", "yellow": "#FFFF00"}
_STATES = {
    PrinterState.IDLE: 3,
    PrinterState.PRINTING: 4,
    PrinterState.WARMING_UP: 4,
    PrinterState.STOPPED: 5,
}  # printer-state (RFC 8011 section 5.4.11): idle, processing, stopped

Value = tuple[int, int | bool | str | bytes]  # tag and value
Attributes = Mapping[str, list[Value]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The head of a request and which attributes it wants; `wanted` empty: all."""

    version: tuple[int, int]
    operation: int
    number: int
    wanted: frozenset[str]


def read(data: bytes) -> Asked:
    """Raises ValueError for what is no IPP request."""
    if len(data) < 9:
        raise ValueError("too short for IPP")
    major, minor, operation, number = struct.unpack(">BBHI", data[:8])
    wanted: set[str] = set()
    place, name = 8, ""
    while data[place] != _END:
        if data[place] < 0x10:  # the next group begins
            place += 1
        else:
            given, value, place = _attribute(data, place)
            name = given or name
            if name == "requested-attributes":
                wanted.add(value.decode("ascii", "replace"))
        if place >= len(data):
            raise ValueError("an IPP request without an end")
    return Asked((major, minor), operation, number, frozenset(wanted))


def _attribute(data: bytes, place: int) -> tuple[str, bytes, int]:
    """Name, value and where the next one begins."""
    try:
        (length,) = struct.unpack_from(">H", data, place + 1)
        name = data[place + 3 : place + 3 + length]
        (size,) = struct.unpack_from(">H", data, place + 3 + length)
    except struct.error as error:
        raise ValueError("an IPP attribute that breaks off") from error
    begins = place + 5 + length
    return name.decode("ascii", "replace"), data[begins : begins + size], begins + size


def answer(asked: Asked, status: int, attributes: Attributes | None = None) -> bytes:
    """A response (RFC 8010 section 3.1) with the attributes that were asked for."""
    version = asked.version if asked.version[0] in (1, 2) else (2, 0)
    said = struct.pack(">BBHI", *version, status, asked.number) + bytes([_OPERATION])
    said += _encoded("attributes-charset", [(_CHARSET, "utf-8")])
    said += _encoded("attributes-natural-language", [(_LANGUAGE, "en")])
    if attributes is not None:
        whole = not asked.wanted or asked.wanted & {"all", "printer-description"}
        said += bytes([_PRINTER])
        for name, values in attributes.items():
            if whole or name in asked.wanted:
                said += _encoded(name, values)
    return said + bytes([_END])


def _encoded(name: str, values: list[Value]) -> bytes:
    said = b""
    for number, (tag, value) in enumerate(values):
        key = name.encode() if number == 0 else b""
        data = _octets(tag, value)
        said += struct.pack(">BH", tag, len(key)) + key + struct.pack(">H", len(data)) + data
    return said


def _octets(tag: int, value: int | bool | str | bytes) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    return struct.pack(">?", value) if tag == _BOOLEAN else struct.pack(">i", value)


def attributes_of(printer: Printer, uri: str) -> Attributes:
    """Printer description and status (RFC 8011 section 5.4, PWG 5100.9 for supplies and trays)."""
    plate = printer.plate
    return {
        "printer-uri-supported": [(_URI, uri)],
        "uri-security-supported": [(_KEYWORD, "none")],
        "uri-authentication-supported": [(_KEYWORD, "none")],
        "printer-name": [(_NAME, plate.id)],
        "printer-info": [(_TEXT, plate.name)],
        "printer-location": [(_TEXT, plate.location)],
        "printer-make-and-model": [(_TEXT, f"{plate.vendor} {plate.model}")],
        "printer-device-id": [(_TEXT, f"MFG:{plate.vendor};MDL:{plate.model};CMD:PDF,URF;SN:{plate.serial};")],
        "printer-serial-number": [(_TEXT, plate.serial)],
        "printer-firmware-string-version": [(_TEXT, plate.firmware)],
        "printer-state": [(_ENUM, _STATES[printer.state])],
        "printer-state-reasons": [(_KEYWORD, reason) for reason in reasons(printer)],
        "printer-state-message": [(_TEXT, printer.state.value)],
        "printer-is-accepting-jobs": [(_BOOLEAN, True)],
        "printer-up-time": [(_INTEGER, max(1, int(printer.uptime_seconds)))],
        "printer-impressions-completed": [(_INTEGER, printer.pages_total)],
        "printer-media-sheets-completed": [(_INTEGER, printer.pages_total)],
        "queued-job-count": [(_INTEGER, int(printer.state is PrinterState.PRINTING))],
        "color-supported": [(_BOOLEAN, len(printer.toners) > 1)],
        "ipp-versions-supported": [(_KEYWORD, version) for version in ("1.1", "2.0")],
        "operations-supported": [(_ENUM, GET_PRINTER_ATTRIBUTES), (_ENUM, GET_JOBS)],
        "charset-configured": [(_CHARSET, "utf-8")],
        "charset-supported": [(_CHARSET, "utf-8")],
        "natural-language-configured": [(_LANGUAGE, "en")],
        "generated-natural-language-supported": [(_LANGUAGE, "en")],
        "document-format-default": [(_MIME, "application/pdf")],
        "document-format-supported": [(_MIME, "application/pdf"), (_MIME, "image/urf")],
        "pdl-override-supported": [(_KEYWORD, "attempted")],
        "compression-supported": [(_KEYWORD, "none")],
        **_markers(printer),
        "printer-input-tray": [(_OCTETS, _tray(tray.capacity, tray.sheets, tray.name)) for tray in printer.trays],
    }


def _markers(printer: Printer) -> Attributes:
    toners = printer.toners
    return {
        "marker-names": [(_NAME, f"{toner.colour.capitalize()} Cartridge") for toner in toners],
        "marker-types": [(_KEYWORD, "toner-cartridge") for _ in toners],
        "marker-colors": [(_NAME, _COLOURS[toner.colour]) for toner in toners],
        "marker-levels": [(_INTEGER, round(toner.left * 100)) for toner in toners],
        "marker-low-levels": [(_INTEGER, round(TONER_LOW * 100)) for _ in toners],
        "marker-high-levels": [(_INTEGER, 100) for _ in toners],
    }


def _tray(capacity: int, sheets: int, name: str) -> bytes:
    """PWG 5100.13 section 5.6.5: pairs of key and value."""
    status = 0 if sheets else 8
    told = f"type=sheetFeedAutoRemovableTray;maxcapacity={capacity};level={sheets};status={status};name={name};"
    return told.encode()


def reasons(printer: Printer) -> list[str]:
    """printer-state-reasons (RFC 8011 section 5.4.12), "none" where there is none."""
    found = {
        "media-jam-error": printer.jammed,
        "door-open-error": printer.door_open,
        "media-empty-error": printer.out_of_paper,
        "media-low-warning": not printer.out_of_paper
        and any(tray.sheets < PAPER_LOW * tray.capacity for tray in printer.trays),
        "toner-empty-error": printer.toner_empty,
        "toner-low-warning": printer.toner_low and not printer.toner_empty,
    }
    return [reason for reason, so in found.items() if so] or ["none"]
