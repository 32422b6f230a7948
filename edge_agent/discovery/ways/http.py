"""A web server's own words: Server, the realm it asks a password for, the page's title. Nothing is logged in to."""

from __future__ import annotations

import re

from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host
from edge_agent.discovery.ways import text_service

PORTS = (80, 8080)  # a TLS port tells no more without more packets
_HEADER = re.compile(r"^(server|www-authenticate):[ \t]*(.{1,300}?)\s*$", re.IGNORECASE | re.MULTILINE)
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,200})<", re.IGNORECASE)


async def look(host: Host, asking: Asking) -> None:
    """GET / of the first web port that is open."""
    for port in PORTS:
        if not host.has(f"port:{port}"):
            continue
        await asking.pace.packet()
        question = f"GET / HTTP/1.0\r\nHost: {host.address}\r\nUser-Agent: WardWatch\r\nConnection: close\r\n\r\n"
        told = await text_service.ask(host.address, port, question)
        if told.startswith("HTTP/"):
            host.add("http", "answers", str(port))
            for words in parse(told):
                host.add("text", words)
            return


def parse(answer: str) -> list[str]:
    """What tells of the device in an HTTP answer."""
    head, _, body = answer.partition("\r\n\r\n")
    return [value for _, value in _HEADER.findall(head)][:4] + _TITLE.findall(body)[:1]
