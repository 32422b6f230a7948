"""The kernel's table of neighbours (ARP, RFC 826; neighbour discovery, RFC 4861), read by netlink (rtnetlink(7)).

A device on our own network that answers no echo request must still answer ARP to be sent anything at all. What the
table says is believed only where the kernel has had such an answer within its own time of reachability (15 to 45 s by
default); an entry that may be stale is no proof. Reading it needs no privileges.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from enum import IntFlag
from ipaddress import IPv4Address, IPv6Address, ip_address

_RTM_NEWNEIGH, _RTM_GETNEIGH = 28, 30
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_NDA_DST = 1
_HEADER, _NDMSG, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BBHiHBB"), struct.Struct("=HH")
_MAX_BYTES = 4_000_000  # of the whole table
_RECEIVE = 1 << 17
_LOOK_SECONDS = 0.25


class Nud(IntFlag):
    """States of an entry (linux/neighbour.h); 0 is none."""

    INCOMPLETE = 0x01
    REACHABLE = 0x02
    STALE = 0x04
    DELAY = 0x08
    PROBE = 0x10
    FAILED = 0x20


_UNDECIDED = Nud.INCOMPLETE | Nud.STALE | Nud.DELAY | Nud.PROBE


async def answers(address: str, within: float) -> bool:
    """Whether a neighbour answers ARP, given that something was just sent to it: then the kernel asks by itself, at
    once for one that it does not know, after some seconds for one that it knew. Waits that long, at most `within` s."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while True:
        found = state(address)
        if found & Nud.REACHABLE:
            return True
        if not found & _UNDECIDED or loop.time() >= until:
            return False
        await asyncio.sleep(_LOOK_SECONDS)


def state(address: str) -> Nud:
    """What the kernel knows of this address now; Nud(0) where it is no neighbour, or the machine has no netlink."""
    try:
        wanted = ip_address(address)
        known = dict(parse(_dump(wanted)))
    except (ValueError, OSError):
        return Nud(0)
    return known.get(wanted, Nud(0))


def parse(data: bytes) -> Iterator[tuple[IPv4Address | IPv6Address, Nud]]:
    """The entries in a run of netlink messages; ends at the first that is none."""
    for kind, body in _messages(data):
        if kind == _RTM_NEWNEIGH and len(body) >= _NDMSG.size:
            address = _destination(body[_NDMSG.size :])
            if address is not None:
                yield address, Nud(_NDMSG.unpack_from(body)[4] & 0x3F)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each message's type and body."""
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if not _HEADER.size <= length <= len(data):
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def _destination(attributes: bytes) -> IPv4Address | IPv6Address | None:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if not _ATTRIBUTE.size <= length <= len(attributes):
            return None
        value = attributes[_ATTRIBUTE.size : length]
        if kind == _NDA_DST and len(value) in (4, 16):
            return ip_address(value)
        attributes = attributes[_aligned(length) :]
    return None


def _dump(wanted: IPv4Address | IPv6Address) -> bytes:
    """The table of the address's family. Raises OSError, also where there is no netlink."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError("no netlink on this system")
    kind = socket.AF_INET if wanted.version == 4 else socket.AF_INET6
    body = _NDMSG.pack(kind, 0, 0, 0, 0, 0, 0)
    head = _HEADER.pack(_HEADER.size + len(body), _RTM_GETNEIGH, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
    found = bytearray()
    with socket.socket(family, socket.SOCK_RAW, 0) as asked:  # NETLINK_ROUTE
        asked.settimeout(0.5)  # the kernel answers at once
        asked.send(head + body)
        while len(found) < _MAX_BYTES:
            part = asked.recv(_RECEIVE)
            found += part
            kinds = {kind for kind, _ in _messages(part)}
            if not kinds or kinds & {_NLMSG_DONE, _NLMSG_ERROR}:
                break
    return bytes(found)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
