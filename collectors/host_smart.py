"""The health of the machine's disks, as they judge it themselves (SMART), by smartctl's JSON.

ATA and NVMe (ATA ACS-4 section 4.19, NVMe Base Specification "SMART / Health Information"); field names as smartctl 7.2
and later write them. Disks change slowly and are asked seldom; what they said last stands until then. One that sleeps
is left asleep. A disk that has no SMART (a virtual one, a USB stick) or may not be asked is told in the log once.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.host_part import Found
from collectors.mib_tables import plausible
from collectors.programs import ProgramFailed, ProgramMissing, run
from telemetry.clock import Clock
from telemetry.readings import Reading

_LOG = logging.getLogger(__name__)
EVERY_SECONDS = 300.0
MAX_DISKS = 32
_REALLOCATED, _PENDING = 5, 197  # ATA attributes: sectors that were replaced, that cannot be read
_MOST_SECTORS = 10_000_000  # beyond: a vendor that packs other figures into the raw value
_UNDETECTED = 1  # smartctl(8) exit status, bit 0: the command line (a disk of no type that it knows)
_ASLEEP_OR_SHUT = 2  # bit 1: the disk sleeps, or cannot be opened


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk as `smartctl --scan` names it."""

    path: str
    type: str

    @property
    def name(self) -> str:
        """ "sda", "nvme0"; "bus/0 megaraid,1" behind a controller."""
        name = self.path.removeprefix("/dev/")
        return f"{name} {self.type}" if "," in self.type else name


class HostSmart:
    """disk_healthy/<disk>, disk_temperature_celsius, disk_reallocated_sectors_count, disk_pending_sectors_count,
    disk_wear_percent."""

    def __init__(self, clock: Clock, timeout: float) -> None:
        self._clock = clock
        self._timeout = timeout
        self._due = 0.0
        self._last: dict[Disk, list[Reading]] = {}
        self._told: set[str] = set()

    async def read(self) -> Found:
        if self._clock.monotonic() >= self._due:
            self._due = self._clock.monotonic() + EVERY_SECONDS
            try:
                await self._ask_all()
            except ProgramMissing:
                self._tell_once("smartctl is not installed: the health of the disks is not known")
            except ProgramFailed as error:
                self._tell_once(str(error))
        return Found([reading for readings in self._last.values() for reading in readings])

    async def _ask_all(self) -> None:
        said = await run("smartctl", ["--json=c", "--scan"], timeout=self._timeout)
        found = disks(_document(said.output))
        answers = await asyncio.gather(*(self._ask(disk) for disk in found))
        self._last = {
            disk: self._last.get(disk, []) if answer is None else answer
            for disk, answer in zip(found, answers, strict=True)
        }

    async def _ask(self, disk: Disk) -> list[Reading] | None:
        """None where it said nothing now, and what it said last stands."""
        options = ["--json=c", "--nocheck=standby", "--all", f"--device={disk.type}", disk.path]
        try:
            said = await run("smartctl", options, timeout=self._timeout)
        except ProgramFailed as error:
            self._tell_once(f"{disk.name}: {error}")
            return None
        document = _document(said.output)
        if said.status & _UNDETECTED:
            self._tell_once(f"{disk.name}: {_messages(document)}")
            return []
        if said.status & _ASLEEP_OR_SHUT:
            self._tell_once(f"{disk.name}: {_messages(document)}")
            return None
        readings = health(document, disk.name)
        if not readings:
            self._tell_once(f"{disk.name}: has no SMART")
        return readings

    def _tell_once(self, text: str) -> None:
        if text not in self._told and len(self._told) < 10 * MAX_DISKS:
            self._told.add(text)
            _LOG.info("SMART: %s", text)


def disks(document: Mapping[str, Any]) -> list[Disk]:
    """What a scan found; names that could be options are not taken."""
    found = []
    for device in _list(document, "devices")[:MAX_DISKS]:
        path, kind = _text(device, "name"), _text(device, "type")
        if path and kind and not path.startswith("-"):
            found.append(Disk(path, kind))
    return found


def health(document: Mapping[str, Any], disk: str) -> list[Reading]:
    """The readings in what `smartctl --json --all` says of one disk; none where the disk gives no verdict."""
    passed = _table(document, "smart_status").get("passed")
    if not isinstance(passed, bool):
        return []
    readings = [Reading("disk_healthy", 1.0 if passed else 0.0, disk)]
    celsius = _number(_table(document, "temperature"), "current")
    if celsius is not None and (value := plausible("temperature_celsius", celsius)) is not None:
        readings.append(Reading("disk_temperature_celsius", value, disk))
    raw = _raw_values(document)
    for number, metric in ((_REALLOCATED, "disk_reallocated_sectors_count"), (_PENDING, "disk_pending_sectors_count")):
        if number in raw:
            readings.append(Reading(metric, raw[number], disk))
    wear = _number(_table(document, "nvme_smart_health_information_log"), "percentage_used")
    if wear is not None and 0 <= wear <= 255:  # one byte; over 100 is a disk past what it was made for
        readings.append(Reading("disk_wear_percent", wear, disk))
    return readings


def _raw_values(document: Mapping[str, Any]) -> dict[int, float]:
    found = {}
    for attribute in _list(_table(document, "ata_smart_attributes"), "table"):
        number, value = _number(attribute, "id"), _number(_table(attribute, "raw"), "value")
        if number is not None and value is not None and 0 <= value <= _MOST_SECTORS:
            found[int(number)] = value
    return found


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _messages(document: Mapping[str, Any]) -> str:
    said = [_text(message, "string") for message in _list(_table(document, "smartctl"), "messages")]
    return "; ".join(said)[:300] or "smartctl says nothing"


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _list(document: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    value = document.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _number(document: Mapping[str, Any], key: str) -> float | None:
    value = document.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
