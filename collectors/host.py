"""The machine that the agent runs on: processors, memory, disks, temperature, uptime by psutil; its clock, the health
of its disks and the services that the ward named by parts of their own (host_clock, host_smart, host_units)."""

from __future__ import annotations

import asyncio
import logging
import platform
import socket
from collections.abc import Sequence

import psutil

from collectors.config import PsutilDevice
from collectors.host_clock import HostClock
from collectors.host_part import Found, Part
from collectors.host_smart import HostSmart
from collectors.host_units import HostUnits
from collectors.mib_tables import plausible
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

_LOG = logging.getLogger(__name__)
_NOT_DISKS = frozenset({"squashfs", "iso9660", "udf", "overlay", "tmpfs", "devtmpfs", "ramfs", "autofs", "vfat"})


class HostCollector:
    """Blocking look-ups (a disk that hangs) run in a thread, so they delay nobody."""

    has_vital = False

    def __init__(self, device: PsutilDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        timeout = device.timeout
        self._parts: Sequence[Part] = (
            *([HostSmart(clock, timeout)] if device.smart else []),
            HostClock(clock, timeout),
            HostUnits(device.units, timeout),
        )
        psutil.cpu_percent()  # the first call only starts the measurement

    async def poll(self) -> PollResult:
        own, *others = await asyncio.gather(self._own(), *(part.read() for part in self._parts))
        readings = [reading for found in (own, *others) for reading in found.readings]
        trouble = "; ".join(found.trouble for found in (own, *others) if found.trouble)
        reason = Reason(ReasonCode.PARTIAL_ANSWER, trouble) if trouble else None
        return PollResult(True, readings, _facts(), reason)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""

    async def _own(self) -> Found:
        try:
            async with asyncio.timeout(self._device.timeout):
                readings, trouble = await asyncio.to_thread(self._measure)
        except TimeoutError:
            return Found(trouble="a disk of this machine does not answer")
        except (psutil.Error, OSError) as error:
            return Found(trouble=str(error))
        return Found(readings, trouble)

    def _measure(self) -> tuple[list[Reading], str]:
        memory = psutil.virtual_memory()
        readings = [
            Reading("cpu_load_percent", min(100.0, psutil.cpu_percent())),
            Reading("memory_used_percent", 100.0 * (memory.total - memory.available) / memory.total),
            Reading("uptime_seconds", self._clock.wall_us() / 1e6 - psutil.boot_time()),
        ]
        disks, trouble = _disks()
        return readings + disks + _temperatures(), trouble


def _disks() -> tuple[list[Reading], str]:
    readings: list[Reading] = []
    trouble = ""
    seen: set[str] = set()
    for part in psutil.disk_partitions(all=False):
        if part.fstype in _NOT_DISKS or part.device in seen:
            continue
        seen.add(part.device)
        try:
            usage = psutil.disk_usage(part.mountpoint)
        except OSError as error:
            trouble = f"{part.mountpoint}: {error.strerror}"
            continue
        if usage.total:
            readings.append(Reading("disk_used_percent", float(usage.percent), part.mountpoint))
            readings.append(Reading("disk_free_bytes", float(usage.free), part.mountpoint))
    return readings, trouble


def _temperatures() -> list[Reading]:
    sensors = getattr(psutil, "sensors_temperatures", None)
    if sensors is None:  # not on Windows
        return []
    readings: dict[str, Reading] = {}
    for chip, entries in sensors().items():
        for number, entry in enumerate(entries):
            value = None if not entry.current else plausible("temperature_celsius", float(entry.current))
            name = entry.label or (chip if len(entries) == 1 else f"{chip} {number + 1}")
            if value is not None:
                readings.setdefault(name, Reading("temperature_celsius", value, name))
    return list(readings.values())


def _facts() -> list[Fact]:
    told = {
        "vendor": platform.system(),
        "model": f"{platform.machine()} {platform.processor()}".strip(),
        "firmware": f"{platform.system()} {platform.release()}",
        "name": socket.gethostname(),
    }
    return [Fact(name, text) for name, text in told.items() if text]
