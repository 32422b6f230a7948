"""Processes that the demo starts, may kill and start again, and always ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(slots=True)
class Usage:
    """What a process cost, over all its lives."""

    cpu_seconds: float = 0.0
    peak_rss_mb: float = 0.0


@dataclass(slots=True)
class Program:
    """One of the demo's programs: its command, its log, and what it cost so far."""

    name: str
    command: Sequence[str | Path]
    log: Path
    usage: Usage = field(default_factory=Usage)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            # Its own session, so that Ctrl-C reaches the demo alone and the demo ends each in order.
            self._process = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and not self._reap(wait=False)

    @property
    def pid(self) -> int:
        """Of the life it has now. Raises RuntimeError where it has none."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        self._end(signal.SIGKILL, seconds=10)

    def stop(self, seconds: float) -> None:
        """SIGTERM, and SIGKILL for what has not ended after `seconds`."""
        self._end(signal.SIGTERM, seconds)

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _end(self, with_signal: signal.Signals, seconds: float) -> None:
        if self._process is None or self._reap(wait=False):
            return
        os.kill(self._process.pid, with_signal)
        deadline = time.monotonic() + seconds
        while not self._reap(wait=False):
            if time.monotonic() > deadline:
                os.kill(self._process.pid, signal.SIGKILL)
                self._reap(wait=True)
                return
            time.sleep(0.02)

    def _reap(self, *, wait: bool) -> bool:
        """Whether it has ended; its costs are read at that moment, since a killed process leaves nothing else."""
        process = self._process
        if process is None:
            return True
        pid, status, cost = os.wait4(process.pid, 0 if wait else os.WNOHANG)
        if pid == 0:
            return False
        process.returncode = os.waitstatus_to_exitcode(status)
        self.usage.cpu_seconds += cost.ru_utime + cost.ru_stime
        scale = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB here
        self.usage.peak_rss_mb = max(self.usage.peak_rss_mb, cost.ru_maxrss * scale / 1e6)
        self._process = None
        return True
