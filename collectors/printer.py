"""Printers over SNMP: Printer-MIB (RFC 3805) supplies by colour, pages, trays, alerts; HOST-RESOURCES state."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from collectors.identity import described_model
from collectors.protocols.snmp import SnmpClient
from collectors.protocols.snmp_values import Value, bits, integer, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Fact, Reading

_PRT = "1.3.6.1.2.1.43"
_SUPPLY = f"{_PRT}.11.1.1"
_COLORANT = f"{_PRT}.12.1.1.4"
_INPUT = f"{_PRT}.8.2.1"
_UNIT, _LIFE_COUNT = f"{_PRT}.10.2.1.3", f"{_PRT}.10.2.1.4"
_ALERT_SEVERITY = f"{_PRT}.18.1.1.2"
_SERIAL = f"{_PRT}.5.1.1.17"
_DEVICE_TYPE, _DEVICE_DESCR = "1.3.6.1.2.1.25.3.2.1.2", "1.3.6.1.2.1.25.3.2.1.3"
_PRINTER_DEVICE = "1.3.6.1.2.1.25.3.1.5"
_HR_PRINTER = "1.3.6.1.2.1.25.3.5.1"

_TONER, _INK, _WASTE = frozenset({3, 21}), frozenset({5, 6}), frozenset({4, 8, 14, 24, 26})  # PrtMarkerSuppliesTypeTC
_RECEPTACLE = 4  # PrtMarkerSuppliesClassTC receptacleThatIsFilled
_PERCENT = 19  # PrtMarkerSuppliesSupplyUnitTC
_PAGES = frozenset({7, 8})  # PrtMarkerCounterUnitTC impressions, sheets
_CRITICAL = frozenset({3})  # PrtAlertSeverityLevelTC critical
_IDLE = 3  # hrPrinterStatus
_FACTS_AGAIN = 3600.0  # seconds
# hrPrinterDetectedErrorState bits (RFC 3805 section 2.2.13.2 table)
_NO_PAPER, _DOOR_OPEN, _JAMMED = 1, 4, 5
COLOURS = ("black", "cyan", "magenta", "yellow")

Column = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Supply:
    """One row of prtMarkerSuppliesTable. `kind` is PrtMarkerSuppliesTypeTC, None where the agent does not tell."""

    name: str
    colorant: str
    kind: int | None
    receptacle: bool
    percent: float | None


class Supplies:
    """toner_<colour>_percent or ink_<colour>_percent; other supplies as supply_percent/<name>."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        colorant, kind_of, type_of, name, unit, top, levels = await client.table(_SUPPLY, (3, 4, 5, 6, 7, 8, 9), 600)
        if not levels:
            return Findings()
        colours = await client.walk(_COLORANT, max_rows=200)
        supplies = []
        for index, level in levels.items():
            device = index.split(".")[0]
            supplies.append(
                Supply(
                    name=text(name.get(index)),
                    colorant=text(colours.get(f"{device}.{integer(colorant.get(index)) or 0}")),
                    kind=integer(type_of.get(index)),
                    receptacle=integer(kind_of.get(index)) == _RECEPTACLE,
                    percent=level_percent(integer(level), integer(top.get(index)), integer(unit.get(index))),
                )
            )
        return Findings(supply_readings(supplies))


def level_percent(level: int | None, top: int | None, unit: int | None) -> float | None:
    """A level in per cent. −1 (unlimited), −2 (unknown) and −3 (some left) are no percentages, whatever the unit."""
    if level is None or level < 0:
        return None
    if top is not None and top > 0:
        return min(100.0, 100.0 * level / top)
    return float(level) if unit == _PERCENT and level <= 100 else None


def supply_readings(supplies: list[Supply]) -> list[Reading]:
    """Colours by colorant table, else by name; a printer with one toner and no colour in its name prints black."""
    result: list[Reading] = []
    used: set[tuple[str, str]] = set()
    markers = [supply for supply in supplies if medium_of(supply)]
    for supply in supplies:
        if supply.percent is None or supply.receptacle or supply.kind in _WASTE or _words().waste.search(supply.name):
            continue
        medium = medium_of(supply)
        colour = colour_of(supply) or ("black" if medium and len(markers) == 1 else "")
        if medium and colour in COLOURS:
            metric, instance = f"{medium}_{colour}_percent", ""
            if (metric, instance) in used:
                instance = supply.name
        else:
            metric, instance = "supply_percent", supply.name
        if (metric, instance) not in used:
            used.add((metric, instance))
            result.append(Reading(metric, supply.percent, instance))
    return result


def medium_of(supply: Supply) -> str:
    """toner, ink, or "" for drums, fusers, staples; by prtMarkerSuppliesType, else by the supply's name."""
    if supply.kind in _TONER:
        return "toner"
    if supply.kind in _INK:
        return "ink"
    if supply.kind is not None and supply.kind > 2:
        return ""
    words = _words()
    if words.waste.search(supply.name) or words.other_part.search(supply.name):
        return ""
    if words.ink.search(supply.name):
        return "ink"
    return "toner" if words.toner.search(supply.name) else ""


def colour_of(supply: Supply) -> str:
    """One of COLOURS by the colorant's name, the supply's name or its order code; "" where none tells."""
    for told in (supply.colorant, supply.name):
        for colour, pattern in _words().colours:
            if pattern.search(told):
                return colour
    return ""


