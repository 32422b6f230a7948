"""The MAN between a ward and its district as two network namespaces and a cable, and what crosses it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.namespaces import Namespaces

WARD, DISTRICT = "10.77.0.1", "10.77.0.2"
_ETHERNET_BYTES = 14  # a header that each packet has on this cable and not on the MAN


@dataclass(frozen=True, slots=True)
class Crossed:
    """Both directions together: IP packets, their bytes with all headers, and what TCP carried in them."""

    packets: int
    ip_bytes: int
    tcp_bytes: int

    def __sub__(self, before: Crossed) -> Crossed:
        return Crossed(
            self.packets - before.packets, self.ip_bytes - before.ip_bytes, self.tcp_bytes - before.tcp_bytes
        )


class Line:
    """One ward's end and one district's, alone in the world."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces

    def inside(self, machine: str, *command: str | Path) -> tuple[str, ...]:
        """A command that runs in "ward" or "district"."""
        return self._namespaces.inside(machine, *map(str, command))

    def do(self, machine: str, work: Callable[[], object]) -> None:
        """Work whose sockets, once made, belong to that machine."""

        async def once() -> None:
            work()

        self._namespaces.do(machine, once)

    def crossed(self, port: int) -> Crossed:
        """Since the line is there; TCP's part of the ward's open connections to that port of the district."""
        counters = self._namespaces.run("ward", "cat", "/proc/net/dev")
        found = re.search(r"man0:\s*(.*)", counters)
        assert found is not None, counters
        numbers = [int(each) for each in found.group(1).split()]
        packets = numbers[1] + numbers[9]
        talk = self._namespaces.run("ward", "ss", "-tinH", "dst", f"{DISTRICT}:{port}")
        tcp = sum(map(int, re.findall(r"\bbytes_(?:acked|received):(\d+)", talk)))
        return Crossed(packets, numbers[0] + numbers[8] - _ETHERNET_BYTES * packets, tcp)


@contextmanager
def line() -> Iterator[Line]:
    """Raises SystemExit where there can be none."""
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin")
    if ip is None or os.geteuid() != 0:
        raise SystemExit("bench man-bytes: network namespaces need root and iproute2")
    namespaces = Namespaces(ip)
    try:
        for machine in ("ward", "district"):
            namespaces.add(machine)
            # Neighbour discovery would be counted as ours.
            namespaces.run(machine, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        namespaces.cable(("ward", "man0", f"{WARD}/30"), ("district", "man0", f"{DISTRICT}/30"))
        yield Line(namespaces)
    finally:
        namespaces.close()
