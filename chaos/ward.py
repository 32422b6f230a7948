"""A ward on its own disk: its configuration, its agent's process, and when that ran."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from chaos import virtual
from chaos.commands import inside
from chaos.devices import PROXY_PORT
from chaos.disks import Disk
from demo.processes import BIN, Program
from edge_agent.agent import JOURNAL_FILE
from journal.model import LEAST_MAX_BYTES, JournalSettings

DISTRICT_ID = "chaos"
COMMIT_SECONDS = 0.5
CHECKPOINT_SECONDS = 10.0
_DISK_MEGABYTES = 32
_FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)
_STOP_SECONDS = 40.0


def faketime() -> str | None:
    """libfaketime, where it is installed."""
    return next((path for path in _FAKETIME if Path(path).exists()), None)


@dataclass(slots=True)
class Life:
    """One run of an agent: monotonic µs; `killed` where it had no chance to write its last entries."""

    start_us: int
    end_us: int = 0
    killed: bool = False


@dataclass(slots=True)
class Ward:
    """One ward. Its clock is this machine's, moved by `clock_offset` seconds."""

    id: str
    folder: Path
    disk: Disk
    agent: Program
    max_bytes: int  # of its journal
    lives: list[Life] = field(default_factory=list)
    full: list[tuple[int, int]] = field(default_factory=list)  # when its disk was full, monotonic µs
    clock_offset: float = 0.0

    @classmethod
    def make(cls, name: str, folder: Path, namespace: Path, broker: str, *, small: bool = False) -> Ward:
        """`broker`: where its agent finds the district. `small`: its journal is as small as may be, and its devices
        fill it within a minute and a half. Raises CommandError, OSError."""
        disk = Disk(folder, _DISK_MEGABYTES)
        file = folder / "ward.toml"
        max_bytes = LEAST_MAX_BYTES if small else JournalSettings().max_bytes
        file.write_text(_configuration(name, disk.path, broker, max_bytes), encoding="utf-8")
        clock = folder / "clock"
        environment = {
            "LD_PRELOAD": faketime() or "",
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
            "NO_FAKE_STAT": "1",
            "LC_ALL": "en_GB.UTF-8",
        }
        command = inside(namespace, (BIN / "ward-agent", "run", "-c", file, "--linger", "20s"), environment)
        ward = cls(name, folder, disk, Program(name, command, folder / "agent.log"), max_bytes)
        ward.set_clock(0.0)
        return ward

    @property
    def journal(self) -> Path:
        return self.disk.path / JOURNAL_FILE

    def start(self) -> None:
        self.lives.append(Life(now_us()))
        self.agent.start()

    def kill(self) -> None:
        """No chance to write its last entries."""
        self._end(killed=True)

    def stop(self) -> None:
        """As a machine does that is shut down."""
        self._end(killed=False)

    def set_clock(self, offset: float) -> None:
        """Its wall clock is so many seconds ahead from now on."""
        fresh = self.folder / "clock.new"
        fresh.write_text(f"{offset:+.3f}", encoding="ascii")
        fresh.rename(self.folder / "clock")
        self.clock_offset = offset

    def _end(self, *, killed: bool) -> None:
        if not self.lives or self.lives[-1].end_us:
            return
        died = not self.agent.running
        if killed:
            self.agent.kill()
        else:
            self.agent.stop(_STOP_SECONDS)
        self.lives[-1].end_us = now_us()
        self.lives[-1].killed = killed or died


def now_us() -> int:
    return int(time.monotonic() * 1e6)


def broker_through_proxy() -> str:
    return f"mqtt://127.0.0.1:{PROXY_PORT}"


def _configuration(name: str, data: Path, broker: str, max_bytes: int) -> str:
    busy = max_bytes == LEAST_MAX_BYTES
    devices = "".join(_device(number, device) for number, device in enumerate(virtual.devices(busy=busy)))
    return f"""
[ward]
id = "{name}"
name = "{name}"
district = "{DISTRICT_ID}"

[agent]
data_dir = "{data}"

[uplink]
broker = "{broker}"

[journal]
commit_interval = {COMMIT_SECONDS}
checkpoint_interval = {CHECKPOINT_SECONDS}
max_bytes = {max_bytes}
{devices}"""


def _device(number: int, device: str) -> str:
    interval, fast = ("1s", "5s") if device in virtual.BUSY_DEVICES else ("2s", "1s")
    return f"""
[[device]]
id = "{device}"
kind = "ups"
protocol = "snmp"
host = "127.0.0.1"
port = {virtual.FIRST_PORT + number}
interval = "{interval}"
fast_interval = "{fast}"
"""
