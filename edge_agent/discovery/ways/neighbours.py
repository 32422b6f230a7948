"""The kernel's neighbour table (ARP): who answered on the wire, ping or not, and each one's MAC."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from edge_agent.discovery.asking import Asking

_TABLE = Path("/proc/net/arp")
_COMPLETE = 0x2  # ATF_COM, linux/if_arp.h
_EVERY = 1.0  # seconds


async def watch(asking: Asking) -> None:
    """Look again and again until cancelled: the sweep makes the kernel ask, and the table fills."""
    while (table := read_kernel(_TABLE)) is not None:
        look(asking, table)
        await asyncio.sleep(_EVERY)
    asking.findings.note("discover.note.no_neighbours")


def read_kernel(file: Path) -> str | None:
    """A table that the kernel makes up from memory as it is read; None where this system has none."""
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def look(asking: Asking, table: str) -> None:
    """Write down what the table says of hosts that are searched."""
    for address, mac in parse(table).items():
        host = asking.host(address)
        if host is not None and not host.mac:
            host.mac = mac
            host.add("arp", "answers")
            if maker := maker_of(mac):
                host.add("maker", maker)
                host.describe(vendor=maker)


def parse(table: str) -> dict[str, str]:
    """Address → MAC of the complete entries of /proc/net/arp."""
    found: dict[str, str] = {}
    for line in table.splitlines()[1:]:
        parts = line.split()
        if len(parts) >= 4 and parts[2].startswith("0x"):
            try:
                complete = int(parts[2], 16) & _COMPLETE
            except ValueError:
                continue
            if complete and parts[3] != "00:00:00:00:00:00":
                found[parts[0]] = parts[3].lower()
    return found


def maker_of(mac: str) -> str:
    """Who made the network card, as far as our small table goes; "" otherwise."""
    return _makers().get(mac[:8].lower(), "")


@lru_cache(maxsize=1)
def _makers() -> Mapping[str, str]:
    data = resources.files("edge_agent.discovery").joinpath("data", "makers.toml").read_text(encoding="utf-8")
    return {block: maker for maker, blocks in tomllib.loads(data)["maker"].items() for block in blocks.split()}
