"""Ports for programs that must be told their port before they open it.

Taken from below the kernel's own range: a port that the kernel gave out and took back may be given to any connection
that is made before the program opens it.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LOWEST = 12_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 200


def free_port(kind: int = socket.SOCK_STREAM, preferred: int = 0) -> int:
    """`preferred` if nothing has it, else a port of the loopback that nothing uses now. Raises OSError."""
    chance = random.SystemRandom()
    for port in (preferred, *(chance.randrange(_LOWEST, _end()) for _ in range(_TRIES))):
        if port and _is_free(kind, port):
            return port
    raise OSError(f"no free port on {LOOPBACK}")


def _is_free(kind: int, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _end() -> int:
    """Where the kernel's own range begins; elsewhere than on Linux, where it does on Linux."""
    try:
        return max(_LOWEST + 1000, int(_RANGE.read_text(encoding="ascii").split()[0]))
    except (OSError, ValueError, IndexError):
        return 32_768
