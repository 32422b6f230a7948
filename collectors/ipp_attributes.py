"""What a printer's IPP attributes say, in the words that Printer-MIB printers are told in as well.

Sources: RFC 8011 section 5.4 (state, reasons, name, location); PWG 5100.13 (printer-supply, printer-input-tray,
printer-firmware-string-version, printer-device-id); PWG 5100.22 (counters); PWG 5100.9 (which Printer-MIB alert is
which reason); CUPS (marker-*). Any attribute may be absent, single where several are usual, or of the wrong type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from collectors.identity import vendor_in
from collectors.printer import Supply, level_percent, supply_readings
from telemetry.readings import Fact, Reading

Attributes = Mapping[str, object]

WANTED = (
    *("printer-state", "printer-state-reasons", "printer-up-time"),
    *("printer-info", "printer-name", "printer-location", "printer-make-and-model", "printer-device-id"),
    *("printer-firmware-string-version", "printer-input-tray", "printer-supply", "printer-supply-description"),
    *("marker-names", "marker-types", "marker-colors", "marker-levels"),
    *("printer-impressions-completed", "printer-pages-completed", "printer-media-sheets-completed"),
)
_COUNTERS = ("printer-impressions-completed", "printer-pages-completed", "printer-media-sheets-completed")
_IDLE, _PROCESSING, _STOPPED = 3, 4, 5  # RFC 8011 section 5.4.11
# The same in hrPrinterStatus (RFC 2790), so that a printer's state is one metric whoever tells it: RFC 3805 section
# 2.2.13 has a stopped printer as other(1).
_HR_STATUS = {_IDLE: 3, _PROCESSING: 4, _STOPPED: 1}

_JAM = re.compile(r"(^|-)jam$")
_EMPTY = re.compile(r"^(media-empty|media-needed|input-tray-empty|input-media-supply-empty)$")
_OPEN = re.compile(r"(^|-)(door|cover|interlock)-open$")
_SUFFIX = re.compile(r"-(error|warning|report)$")
# Reasons that say what a printer does, not what is wrong with it; without a suffix they are no errors.
_NO_ERROR = re.compile(
    r"^(none|paused|moving-to-paused|connecting-to-device|timed-out|stopping|stopped-partly|shutdown|spool-area-full"
    r"|deleted|resuming|identify-printer-requested|testing|standby|suspend|power-(up|down)|hibernate)$|-low$|-almost-"
)
# PrtMarkerSuppliesTypeTC (Printer-MIB) by its name; markers of CUPS write the same with hyphens.
_TYPES = (
    *("other", "unknown", "toner", "wastetoner", "ink", "inkcartridge", "inkribbon", "wasteink", "opc", "developer"),
    *("fuseroil", "solidwax", "ribbonwax", "wastewax", "fuser", "coronawire", "fuseroilwick", "cleanerunit"),
    *("fusercleaningpad", "transferunit", "tonercartridge", "fuseroiler", "water", "wastewater", "gluewateradditive"),
    *("wastepaper", "bindingsupply", "bandingsupply", "stitchingwire", "shrinkwrap", "paperwrap", "staples", "inserts"),
    "covers",
)
_TYPE_NUMBER = {name: number for number, name in enumerate(_TYPES, start=1)}
_PERCENT = 19  # PrtMarkerSuppliesSupplyUnitTC
_COLOURS = {"#000000": "black", "#00ffff": "cyan", "#ff00ff": "magenta", "#ffff00": "yellow"}
_MOST = 200  # supplies or trays


def readings(told: Attributes) -> list[Reading]:
    """All that the attributes tell in numbers."""
    return [*_state(told), *_reasons(told), *_supplies(told), *_trays(told), *_counters(told)]


def facts(told: Attributes) -> list[Fact]:
    """vendor, model, serial, firmware, name, location, as far as they are told."""
    device = _device_id(_text(told, "printer-device-id"))
    maker = device.get("MFG", device.get("MANUFACTURER", ""))
    model = _text(told, "printer-make-and-model") or device.get("MDL", device.get("MODEL", ""))
    found = {
        "vendor": vendor_in(maker) or vendor_in(model) or maker or model.partition(" ")[0],
        "model": model,
        "serial": next((device[key] for key in ("SN", "SERN", "SERIALNUMBER", "SER") if device.get(key)), ""),
        "firmware": _text(told, "printer-firmware-string-version"),
        "name": _text(told, "printer-info") or _text(told, "printer-name"),
        "location": _text(told, "printer-location"),
    }
    return [Fact(name, text) for name, text in found.items() if text]


def _state(told: Attributes) -> Iterator[Reading]:
    state = _number(_first(told.get("printer-state")))
    if state in _HR_STATUS:
        yield Reading("printer_state", float(_HR_STATUS[int(state)]))
        yield Reading("printer_idle", float(state == _IDLE))
        yield Reading("printer_stopped", float(state == _STOPPED))
    uptime = _number(_first(told.get("printer-up-time")))
    if uptime is not None and uptime >= 0:
        yield Reading("uptime_seconds", uptime)


def _reasons(told: Attributes) -> list[Reading]:
    """Severities are suffixes; a reason without one is an error (RFC 8011 section 5.4.12)."""
    if "printer-state-reasons" not in told:
        return []
    given = {reason.strip().lower() for reason in _texts(told, "printer-state-reasons")}
    plain = {_SUFFIX.sub("", reason) for reason in given}
    critical = sum(1 for reason in given if reason.endswith("-error") or _is_bare_error(reason))
    return [
        Reading("printer_jammed", float(any(map(_JAM.search, plain)))),
        Reading("printer_out_of_paper", float(any(map(_EMPTY.search, plain)))),
        Reading("printer_door_open", float(any(map(_OPEN.search, plain)))),
        Reading("printer_alerts_critical", float(critical)),
    ]


def _is_bare_error(reason: str) -> bool:
    return bool(reason) and not _SUFFIX.search(reason) and not _NO_ERROR.search(reason)


def _supplies(told: Attributes) -> list[Reading]:
    """printer-supply, and where it tells no level the markers of CUPS. −1, −2 and −3 are no levels."""
    return supply_readings(list(_printer_supply(told))) or supply_readings(list(_markers(told)))


def _printer_supply(told: Attributes) -> Iterator[Supply]:
    names = _texts(told, "printer-supply-description")
    for place, row in enumerate(_texts(told, "printer-supply")[:_MOST]):
        pairs = _pairs(row)
        colorant = pairs.get("colorantname", "")
        yield Supply(
            name=(names[place] if place < len(names) else "") or f"{pairs.get('type', '')} {colorant}".strip(),
            colorant="" if colorant in ("unknown", "other", "none") else colorant,
            kind=_TYPE_NUMBER.get(_squeezed(pairs.get("type", ""))),
            receptacle=_squeezed(pairs.get("class", "")) == "receptaclethatisfilled",
            percent=level_percent(
                _whole(pairs.get("level")),
                _whole(pairs.get("maxcapacity")),
                _PERCENT if pairs.get("unit") == "percent" else None,
            ),
        )


def _markers(told: Attributes) -> Iterator[Supply]:
    names, types, colours = (_texts(told, f"marker-{what}") for what in ("names", "types", "colors"))
    for place, level in enumerate(_listed(told.get("marker-levels"))[:_MOST]):
        kind = _TYPE_NUMBER.get(_squeezed(_at(types, place)))
        yield Supply(
            name=_at(names, place) or f"{_at(types, place)} {place + 1}".strip(),
            colorant=_COLOURS.get(_at(colours, place).lower(), ""),
            kind=kind,
            receptacle=kind is not None and _TYPES[kind - 1].startswith("waste"),
            percent=level_percent(_whole(level), None, _PERCENT),
        )


def _trays(told: Attributes) -> list[Reading]:
    found: dict[str, Reading] = {}
    for place, row in enumerate(_texts(told, "printer-input-tray")[:_MOST], start=1):
        pairs = _pairs(row)
        percent = level_percent(_whole(pairs.get("level")), _whole(pairs.get("maxcapacity")), None)
        name = pairs.get("name") or str(place)
        if percent is not None:
            found.setdefault(name, Reading("tray_percent", percent, name))
    return list(found.values())


def _counters(told: Attributes) -> Iterator[Reading]:
    for name in _COUNTERS:
        count = _number(_first(told.get(name)))
        if count is not None and 0 <= count < 0x7FFFFFFF:
            yield Reading("pages_total", count)
            return


def _pairs(row: str) -> dict[str, str]:
    """ "type=toner;level=12;" as PWG 5100.13 writes what is a row of a table elsewhere."""
    parts = (part.partition("=") for part in row.split(";"))
    return {key.strip().lower(): value.strip() for key, equals, value in parts if equals}


def _device_id(text: str) -> dict[str, str]:
    """IEEE 1284 section 7.6: "MFG:HP;MDL:LaserJet;SN:…;"; keys in capitals."""
    parts = (part.partition(":") for part in text.split(";"))
    return {key.strip().upper(): value.strip() for key, colon, value in parts if colon}


def _squeezed(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _first(value: object) -> object:
    return next(iter(_listed(value)), None)


def _texts(told: Attributes, name: str) -> list[str]:
    return [value if isinstance(value, str) else "" for value in _listed(told.get(name))]


def _text(told: Attributes, name: str) -> str:
    return next((text.strip() for text in _texts(told, name) if text.strip()), "")


def _at(texts: list[str], place: int) -> str:
    return texts[place] if place < len(texts) else ""


def _number(value: object) -> float | None:
    """A bool is none; nor is what a text does not say as one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?[0-9]{1,10}", value) else None
    number = _number(value)
    return None if number is None else int(number)
