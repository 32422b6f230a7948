"""Echo requests to every address, over one socket (RFC 792)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os

from icmplib import ICMPRequest, ICMPv4Socket
from icmplib.exceptions import ICMPLibError, SocketPermissionError, TimeoutExceeded

from edge_agent.discovery.asking import Asking

_LOG = logging.getLogger(__name__)
_WAIT = 1.0  # seconds after the last request
_ECHO_REPLY = 0
_ROUNDS = 2  # the first packet to a host may die of its ARP question


async def sweep(asking: Asking) -> None:
    """Ask all; a host is seen when it answers. Without permission to ping, the search relies on ARP and TCP."""
    try:
        asker = _socket()
    except ICMPLibError as error:
        _LOG.info("no echo requests: %s", error)
        asking.findings.note("discover.note.no_ping")
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(asker.sock.fileno(), _read, asker, asking)
    try:
        for number in range(_ROUNDS):
            for address in asking.scope.addresses():
                host = asking.findings.hosts.get(address)
                if host is not None and host.has("icmp:answers"):
                    continue
                await asking.pace.packet()
                with contextlib.suppress(ICMPLibError):  # no route to this one
                    asker.send(ICMPRequest(address, id=os.getpid() & 0xFFFF, sequence=number + 1))
            await asyncio.sleep(_WAIT)
    finally:
        loop.remove_reader(asker.sock.fileno())
        asker.close()


def _socket() -> ICMPv4Socket:
    try:
        return ICMPv4Socket(privileged=True)
    except SocketPermissionError:
        return ICMPv4Socket(privileged=False)  # net.ipv4.ping_group_range


def _read(asker: ICMPv4Socket, asking: Asking) -> None:
    try:
        reply = asker.receive(timeout=0.001)
    except (TimeoutExceeded, ICMPLibError):
        return
    if reply.type == _ECHO_REPLY and (host := asking.host(reply.source)) is not None:
        host.add("icmp", "answers")
