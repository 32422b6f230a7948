"""A small ward network of namespaces on one bridge: the agent's own at .1, and a namespace for each host."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.conftest import missing

PREFIX = "10.77.0"


class WardNetwork:
    """Namespaces and the processes in them. `close` ends only what was started here."""

    def __init__(self, tag: str) -> None:
        self.tag = f"wd{os.getpid() % 100000}{tag}"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - what the hosts print, shown when one does not come up
        self.agent = f"{self.tag}-a"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.spaces: list[str] = []
        self._space(self.agent)
        self._ip("-n", self.agent, "link", "add", "br0", "type", "bridge")
        self._ip("-n", self.agent, "link", "set", "br0", "up")
        self._ip("-n", self.agent, "addr", "add", f"{PREFIX}.1/24", "dev", "br0")

    def host(self, number: int) -> str:
        """A new host at 10.77.0.<number>; its namespace."""
        name = f"{self.tag}-{number}"
        self._space(name)
        inside, outside = "eth0", f"h{number}"
        self._ip("-n", self.agent, "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        self._ip("-n", self.agent, "link", "set", outside, "master", "br0", "up")
        self._ip("-n", name, "addr", "add", f"{PREFIX}.{number}/24", "dev", inside)
        self._ip("-n", name, "link", "set", inside, "up")
        self._ip("-n", name, "route", "add", "default", "dev", inside)
        return name

    def start(self, space: str, *command: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        """A process in a namespace."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", space, *map(str, command)],
            env={**os.environ, **environment},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def run(self, *command: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A command in the agent's namespace."""
        return subprocess.run(
            ["ip", "netns", "exec", self.agent, *map(str, command)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "LANG": "en"},
        )

    def wait_for(self, number: int, port: int, seconds: float = 20) -> None:
        """Until the host accepts connections there."""
        knock = f"import socket; socket.create_connection(('{PREFIX}.{number}', {port}), 1)"
        self.until(lambda: self.run("python3", "-c", knock).returncode == 0, f"{PREFIX}.{number}:{port}", seconds)

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                self._log.seek(0)
                told = self._log.read().decode(errors="replace")[-2000:]
                pytest.fail(f"{what} did not come within {seconds} s: {told}")
            time.sleep(0.1)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)  # its own session: what it started ends with it
        for process in self.processes:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)

    def _space(self, name: str) -> None:
        self._ip("netns", "add", name)
        self.spaces.append(name)
        self._ip("-n", name, "link", "set", "lo", "up")

    @staticmethod
    def _ip(*arguments: str) -> None:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            missing(f"network namespaces (ip {' '.join(arguments)}: {done.stderr.strip()})")


def seen_by(log: Path) -> Sequence[str]:
    """What the eavesdropper wrote down."""
    return log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
