"""A ward's network in Linux namespaces: machines joined by cables that can be cut. Needs root and iproute2."""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from tests.conftest import missing

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_numbers = itertools.count()


class Namespaces:
    """Namespaces and the cables between them; all of it is gone after `close`."""

    def __init__(self, ip: str) -> None:
        self._ip = ip
        self._names: dict[str, str] = {}
        self._children: list[subprocess.Popen[bytes]] = []

    def add(self, machine: str) -> None:
        """A machine with nothing but its loopback."""
        name = f"ww{os.getpid()}n{next(_numbers)}"
        self._run(self._ip, "netns", "add", name)
        self._names[machine] = name
        self.run(machine, "ip", "link", "set", "lo", "up")

    def cable(self, one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
        """A cable between two machines: (machine, interface, address/prefix or "") each."""
        ends = [("peer" if number else "", *end) for number, end in enumerate((one, other))]
        made: list[str] = []
        for word, machine, interface, _ in ends:
            made += [*([word] if word else []), "name", interface, "netns", self._names[machine]]
        self._run(self._ip, "link", "add", *made[:4], "type", "veth", *made[4:])
        for _, machine, interface, address in ends:
            if address:
                self.run(machine, "ip", "address", "add", address, "dev", interface)
            self.run(machine, "ip", "link", "set", interface, "up")

    def inside(self, machine: str, *command: str) -> tuple[str, ...]:
        """The command that runs a command there."""
        return (self._ip, "netns", "exec", self._names[machine], *command)

    def run(self, machine: str, *command: str) -> str:
        """Run a command there to its end; what it printed."""
        return self._run(*self.inside(machine, *command))

    def start(self, machine: str, *command: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start a program there; it ends with `close`."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more}
        child = subprocess.Popen(self.inside(machine, *command), **quiet)
        self._children.append(child)
        return child

    def do(self, machine: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine whose sockets belong to that machine: a thread of its own enters the namespace."""
        results: list[T] = []
        errors: list[BaseException] = []

        def inside() -> None:
            try:
                _enter(self._names[machine])
                results.append(asyncio.run(work()))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                errors.append(error)

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if errors:
            raise errors[0]
        return results[0]

    def close(self) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.wait(timeout=10)
        for name in self._names.values():
            subprocess.run([self._ip, "netns", "delete", name], check=False, capture_output=True)

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout


def namespaces(peer: Callable[[str], str]) -> Namespaces:
    """Empty namespaces, or a skip that says why there can be none."""
    ip = peer("ip")
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        missing("network namespaces need root on Linux")
    return Namespaces(ip)


def _enter(name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", name).open("rb") as opened:
        if libc.setns(opened.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
