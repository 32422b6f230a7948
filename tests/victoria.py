"""A VictoriaMetrics of the test's own: on a free port, in a folder of its own, ended by its pid."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from simulator.net import ports

_START_SECONDS = 30.0


class VictoriaMetrics:
    """Start it, kill it, start it again on the same folder (or a wiped one)."""

    def __init__(self, program: str, folder: Path, port: int, retention: str = "100y") -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        self._command = [
            *(program, f"-storageDataPath={folder / 'data'}", f"-httpListenAddr=127.0.0.1:{port}"),
            *(f"-retentionPeriod={retention}", "-dedup.minScrapeInterval=1ms", "-memory.allowedBytes=64MB"),
            "-loggerLevel=ERROR",
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health", trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.02)
        raise AssertionError(f"VictoriaMetrics does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL: what it had not written is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def wipe(self) -> None:
        """Its disk is lost."""
        shutil.rmtree(self.folder / "data")

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


@contextmanager
def running(program: str) -> Iterator[VictoriaMetrics]:
    """One that runs, in memory where that can be: its many small files and syncs are no part of a test."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        made = VictoriaMetrics(program, Path(folder), ports.free_port())
        made.start()
        try:
            yield made
        finally:
            made.stop()
