"""What each device hangs on: LLDP, forwarding tables and ARP tables of all devices, joined into one tree.

The tree is seen from the agent's machine, for it says what cuts what off: of a cable between two switches the one
nearer to the agent is the other's parent. The configuration wins over LLDP, LLDP over forwarding tables.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from telemetry.neighbours import Neighbour, Sight
from telemetry.readings import DeviceInfo

_T = TypeVar("_T")

MANY = 16  # MACs behind a port of which it is not known where it leads: such a port is no device's own


class Place(NamedTuple):
    """Where a device is plugged in; `port` is "" where it is not known."""

    parent: str
    port: str


class _End(NamedTuple):
    """One port of one switch or router."""

    device: str
    port: str


@dataclass(slots=True)
class Evidence:
    """What was seen, indexed for the join."""

    by_mac: dict[str, list[str]] = field(default_factory=dict)  # → devices
    by_name: dict[str, str] = field(default_factory=dict)
    by_address: dict[str, list[str]] = field(default_factory=dict)
    announced: dict[str, list[_End]] = field(default_factory=dict)  # device → ports on which LLDP shows it
    heard: dict[str, list[_End]] = field(default_factory=dict)  # device → ports behind which its MAC is
    behind: Counter[_End] = field(default_factory=Counter)  # MACs behind each port
    facing: dict[str, str] = field(default_factory=dict)  # switch or router → its port towards the agent
    oriented: bool = False  # it is known where the agent is

    def devices(self, seen: Neighbour) -> list[str]:
        """Which configured devices this neighbour is: by MAC, address, or the name that it gives itself."""
        found = list(self.by_mac.get(seen.mac, ())) if seen.mac else []
        for address in seen.addresses:
            found += self.by_address.get(address, ())
        if not found and seen.name and seen.sight is Sight.LLDP:
            name = self.by_name.get(seen.name.casefold())
            found += [name] if name else []
        return list(dict.fromkeys(found))


class Topology:
    """Holds what every device last told and where each was last found: a device that is off hangs where it hung."""

    def __init__(self, devices: Sequence[DeviceInfo]) -> None:
        self._devices = tuple(devices)
        self._seen: dict[str, list[Neighbour]] = {}
        self._own: Sequence[Neighbour] = ()
        self._places: dict[str, Place] = {}

    def learn(self, device: str, neighbours: Sequence[Neighbour], own: Sequence[Neighbour]) -> bool:
        """What one device tells now, and the agent's own machine. True where that moved something."""
        self._seen[device] = _merged(self._seen.get(device, ()), neighbours)
        self._own = own
        places = {**self._places, **join(self._devices, self._seen, own)}
        places = without_rings(self._devices, places)
        moved = places != self._places
        self._places = places
        return moved

    def devices(self) -> tuple[DeviceInfo, ...]:
        """The configured devices with what they were found to hang on."""
        return tuple(_placed(device, self._places.get(device.id)) for device in self._devices)


def join(
    devices: Sequence[DeviceInfo], seen: Mapping[str, Sequence[Neighbour]], own: Sequence[Neighbour]
) -> dict[str, Place]:
    """Where each device is plugged in, as far as `seen` (device → what it told) and the agent's `own` tell it."""
    evidence = _index(devices, seen, own)
    places: dict[str, Place] = {}
    for device in devices:
        for ends in (evidence.announced.get(device.id, []), evidence.heard.get(device.id, [])):
            if device.parent:
                ends = [end for end in ends if end.device == device.parent]
            end = _nearest(device.id, ends, evidence)
            if end is not None:
                places[device.id] = Place(*end)
                break
    return places


def without_rings(devices: Sequence[DeviceInfo], places: Mapping[str, Place]) -> dict[str, Place]:
    """`places` without those that would make a device hang on itself in the end."""
    kept: dict[str, Place] = {}
    parents = {device.id: device.parent for device in devices if device.parent}
    for device in reversed(devices):  # where nothing else decides, the switch that the file names first is the upper
        place = places.get(device.id)
        if place is not None and (device.parent or not _leads_to(place.parent, device.id, parents)):
            kept[device.id] = place
            parents.setdefault(device.id, place.parent)
    return kept


# ---- from sights to evidence -----------------------------------------------------------------------------------


