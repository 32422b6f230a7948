"""NUT's network protocol (RFC 9271): the list of UPS units needs no credential."""

from __future__ import annotations

import re

from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host
from edge_agent.discovery.ways import text_service

PORT = 3493
_MOST_UNITS = 16
_UPS = re.compile(r'^UPS ([A-Za-z0-9_.@-]{1,64}) "((?:[^"\\]|\\.){0,200})"\s*$', re.MULTILINE)


async def look(host: Host, asking: Asking) -> None:
    """LIST UPS, where the port is open."""
    if not host.has(f"port:{PORT}"):
        return
    await asking.pace.packet()
    for name, words in parse(
        await text_service.ask(host.address, PORT, "LIST UPS\nLOGOUT\n", lambda told: b"END LIST UPS" in told)
    ):
        host.add("nut", name, words)


def parse(answer: str) -> list[tuple[str, str]]:
    """(name, description) of each UPS in an answer to LIST UPS."""
    return [(name, words.replace('\\"', '"')) for name, words in _UPS.findall(answer)][:_MOST_UNITS]
