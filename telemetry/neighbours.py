"""Who a device says is beside it: what LLDP, a switch's forwarding table and a router's ARP table tell."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Sight(StrEnum):
    """How a neighbour was seen."""

    SELF = "self"  # the device's own address or name
    LLDP = "lldp"  # it announced itself on this port (IEEE 802.1AB)
    BRIDGE = "bridge"  # its frames come in by this port (forwarding table)
    ARP = "arp"  # its IP address has this MAC


class Neighbour(NamedTuple):
    """One sight. What is not known is "".

    port: the seeing device's own port, named as in its port readings. mac: "00:1b:21:0a:0b:0c". name: a system name.
    addresses: IP addresses. remote_port: what the neighbour calls its own end.
    """

    sight: Sight
    port: str = ""
    mac: str = ""
    name: str = ""
    addresses: tuple[str, ...] = ()
    remote_port: str = ""
