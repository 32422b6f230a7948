"""Which addresses are searched: the ward's own private networks, or what the person named. Never the internet."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Protocol

import psutil

MOST_HOSTS = 1022  # a /22; more must be said
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")))
_NOT_THE_WARD = ("docker", "br-", "veth", "virbr", "lo")  # networks inside this machine


class _InterfaceAddress(Protocol):
    @property
    def family(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def netmask(self) -> str | None: ...


class BadNetwork(Exception):
    """What was asked for is not searched. `key` is the text that says why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Scope:
    """What is searched: networks, and single hosts that the person named."""

    networks: tuple[IPv4Network, ...]
    named: tuple[str, ...] = ()

    def addresses(self) -> list[str]:
        """Every host address, each once, named ones first."""
        every = (str(host) for network in self.networks for host in network.hosts())
        return list(dict.fromkeys([*self.named, *every]))

    def holds(self, address: str) -> bool:
        if address in self.named:
            return True
        try:
            parsed = IPv4Address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)


def own_interfaces(told: Mapping[str, Sequence[_InterfaceAddress]] | None = None) -> list[IPv4Interface]:
    """This machine's IPv4 addresses with their networks, without those of containers inside it."""
    if told is None:
        told = {name: list(addresses) for name, addresses in psutil.net_if_addrs().items()}
    found = []
    for name, addresses in told.items():
        if name.startswith(_NOT_THE_WARD):
            continue
        for each in addresses:
            if each.family == socket.AF_INET and each.netmask:
                found.append(IPv4Interface(f"{each.address}/{each.netmask}"))
    return found


def scope(cidr: str | None, named: Iterable[str], own: Sequence[IPv4Interface], most_hosts: int = MOST_HOSTS) -> Scope:
    """What to search. Raises BadNetwork for what is public, too large, no network, or where there is none."""
    hosts = tuple(_named(host) for host in named)
    if cidr is not None:
        networks: tuple[IPv4Network, ...] = (_parsed(cidr),)
    elif hosts:
        networks = ()
    else:
        networks = tuple(dict.fromkeys(each.network for each in own if is_private(each.network)))
        if not networks:
            raise BadNetwork("discover.wrong.no_network")
    for network in networks:
        if not is_private(network):
            raise BadNetwork("discover.wrong.public", given=network)
    if len(networks) == 1 and networks[0].prefixlen == 32 and not hosts:
        hosts = (str(networks[0].network_address),)  # a network of one host names that host
    total = sum(max(1, network.num_addresses - 2) for network in networks)
    if total > most_hosts:
        raise BadNetwork("discover.wrong.too_large", given=", ".join(map(str, networks)), hosts=total, most=most_hosts)
    return Scope(networks, hosts)


def is_private(network: IPv4Network) -> bool:
    """RFC 1918, link-local and loopback: what a ward's network is made of."""
    return any(network.subnet_of(private) for private in _PRIVATE)


def _parsed(cidr: str) -> IPv4Network:
    try:
        return IPv4Network(cidr.strip(), strict=False)
    except ValueError as error:
        raise BadNetwork("discover.wrong.no_cidr", given=cidr) from error


def _named(host: str) -> str:
    try:
        address = IPv4Address(host.strip())
    except ValueError as error:
        raise BadNetwork("discover.wrong.no_address", given=host) from error
    if not is_private(IPv4Network(address)):
        raise BadNetwork("discover.wrong.public", given=host)
    return str(address)
