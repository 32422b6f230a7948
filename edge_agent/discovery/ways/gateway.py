"""The way out: the default gateway of this machine is the ward's router."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from edge_agent.discovery.asking import Asking
from telemetry.kernel_tables import read_kernel

_ROUTES = Path("/proc/net/route")
_UP_GATEWAY = 0x3  # RTF_UP | RTF_GATEWAY, linux/route.h


async def look(asking: Asking) -> None:
    """Write down the gateway, where the kernel says one."""
    for address in parse(read_kernel(_ROUTES) or ""):
        host = asking.host(address)
        if host is not None:
            host.add("gateway", "default")


def parse(table: str) -> list[str]:
    """The gateways of the default routes of /proc/net/route."""
    found = []
    for line in table.splitlines()[1:]:
        parts = line.split()
        try:
            target, gateway, flags = (int(part, 16) for part in parts[1:4])
        except ValueError:
            continue
        if target == 0 and flags & _UP_GATEWAY == _UP_GATEWAY:
            found.append(socket.inet_ntoa(struct.pack("=I", gateway)))
    return found
