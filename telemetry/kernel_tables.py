"""Tables that the Linux kernel shows under /proc/net (proc(5))."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ARP_FILE = Path("/proc/net/arp")
_COMPLETE = 0x2  # ATF_COM, linux/if_arp.h
_NOBODY = "00:00:00:00:00:00"


class ArpEntry(NamedTuple):
    """Who answered on the wire: an IPv4 address, its MAC in small letters, and this machine's interface."""

    address: str
    mac: str
    interface: str


def read_kernel(file: Path) -> str | None:
    """A table that the kernel makes up from memory as it is read; None where this system has none."""
    try:
        return file.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None


def complete_entries(table: str) -> list[ArpEntry]:
    """Those of /proc/net/arp whose MAC is known; its columns: address, hardware type, flags, MAC, mask, interface."""
    found = []
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) < 6 or not words[2].startswith("0x"):
            continue
        try:
            complete = int(words[2], 16) & _COMPLETE
        except ValueError:
            continue
        if complete and words[3] != _NOBODY:
            found.append(ArpEntry(words[0], words[3].lower(), words[5]))
    return found
