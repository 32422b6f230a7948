"""One question to one name server over one line (RFC 1035): whether names resolve there, and how soon.

The system's resolver chooses server and line itself, caches and blocks; none of that measures a line.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from pathlib import Path

from collectors.protocols.pinned import Pin, family_of, pinned_socket
from telemetry.clock import Clock

_HEADER = struct.Struct("!HHHHHH")
_RECURSE = 0x0100
_IS_ANSWER, _TRUNCATED = 0x8000, 0x0200
_TYPE_A, _CLASS_IN = 1, 1
_PORT = 53
_RCODES = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
RESOLV_CONF = Path("/etc/resolv.conf")


class NotResolved(Exception):
    """The name has no address there, or nobody answered; the text says which, for the log."""


async def resolve(name: str, server: str, pin: Pin, clock: Clock, *, timeout: float, port: int = _PORT) -> float:
    """Seconds until `server` (a literal address) told an address of `name`. Raises NotResolved and OSError."""
    number = secrets.randbits(16)
    question = query(name, number)
    asked = pinned_socket(family_of(server), socket.SOCK_DGRAM, 0, pin)
    loop = asyncio.get_running_loop()
    try:
        asked.connect((server, port))
        started = clock.monotonic()
        for share in (1 / 3, 2 / 3):  # a datagram may be lost: ask twice
            await loop.sock_sendall(asked, question)
            try:
                async with asyncio.timeout(timeout * share):
                    while True:
                        told = verdict(await loop.sock_recv(asked, 4096), question)
                        if told is not None:
                            break
            except TimeoutError:
                continue
            if told:
                raise NotResolved(f"{server} says {told} of {name}")
            return clock.monotonic() - started
    finally:
        asked.close()
    raise NotResolved(f"{server} did not answer within {timeout:g} s")


def query(name: str, number: int) -> bytes:
    """A question for A records. Raises ValueError for what is no host name."""
    labels = name.rstrip(".").encode("idna").split(b".")
    if not all(0 < len(label) < 64 for label in labels) or sum(map(len, labels)) + len(labels) > 254:
        raise ValueError(f"no host name: {name}")
    body = b"".join(bytes([len(label)]) + label for label in labels) + b"\x00"
    return _HEADER.pack(number, _RECURSE, 1, 0, 0, 0) + body + struct.pack("!HH", _TYPE_A, _CLASS_IN)


def verdict(data: bytes, question: bytes) -> str | None:
    """ "" where `data` answers `question` with records, else what it says instead; None for no answer to it."""
    if len(data) < _HEADER.size or data[:2] != question[:2]:
        return None
    _, flags, _, answers, _, _ = _HEADER.unpack_from(data)
    same = data[_HEADER.size : len(question)].lower() == question[_HEADER.size :].lower()
    code = flags & 0x0F
    if not flags & _IS_ANSWER or not (same or code == 1):
        return None
    if code:
        return _RCODES.get(code, f"RCODE {code}")
    return "" if answers or flags & _TRUNCATED else "no address"


def system_server(file: Path = RESOLV_CONF) -> str | None:
    """The first name server of resolv.conf(5); None where there is none. Raises OSError."""
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                family_of(words[1])
            except ValueError:
                continue
            return words[1]
    return None