def _index(
    devices: Sequence[DeviceInfo], seen: Mapping[str, Sequence[Neighbour]], own: Sequence[Neighbour]
) -> Evidence:
    evidence = Evidence()
    everything = [*own, *(each for told in seen.values() for each in told)]
    owners = {address: each.mac for each in reversed(everything) if each.sight is Sight.ARP
              for address in each.addresses}  # fmt: skip
    for teller, told in seen.items():
        for each in told:
            if each.sight is Sight.SELF:
                _add(evidence.by_mac, each.mac, teller)
                if each.name:
                    evidence.by_name.setdefault(each.name.casefold(), teller)
    themselves = set(evidence.by_mac)
    agent = {each.mac for each in own if each.sight is Sight.SELF and each.mac}
    for device in devices:
        address = host_of(device.address)
        if address:
            _add(evidence.by_address, address, device.id)
        mac = owners.get(address, "")
        if mac not in themselves:  # a router that answers ARP for others is not them
            _add(evidence.by_mac, mac, device.id)
        if device.protocol == "psutil":
            for mac in agent:
                _add(evidence.by_mac, mac, device.id)
    for teller, told in seen.items():
        _place(evidence, teller, told)
    _face(evidence, seen, agent)
    return evidence


def _place(evidence: Evidence, device: str, told: Sequence[Neighbour]) -> None:
    """Who is on which port of one device."""
    for each in told:
        end = _End(device, each.port)
        if each.sight is Sight.BRIDGE:
            evidence.behind[end] += 1
        index = {Sight.LLDP: evidence.announced, Sight.BRIDGE: evidence.heard}.get(each.sight)
        if index is not None:
            for other in evidence.devices(each):
                if other != device:
                    _add(index, other, end)


def _face(evidence: Evidence, seen: Mapping[str, Sequence[Neighbour]], agent: set[str]) -> None:
    """Which port of each switch leads towards the agent: where its MAC is, but for the switch that it is plugged
    into; there no other switch is behind that port. Then, from there on, by LLDP."""
    leads_on = {end for switch in seen for ends in (evidence.announced, evidence.heard) for end in ends.get(switch, ())}
    towards = {device: next((each.port for each in told if each.mac in agent and each.sight is not Sight.SELF), "")
               for device, told in seen.items()}  # fmt: skip
    roots = [device for device, port in towards.items() if port and _End(device, port) not in leads_on]
    evidence.oriented = bool(roots)
    evidence.facing = {device: port for device, port in towards.items() if port and device not in roots}
    reached, waiting = set(roots), list(roots)
    while waiting:
        here = waiting.pop(0)
        for there in sorted(seen.keys() - reached):
            if not any(end.device == here for end in evidence.announced.get(there, ())):
                continue
            back = next((end.port for end in evidence.announced.get(here, ()) if end.device == there), "")
            if back:
                evidence.facing.setdefault(there, back)
            reached.add(there)
            waiting.append(there)


def _merged(before: Sequence[Neighbour], now: Sequence[Neighbour]) -> list[Neighbour]:
    """What is told now, and of the forwarding table what has aged out of it meanwhile: bridges forget within minutes
    whoever is silent, and a device that is off is still plugged in."""
    known = {each.mac for each in now if each.sight is Sight.BRIDGE}
    kept = [each for each in before if each.sight is Sight.BRIDGE and each.mac not in known]
    return [*now, *kept[: max(0, _REMEMBERED - len(now))]]


_REMEMBERED = 4000  # sights of one device


# ---- from evidence to a place ----------------------------------------------------------------------------------


def _nearest(device: str, ends: Iterable[_End], evidence: Evidence) -> _End | None:
    """Of all the ports behind which a device is, the one that it is plugged into."""
    facing = evidence.facing
    away = [end for end in dict.fromkeys(ends) if end.port and facing.get(end.device) != end.port]
    if not evidence.oriented:
        away = [end for end in away if evidence.behind[end] <= MANY]
    nearest = [end for end in away if not any(_is_behind(other.device, end, evidence) for other in away)]
    return min(nearest or away, key=lambda end: evidence.behind[end], default=None)


def _is_behind(switch: str, end: _End, evidence: Evidence) -> bool:
    return end in evidence.announced.get(switch, ()) or end in evidence.heard.get(switch, ())


def _placed(device: DeviceInfo, place: Place | None) -> DeviceInfo:
    if place is None or (device.parent and device.parent != place.parent):
        return device
    return replace(device, parent=place.parent, port=place.port)


def _leads_to(start: str, target: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    at = start
    while at and at not in seen:
        if at == target:
            return True
        seen.add(at)
        at = parents.get(at, "")
    return False


def _add(index: dict[str, list[_T]], key: str, value: _T) -> None:
    if key and value not in index.setdefault(key, []):
        index[key].append(value)


def host_of(address: str) -> str:
    """The literal IP address in "host" or "host:port"; "" for a name, and for this machine's own loopback."""
    for text in (address, address.rpartition(":")[0].strip("[]")):
        try:
            found = ipaddress.ip_address(text)
        except ValueError:
            continue
        return "" if found.is_loopback else str(found)
    return ""
