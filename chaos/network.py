"""The city's line as network namespaces: each ward and the district on a cable of its own to one bridge."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from pathlib import Path

from chaos.commands import CommandError, run

INTERFACE = "man0"  # a ward's end of its cable
DISTRICT_ADDRESS = "10.77.0.1"
_BRIDGE = "bridge"
_RULES = "wardwatch_chaos"


class Network:
    """Namespaces named after this process; all of it is gone after `close`."""

    def __init__(self) -> None:
        self._machines: list[str] = []
        self._cuts: Counter[str] = Counter()  # how many hold its cable out
        self._add("man")
        self._in("man", "ip", "link", "add", _BRIDGE, "type", "bridge")
        self._in("man", "ip", "link", "set", _BRIDGE, "up")

    def add(self, machine: str, address: str) -> None:
        """A machine with its loopback and a cable to the city line."""
        self._add(machine)
        port = self._port(machine)
        far, near = ("name", port, "netns", self._name("man")), ("name", INTERFACE, "netns", self._name(machine))
        run("ip", "link", "add", *far, "type", "veth", "peer", *near)
        self._in("man", "ip", "link", "set", port, "master", _BRIDGE, "up")
        self._in(machine, "ip", "address", "add", f"{address}/16", "dev", INTERFACE)
        self._in(machine, "ip", "link", "set", INTERFACE, "up")

    def namespace(self, machine: str) -> Path:
        return Path("/run/netns", self._name(machine))

    def cut(self, machine: str) -> None:
        """Its cable is pulled out of the city's side: no packet passes, and no connection is told. It is in again
        when everybody who pulled it out has mended it."""
        self._cuts[machine] += 1
        self._in("man", "ip", "link", "set", self._port(machine), "down")

    def mend(self, machine: str) -> None:
        self._cuts[machine] -= 1
        if self._cuts[machine] == 0:
            self._in("man", "ip", "link", "set", self._port(machine), "up")

    def lose(self, machine: str, percent: int) -> None:
        """So many packets in a hundred vanish, each way, by chance."""
        rules = f"""
            table inet {_RULES} {{
                chain in {{ type filter hook input priority 0;
                    iifname "{INTERFACE}" numgen random mod 100 < {percent} drop; }}
                chain out {{ type filter hook output priority 0;
                    oifname "{INTERFACE}" numgen random mod 100 < {percent} drop; }}
            }}"""
        self._in(machine, "nft", rules)

    def lose_nothing(self, machine: str) -> None:
        self._in(machine, "nft", "delete", "table", "inet", _RULES)

    def close(self) -> None:
        for machine in self._machines:
            with contextlib.suppress(CommandError):
                run("ip", "netns", "delete", self._name(machine))
        self._machines.clear()

    def _add(self, machine: str) -> None:
        run("ip", "netns", "add", self._name(machine))
        self._machines.append(machine)
        self._in(machine, "ip", "link", "set", "lo", "up")

    def _port(self, machine: str) -> str:
        return f"to-{machine}"[:15]

    def _name(self, machine: str) -> str:
        return f"wwchaos{os.getpid()}-{machine}"

    def _in(self, machine: str, *command: str) -> None:
        run("nsenter", f"--net={self.namespace(machine)}", *command)