@dataclass(frozen=True, slots=True)
class _Words:
    colours: tuple[tuple[str, re.Pattern[str]], ...]
    toner: re.Pattern[str]
    ink: re.Pattern[str]
    waste: re.Pattern[str]
    other_part: re.Pattern[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    """data/printer_supplies.toml: words and order codes, in the languages that printers are sold with here."""
    data = tomllib.loads(
        resources.files("collectors").joinpath("data", "printer_supplies.toml").read_text(encoding="utf-8")
    )
    patterns = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in data["part"].items()}
    return _Words(
        colours=tuple((row["colour"], re.compile(row["pattern"], re.IGNORECASE)) for row in data["colour"]),
        toner=patterns["toner"],
        ink=patterns["ink"],
        waste=patterns["waste"],
        other_part=patterns["other"],
    )


class Pages:
    """pages_total: prtMarkerLifeCount of the first marker that counts pages, others by their index."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        counts = await client.walk(_LIFE_COUNT, max_rows=50)
        units = await client.walk(_UNIT, max_rows=50) if counts else {}
        readings: list[Reading] = []
        for index, value in counts.items():
            count, unit = integer(value), integer(units.get(index))
            if count is not None and 0 <= count < 0xFFFFFFFF and (unit is None or unit in _PAGES or unit <= 2):
                readings.append(Reading("pages_total", float(count), index if readings else ""))
        return Findings(readings)


class Trays:
    """tray_percent by the tray's name."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        tops, levels, names, descriptions = await client.table(_INPUT, (9, 10, 13, 18), 600)
        readings: dict[str, Reading] = {}
        for index, value in levels.items():
            top = integer(tops.get(index))
            percent = level_percent(integer(value), top, None)
            name = text(names.get(index)) or text(descriptions.get(index)) or index
            if percent is not None:
                readings.setdefault(name, Reading("tray_percent", percent, name))
        return Findings(list(readings.values()))


# hrPrinterStatus (RFC 2790) → scanner_state: idle, at work; other(1) and unknown(2) tell nothing.
_SCANNER_STATES = {3: 0.0, 4: 1.0, 5: 1.0}
_STOPPED = 2.0


class PrinterState:
    """hrPrinterStatus, hrPrinterDetectedErrorState and the critical rows of prtAlertTable; model and serial."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []
        self._facts_at: float | None = None

    async def read(self, client: SnmpClient, system: System) -> Findings:
        found = Findings()
        states, errors = await client.table(_HR_PRINTER, (1, 2), 40)
        for value in list(states.values())[:1]:
            state = integer(value)
            if state is not None:
                found.readings += [
                    Reading("printer_state", float(state)),
                    Reading("printer_idle", float(state == _IDLE)),
                ]
        for value in list(errors.values())[:1]:
            found.readings += error_readings(value)
        severities = await client.walk(_ALERT_SEVERITY, max_rows=100, may_fill=True)
        if severities or states:
            critical = sum(1 for severity in severities.values() if severity in _CRITICAL)
            found.readings.append(Reading("printer_alerts_critical", float(critical)))
        if self._facts_at is None or system.now - self._facts_at > _FACTS_AGAIN:
            self._facts, self._facts_at = await _printer_facts(client), system.now
        found.facts += self._facts
        return found


class ScannerState:
    """A scanner that tells of itself by the printer's MIBs: hrPrinterStatus and hrPrinterDetectedErrorState."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        states, errors = await client.table(_HR_PRINTER, (1, 2), 40)
        found = Findings()
        for value in list(errors.values())[:1]:
            wrong = bits(value)
            found.readings += [
                Reading("scanner_jammed", float(_JAMMED in wrong)),
                Reading("scanner_door_open", float(_DOOR_OPEN in wrong)),
            ]
        stopped = any(reading.value for reading in found.readings)
        for value in list(states.values())[:1]:
            state = _SCANNER_STATES.get(integer(value) or 0)
            if state is not None:
                found.readings.append(Reading("scanner_state", _STOPPED if stopped else state))
        return found


def error_readings(value: Value) -> list[Reading]:
    """The three states that a person at the printer can mend. An agent may send one octet, two, or none at all."""
    wrong = bits(value)
    return [
        Reading("printer_jammed", float(_JAMMED in wrong)),
        Reading("printer_out_of_paper", float(_NO_PAPER in wrong)),
        Reading("printer_door_open", float(_DOOR_OPEN in wrong)),
    ]


async def _printer_facts(client: SnmpClient) -> list[Fact]:
    types = await client.walk(_DEVICE_TYPE, max_rows=100)
    descriptions = await client.walk(_DEVICE_DESCR, max_rows=100)
    printers = [index for index, kind in types.items() if kind == _PRINTER_DEVICE] or list(descriptions)[:1]
    told = [text(descriptions.get(index)) for index in printers]
    # "Generic 28C-1" is a driver's name; sysDescr has the model then. Others put serial and firmware behind it.
    models = [described_model(name) for name in told if not name.startswith("Generic ")]
    serials = [text(value) for value in (await client.walk(_SERIAL, max_rows=5)).values()]
    return [Fact("model", name) for name in models[:1] if name] + [Fact("serial", name) for name in serials[:1] if name]
