"""Sockets that use one line and no other, and which line the kernel would take by itself."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import psutil

_DISCARD_PORT = 9  # RFC 863; connecting a UDP socket sends nothing


@dataclass(frozen=True, slots=True)
class Pin:
    """The line that packets must take: by interface (SO_BINDTODEVICE), by source address, both or neither."""

    interface: str = ""
    source: str = ""


def family_of(address: str) -> socket.AddressFamily:
    """AF_INET or AF_INET6 of a literal address. Raises ValueError for another text."""
    return socket.AF_INET6 if ipaddress.ip_address(address.partition("%")[0]).version == 6 else socket.AF_INET


def pinned_socket(family: socket.AddressFamily, kind: socket.SocketKind, protocol: int, pin: Pin) -> socket.socket:
    """A non-blocking socket of that line.

    Raises PermissionError where this system does not let us, other OSErrors where the interface or its address is
    not there.
    """
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        if pin.interface:
            option = getattr(socket, "SO_BINDTODEVICE", None)
            if option is None:
                raise PermissionError("this system pins no socket to an interface; name the line by `source`")
            made.setsockopt(socket.SOL_SOCKET, option, pin.interface.encode())
        if pin.source:
            made.bind((pin.source, 0))
    except BaseException:
        made.close()
        raise
    return made


def source_towards(address: str) -> str:
    """The address of ours from which the kernel would send to `address` now. Raises OSError where it has no route."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as probe:
        probe.connect((address, _DISCARD_PORT))
        return str(probe.getsockname()[0])


def addresses_of(interface: str) -> frozenset[str]:
    """The interface's own addresses; empty where there is no such interface."""
    return frozenset(each.address.partition("%")[0] for each in psutil.net_if_addrs().get(interface, ()))
