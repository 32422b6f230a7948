"""The kernel's neighbour table (ARP): who answered on the wire, ping or not, and each one's MAC."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from edge_agent.discovery.asking import Asking
from telemetry.kernel_tables import ARP_FILE, complete_entries, read_kernel

_EVERY = 1.0  # seconds


async def watch(asking: Asking) -> None:
    """Look again and again until cancelled: the sweep makes the kernel ask, and the table fills."""
    while (table := read_kernel(ARP_FILE)) is not None:
        look(asking, table)
        await asyncio.sleep(_EVERY)
    asking.findings.note("discover.note.no_neighbours")


def look(asking: Asking, table: str) -> None:
    """Write down what the table says of hosts that are searched."""
    for address, mac in {entry.address: entry.mac for entry in complete_entries(table)}.items():
        host = asking.host(address)
        if host is not None and not host.mac:
            host.mac = mac
            host.add("arp", "answers")
            if maker := maker_of(mac):
                host.add("maker", maker)
                host.describe(vendor=maker)


def maker_of(mac: str) -> str:
    """Who made the network card, as far as our small table goes; "" otherwise."""
    return _makers().get(mac[:8].lower(), "")


@lru_cache(maxsize=1)
def _makers() -> Mapping[str, str]:
    data = resources.files("edge_agent.discovery").joinpath("data", "makers.toml").read_text(encoding="utf-8")
    return {block: maker for maker, blocks in tomllib.loads(data)["maker"].items() for block in blocks.split()}
