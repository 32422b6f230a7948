"""What hangs on this machine's USB: by sysfs on Linux, by WMI on Windows. Nothing is opened or claimed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from collectors.programs import ProgramFailed, ProgramMissing, run
from collectors.protocols.presence import UsbDevice

SYSFS = Path("/sys/bus/usb/devices")
_HUB = "09"  # USB class codes: hubs are no devices that people know
_MAX_TEXT = 200
_PNP_ID = re.compile(r"USB\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})(&MI_[0-9A-F]{2})?[^\\]*\\(.*)", re.IGNORECASE)
_TELLING = ("Image", "Printer", "WSDPrintDevice")  # PnP classes whose name says more than "USB Composite Device"
# Win32_PnPEntity holds what is plugged in now. Its output is JSON in UTF-8: pnputil's words are in Windows' language.
_QUERY = (
    "[Console]::OutputEncoding=[Text.Encoding]::UTF8;"
    "@(Get-CimInstance Win32_PnPEntity -Filter \"PNPDeviceID LIKE 'USB\\\\VID[_]%'\" |"
    " Where-Object { $_.Present -ne $false } |"
    " Select-Object PNPDeviceID,Name,Manufacturer,PNPClass) | ConvertTo-Json -Compress"
)


async def devices(timeout: float) -> list[UsbDevice]:
    """Those that are there now. Raises OSError where the system does not tell."""
    if sys.platform != "win32":
        return from_sysfs(SYSFS)
    try:
        said = await run(
            "powershell", ["-NoProfile", "-NonInteractive", "-Command", _QUERY], timeout=timeout, max_bytes=4_000_000
        )
    except (ProgramMissing, ProgramFailed) as error:
        raise OSError(str(error)) from error
    if said.status != 0:
        raise OSError(said.errors.strip()[:200])
    return from_wmi(said.output)


def from_sysfs(folder: Path) -> list[UsbDevice]:
    """Linux: Documentation/ABI/stable/sysfs-bus-usb. No such folder is no USB."""
    found = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        vendor, product = _attribute(place, "idVendor"), _attribute(place, "idProduct")
        if vendor and product and _attribute(place, "bDeviceClass") != _HUB:
            told = (_attribute(place, name) for name in ("product", "manufacturer", "serial"))
            found.append(UsbDevice(f"{vendor}:{product}".lower(), *told))
    return found


def from_wmi(text: str) -> list[UsbDevice]:
    """Windows: what the query above prints. A device of several functions has a line for each; they become one."""
    try:
        told = json.loads(text.lstrip("\ufeff") or "[]")
    except (ValueError, RecursionError) as error:
        raise OSError("the list of USB devices makes no sense") from error
    rows = [row for row in (told if isinstance(told, list) else [told]) if isinstance(row, dict)]
    whole = {(found.id, found.serial): found for found in _whole(rows)}
    functions = [each for row in rows if (each := _function(row)) is not None]
    known = {found.id for found in whole.values()}
    result = [
        UsbDevice(found.id, next((name for id_, name in functions if id_ == found.id), found.name), *rest)
        for found in whole.values()
        for rest in [(found.vendor, found.serial)]
    ]
    return result + [UsbDevice(id_, name) for id_, name in functions if id_ not in known]


def _whole(rows: Iterable[dict[str, Any]]) -> Iterable[UsbDevice]:
    for row in rows:
        match = _PNP_ID.fullmatch(_text(row, "PNPDeviceID"))
        if match is not None and match[3] is None:
            serial = "" if "&" in match[4] else match[4]  # with "&" it is Windows' own number for the port
            yield UsbDevice(f"{match[1]}:{match[2]}".lower(), _text(row, "Name"), _text(row, "Manufacturer"), serial)


def _function(row: dict[str, Any]) -> tuple[str, str] | None:
    """The id and telling name of one function of a composite device."""
    match = _PNP_ID.fullmatch(_text(row, "PNPDeviceID"))
    if match is None or match[3] is None or _text(row, "PNPClass") not in _TELLING:
        return None
    return f"{match[1]}:{match[2]}".lower(), _text(row, "Name")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value.strip()[:_MAX_TEXT] if isinstance(value, str) else ""


def _attribute(place: Path, name: str) -> str:
    try:
        return (place / name).read_text(encoding="utf-8", errors="replace").strip()[:_MAX_TEXT]
    except OSError:
        return ""
