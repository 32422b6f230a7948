"""A line to the city as the router sees it: its WAN port's state and traffic, and which port carries the traffic."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.config import SnmpDevice
from collectors.interfaces import (
    IF_ALIAS,
    IF_DESCR,
    IF_HC_IN,
    IF_HC_OUT,
    IF_IN_OCTETS,
    IF_NAME,
    IF_OPER,
    IF_OUT_OCTETS,
    Column,
)
from collectors.protocols.snmp import SYS_UP_TIME, SnmpClient
from collectors.protocols.snmp_socket import SnmpFault
from collectors.protocols.snmp_values import Value, integer, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Reading, ReasonCode

DEFAULT_ROUTE = "1.3.6.1.2.1.4.21.1.2.0.0.0.0"  # ipRouteIfIndex.0.0.0.0, RFC 1213
_UP = 1
_WRAP_32 = 1 << 32
_LOOK_AGAIN = 600.0  # seconds until names are read anew
_CLEARLY = 4  # how many times the octets of every other line the one that carries the traffic moves
_AT_LEAST = 2000.0  # octets per second: less is keep-alives, which tell nothing

# Names and aliases that say "outside" on the routers of ward offices: WAN1, wan, pppoe-out1, lte1, MAN, ISP-FPT.
_WAN = re.compile(r"(?<![a-z])(wan|man|isp|internet|pppoe|lte|wwan|cellular)(?![a-z])", re.IGNORECASE)


def is_wan(names: tuple[str, ...], configured: tuple[str, ...]) -> bool:
    """Whether a port with these names (ifName, ifDescr, ifAlias) leads outside: as configured, else by its names."""
    if configured:
        wanted = {name.casefold() for name in configured}
        return any(name.casefold() in wanted for name in names)
    return any(_WAN.search(name) for name in names)


@dataclass(frozen=True, slots=True)
class Moved:
    """A WAN port's counters at one time. `at`: sysUpTime in 1/100 s; octets in and out, as far as it counts them."""

    at: int
    up: bool
    octets: tuple[int | None, int | None]
    wrap: int


def rate(before: Moved | None, now: Moved) -> tuple[float, float] | None:
    """Octets per second in and out; None over a restart, a counter that went back, or without a poll before."""
    if before is None or now.at <= before.at or before.wrap != now.wrap:
        return None
    seconds = (now.at - before.at) / 100
    told: list[float] = []
    for was, is_ in zip(before.octets, now.octets, strict=True):
        if was is None or is_ is None:
            return None
        step = is_ - was if is_ >= was else is_ - was + now.wrap
        if step < 0 or (now.wrap and step > now.wrap // 2):
            return None
        told.append(step / seconds)
    return told[0], told[1]


def carrier(rates: Mapping[str, float | None], up: Mapping[str, bool], before: str) -> str:
    """Which port carries the traffic: the only one that is up, or the one that clearly moves most. "" is nobody.

    While nothing tells them apart (at night), the one before, if it is still up.
    """
    alive = [port for port, is_up in up.items() if is_up]
    if len(alive) <= 1:
        return alive[0] if alive else ""
    moving = sorted(((rates.get(port) or 0.0, port) for port in alive), reverse=True)
    (most, port), (second, _) = moving[0], moving[1]
    if most >= _AT_LEAST and most >= second * _CLEARLY:
        return port
    return before if before in alive else ""


class WanLine:
    """line_up (ifOperStatus), line_active, port_in_ and port_out_bits_per_second of one WAN port.

    The default route's port carries the traffic where the router tells it (RFC 1213 ipRouteTable) and the port is a
    WAN port that is up; else the port that clearly moves most.
    """

    has_vital = True

    def __init__(self, device: SnmpDevice) -> None:
        self._wanted = device.interface or ""
        self._configured = device.wan_ports
        self._ports: dict[str, str] = {}  # ifIndex → name, of the WAN ports
        self._mine = ""
        self._read_at: float | None = None
        self._before: dict[str, Moved] = {}
        self._carrier = ""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if self._read_at is None or system.now - self._read_at > _LOOK_AGAIN:
            await self._find(client)
            self._read_at = system.now
        return Findings(await self.read_vital(client))

    async def read_vital(self, client: SnmpClient) -> list[Reading]:
        if not self._mine:
            return []
        columns = (IF_OPER, IF_HC_IN, IF_HC_OUT, IF_IN_OCTETS, IF_OUT_OCTETS)
        wanted = [f"{column}.{index}" for index in self._ports for column in columns]
        told = await client.get([SYS_UP_TIME, DEFAULT_ROUTE, *wanted])
        now = {index: _moved(index, told) for index in self._ports}
        rates = {index: rate(self._before.get(index), moved) for index, moved in now.items()}
        self._before = now
        totals = {index: None if found is None else sum(found) for index, found in rates.items()}
        up = {index: moved.up for index, moved in now.items()}
        route = str(integer(told.get(DEFAULT_ROUTE)) or "")
        self._carrier = route if up.get(route) else carrier(totals, up, self._carrier)
        return self._readings(up, rates[self._mine], f"{IF_OPER}.{self._mine}" in told)

    def _readings(self, up: Mapping[str, bool], mine: tuple[float, float] | None, told: bool) -> list[Reading]:
        if not told:
            return []
        name = self._ports[self._mine]
        readings = [Reading("line_up", 1.0 if up[self._mine] else 0.0)]
        if mine is not None:
            readings.append(Reading("port_in_bits_per_second", mine[0] * 8, name))
            readings.append(Reading("port_out_bits_per_second", mine[1] * 8, name))
        if self._carrier or not up[self._mine]:
            readings.append(Reading("line_active", 1.0 if self._carrier == self._mine else 0.0))
        return readings

    async def _find(self, client: SnmpClient) -> None:
        """Raises SnmpFault for a router that has no port of the configured name; its detail names those there are."""
        columns = [await client.walk(column) for column in (IF_NAME, IF_DESCR, IF_ALIAS)]
        names = {index: names_of(index, columns) for column in columns[:2] for index in column}
        wanted = self._wanted.casefold()
        self._mine = next((index for index, told in names.items() if wanted in map(str.casefold, told)), "")
        if not self._mine:
            known = ", ".join(told[0] for told in names.values() if told)[:300]
            raise SnmpFault(ReasonCode.UNSUPPORTED, f"no port is named {self._wanted}; there are: {known}")
        self._ports = {
            index: told[0] for index, told in names.items() if index == self._mine or is_wan(told, self._configured)
        }


def names_of(index: str, columns: Sequence[Column]) -> tuple[str, ...]:
    """What a port is called: ifName, ifDescr, ifAlias, as far as they are told."""
    return tuple(name for column in columns if (name := text(column.get(index))))


def _moved(index: str, told: Mapping[str, Value]) -> Moved:
    at = integer(told.get(SYS_UP_TIME)) or 0
    up = told.get(f"{IF_OPER}.{index}") == _UP
    wide = told.get(f"{IF_HC_IN}.{index}"), told.get(f"{IF_HC_OUT}.{index}")
    narrow = told.get(f"{IF_IN_OCTETS}.{index}"), told.get(f"{IF_OUT_OCTETS}.{index}")
    first, second = wide if wide[0] is not None else narrow
    octets = first if isinstance(first, int) else None, second if isinstance(second, int) else None
    return Moved(at, up, octets, 0 if wide[0] is not None else _WRAP_32)
