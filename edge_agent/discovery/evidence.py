"""What was seen of each host, and hosts seen under several addresses merged into one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

MAX_TEXT = 120  # characters of anything a host says of itself
_MOST_PER_HOST = 200  # pieces of evidence; a host that says more is making it up
_MOST_ADDRESSES = 4  # of one MAC; beyond that it is a router that answers for others (proxy ARP, RFC 1027)


def clean(told: str) -> str:
    """Text from the network as one printable line: no control, format (bidi) or unpaired surrogate characters."""
    kept = (" " if unicodedata.category(each) in ("Cc", "Zl", "Zp") else each for each in told[: 4 * MAX_TEXT])
    printable = "".join(each for each in kept if unicodedata.category(each) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(printable.split())[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing seen. Rules match `token`; `detail` is for the draft (a path, a name) and for people."""

    way: str
    what: str
    detail: str = ""

    @property
    def token(self) -> str:
        return f"{self.way}:{self.what}".casefold()


@dataclass(slots=True)
class Host:
    """One device on the network as far as it is known. `address` is its lowest."""

    address: str
    mac: str = ""
    also_at: list[str] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)  # by token
    vendor: str = ""
    model: str = ""
    name: str = ""

    def add(self, way: str, what: str, detail: str = "") -> None:
        """One sighting; the first of a token stays."""
        seen = Evidence(way, clean(what), clean(detail))
        if len(self.evidence) < _MOST_PER_HOST:
            self.evidence.setdefault(seen.token, seen)

    def describe(self, *, vendor: str = "", model: str = "", name: str = "") -> None:
        """What the host is called; the first that knows wins."""
        self.vendor = self.vendor or clean(vendor)
        self.model = self.model or clean(model)
        self.name = self.name or clean(name)

    def has(self, token: str) -> bool:
        return token.casefold() in self.evidence

    def of(self, way: str) -> Iterator[Evidence]:
        """Every piece of evidence that came this way, in the order seen."""
        return (each for each in list(self.evidence.values()) if each.way == way)


@dataclass(slots=True)
class Findings:
    """Every host seen so far; kept outside of the search, so that what was found survives its end."""

    hosts: dict[str, Host] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # keys of texts: what could not be tried here

    def host(self, address: str) -> Host:
        """The host at this address, new where it was not seen before."""
        return self.hosts.setdefault(address, Host(address))

    def note(self, key: str) -> None:
        if key not in self.notes:
            self.notes.append(key)

    def merged(self) -> list[Host]:
        """One entry a device, by address: several addresses of one MAC are one device."""
        by_mac: dict[str, list[Host]] = {}
        for host in self.hosts.values():
            by_mac.setdefault(host.mac or host.address, []).append(host)
        merged: list[Host] = []
        for group in by_mac.values():
            merged += [_one_of(group)] if len(group) <= _MOST_ADDRESSES else group
        return sorted(merged, key=lambda host: IPv4Address(host.address))


def _one_of(group: list[Host]) -> Host:
    first, *others = sorted(group, key=lambda host: IPv4Address(host.address))
    whole = Host(first.address, first.mac, [], dict(first.evidence), first.vendor, first.model, first.name)
    for other in others:
        whole.also_at.append(other.address)
        for token, seen in other.evidence.items():
            whole.evidence.setdefault(token, seen)
        whole.describe(vendor=other.vendor, model=other.model, name=other.name)
    return whole
