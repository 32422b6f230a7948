"""Whether the services that a ward named run: systemd's units, on Windows its services."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence

import psutil

from collectors.host_part import Found
from collectors.programs import ProgramFailed, ProgramMissing, run
from telemetry.readings import Reading

_PROPERTIES = "--property=LoadState,ActiveState"
_RUNS = frozenset({"active", "reloading", "refreshing"})  # systemd(1); nftables.service is "active (exited)"


class HostUnits:
    """unit_running/<unit>: 1, or 0 where it has stopped, failed, or is not there at all."""

    def __init__(self, units: Sequence[str], timeout: float, systemctl: Sequence[str] = ()) -> None:
        """`systemctl`: more arguments for it, such as which manager to ask."""
        self._units = units
        self._timeout = timeout
        self._systemctl = (*systemctl, "show", _PROPERTIES, "--", *units)

    async def read(self) -> Found:
        if not self._units:
            return Found()
        return await (self._windows() if sys.platform == "win32" else self._systemd())

    async def _systemd(self) -> Found:
        try:
            said = await run("systemctl", self._systemctl, timeout=self._timeout)
        except ProgramMissing:
            return Found(trouble="units: there is no systemctl on this machine")
        except ProgramFailed as error:
            return Found(trouble=f"units: {error}")
        if said.status != 0:
            return Found(trouble=f"units: systemctl: {said.errors.strip()[:200]}")
        return units_of(self._units, said.output)

    async def _windows(self) -> Found:
        readings, troubles = [], []
        for unit in self._units:
            try:
                status = await asyncio.to_thread(_windows_status, unit)
            except psutil.NoSuchProcess:
                status = "not there"
            except (psutil.Error, OSError) as error:
                troubles.append(f"{unit}: {error}")
                continue
            readings.append(Reading("unit_running", 1.0 if status == "running" else 0.0, unit))
        return Found(readings, "; ".join(troubles))


def units_of(units: Sequence[str], output: str) -> Found:
    """systemctl prints a block of NAME=VALUE lines for each unit, in the order asked, parted by an empty line."""
    blocks = [_block(text) for text in output.strip().split("\n\n")]
    if len(blocks) != len(units) or not all("ActiveState" in block for block in blocks):
        return Found(trouble="units: systemctl's answer makes no sense")
    return Found(
        [
            Reading("unit_running", 1.0 if block["ActiveState"] in _RUNS else 0.0, unit)
            for unit, block in zip(units, blocks, strict=True)
        ]
    )


def _block(text: str) -> Mapping[str, str]:
    return {name: value for name, _, value in (line.partition("=") for line in text.splitlines())}


def _windows_status(unit: str) -> str:
    find = getattr(psutil, "win_service_get")  # noqa: B009 - psutil has it on Windows only
    return str(find(unit).status())
