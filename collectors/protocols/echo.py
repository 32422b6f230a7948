"""A burst of ICMP echo requests over one line (RFC 792, RFC 4443): sent close together, answers taken as they come."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from collectors.protocols.pinned import Pin, family_of, pinned_socket
from telemetry.clock import Clock

_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_HEADER = struct.Struct("!BBHHH")
_TOKEN_BYTES = 8
_NUMBER = struct.Struct("!H")
_DATAGRAM = 2048
_READ_AT_ONCE = 64  # datagrams; a raw socket hears every echo reply of this machine


@dataclass(slots=True)
class Burst:
    """What became of each request, in the order sent: seconds of its answer, None for none. `error` is what the
    system said of one that could not even be sent."""

    targets: Sequence[str]
    times: list[float | None]
    error: str = ""
    _sent_at: list[float] = field(default_factory=list)

    @property
    def answered(self) -> list[float]:
        return [each for each in self.times if each is not None]


async def burst(targets: Sequence[str], pin: Pin, clock: Clock, *, gap: float, wait: float) -> Burst:
    """One request to each of `targets` (literal addresses; name one several times to ask it several times).

    `gap`: seconds between requests; `wait`: seconds that answers may take after the last one. Raises PermissionError
    where this machine lets us send none, OSError where the line's interface or address is not there.
    """
    result = Burst(targets, [None] * len(targets))
    sockets = {family: _open(family, pin) for family in {family_of(target) for target in targets}}
    token = secrets.token_bytes(_TOKEN_BYTES)
    loop, complete = asyncio.get_running_loop(), asyncio.Event()

    def readable(family: socket.AddressFamily) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                data, sender = sockets[family].recvfrom(_DATAGRAM)
            except OSError:
                return
            _note(result, parse_reply(data, family, token), str(sender[0]), clock.monotonic())
            if None not in result.times:
                complete.set()

    try:
        for family, opened in sockets.items():
            loop.add_reader(opened, readable, family)
        for number, target in enumerate(targets):
            if number:
                await asyncio.sleep(gap)
            family = family_of(target)
            result._sent_at.append(clock.monotonic())
            try:
                sockets[family].sendto(request(family, token, number), (target, 0))
            except OSError as error:
                result.error = error.strerror or str(error)
        try:
            async with asyncio.timeout(wait):
                await complete.wait()
        except TimeoutError:
            pass
    finally:
        for opened in sockets.values():
            loop.remove_reader(opened)
            opened.close()
    return result


def request(family: socket.AddressFamily, token: bytes, number: int) -> bytes:
    """The bytes of one echo request; the kernel fills in the checksum of ICMPv6."""
    body = token + _NUMBER.pack(number)
    identifier = int.from_bytes(token[:2], "big")
    header = _HEADER.pack(_REQUEST[family], 0, 0, identifier, number)
    if family == socket.AF_INET:
        header = _HEADER.pack(_REQUEST[family], 0, checksum(header + body), identifier, number)
    return header + body


def parse_reply(data: bytes, family: socket.AddressFamily, token: bytes) -> int | None:
    """The number of the request that these bytes answer; None for what is no answer to one with this token.

    A raw IPv4 socket gives the IP header too. Our token in the body decides: the kernel changes the identifier of
    datagram sockets.
    """
    if family == socket.AF_INET and data and data[0] >> 4 == 4:
        data = data[(data[0] & 0x0F) * 4 :]
    body = data[_HEADER.size :]
    if len(body) < _TOKEN_BYTES + _NUMBER.size or data[0] != _REPLY[family] or body[:_TOKEN_BYTES] != token:
        return None
    return int(_NUMBER.unpack_from(body, _TOKEN_BYTES)[0])


def checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071."""
    padded = data + b"\x00" * (len(data) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _open(family: socket.AddressFamily, pin: Pin) -> socket.socket:
    """Raw where we may, else the datagram sockets that net.ipv4.ping_group_range allows."""
    try:
        return pinned_socket(family, socket.SOCK_RAW, _PROTOCOL[family], pin)
    except PermissionError:
        return pinned_socket(family, socket.SOCK_DGRAM, _PROTOCOL[family], pin)


def _note(result: Burst, number: int | None, sender: str, now: float) -> None:
    if number is None or number >= len(result._sent_at) or result.times[number] is not None:
        return
    if sender.partition("%")[0] == result.targets[number].partition("%")[0]:
        result.times[number] = now - result._sent_at[number]
