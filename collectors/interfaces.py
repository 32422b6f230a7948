"""IF-MIB (RFC 2863): how many interfaces, how many up; for a switch or router each port, with rates from counters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from collectors.protocols.snmp import SYS_UP_TIME, SnmpClient
from collectors.protocols.snmp_values import Value, integer, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Reading

IF_TABLE, IFX_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
IF_INDEX, IF_DESCR, IF_TYPE, IF_SPEED, IF_ADMIN, IF_OPER = (f"{IF_TABLE}.{leaf}" for leaf in (1, 2, 3, 5, 7, 8))
IF_IN_OCTETS, IF_IN_ERRORS, IF_OUT_OCTETS, IF_OUT_ERRORS = (f"{IF_TABLE}.{leaf}" for leaf in (10, 14, 16, 20))
IF_NAME, IF_HC_IN, IF_HC_OUT, IF_HIGH_SPEED, IF_DISCONTINUITY = (f"{IFX_TABLE}.{leaf}" for leaf in (1, 6, 10, 15, 19))
IF_ALIAS = f"{IFX_TABLE}.18"
DUPLEX = "1.3.6.1.2.1.10.7.2.1.19"  # dot3StatsDuplexStatus (RFC 3635): unknown(1), halfDuplex(2), fullDuplex(3)
_FULL_DUPLEX = {2: 0.0, 3: 1.0}
LLDP_REMOTE_CHASSIS = "1.0.8802.1.1.2.1.4.1.1.5"  # lldpRemChassisId
_LLDP_REMOTE = ("5", "7", "8", "9")  # chassis, port, port description, system name: agents leave some out

_UP = 1
_NOT_PORTS = frozenset({24, 53, 131, 135, 136, 142, 150})  # IANAifType: loopback, virtual, tunnels, VLANs, forwarding
_LOOK_AGAIN = 600.0  # seconds until names and types are read anew
_WRAP_32 = 1 << 32
_UPTIME_SLACK = 1000  # 1/100 s: agents that renew sysUpTime only every few seconds
_FASTER_THAN_LINE = 1.25  # a rate above line speed by this much is a counter that jumped

Column = Mapping[str, Value]


class InterfaceCounts:
    """interfaces_count is the rows of ifIndex, interfaces_up those whose ifOperStatus is up(1)."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        operational = await client.walk(IF_OPER)
        return Findings(counts(await rows_of(client), operational))


async def rows_of(client: SnmpClient) -> Column:
    """ifIndex; of agents that leave it out (index columns may be hidden from others), the rows of ifType or ifDescr."""
    for column in (IF_INDEX, IF_TYPE, IF_DESCR):
        rows = await client.walk(column)
        if rows:
            return rows
    return {}


def counts(indexes: Column, operational: Column) -> list[Reading]:
    """The two counts; neither where the device has no IF-MIB, and no `up` where it tells no state."""
    result = []
    if indexes or operational:
        result.append(Reading("interfaces_count", float(len(indexes) or len(operational))))
    if operational:
        result.append(Reading("interfaces_up", float(sum(1 for state in operational.values() if state == _UP))))
    return result


@dataclass(slots=True)
class _Names:
    """What seldom changes, by ifIndex."""

    indexes: Column = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    speeds: dict[str, float] = field(default_factory=dict)  # bit/s; of ports whose speed is known
    narrow: frozenset[str] = frozenset()  # ports that have 32-bit counters only: slow ones may (RFC 2863 3.1.6)
    duplex: Column = field(default_factory=dict)
    wan: frozenset[str] = frozenset()  # ports that lead outside
    read_at: float | None = None


@dataclass(frozen=True, slots=True)
class _Sample:
    """One poll's counters. `at` is monotonic seconds; `uptime` sysUpTime in 1/100 s."""

    at: float
    uptime: int
    columns: tuple[Column, Column, Column, Column]  # in octets, out octets, in errors, out errors
    discontinuity: Column


class Ports:
    """Each port of a switch or router: state, speed, duplex, traffic, errors. Rates need two polls.

    `is_wan` judges by a port's names (ifName, ifDescr, ifAlias) whether it leads outside: such a port has wan_port_up
    too, for a line to the city that is down is more than a cable that is out.
    """

    def __init__(self, is_wan: Callable[[tuple[str, ...]], bool] | None = None) -> None:
        self._is_wan = is_wan
        self._names = _Names()
        self._before: _Sample | None = None

    async def read(self, client: SnmpClient, system: System) -> Findings:
        operational = await client.walk(IF_OPER)
        if not operational:
            return Findings(counts(await rows_of(client), operational))
        stale = self._names.read_at is None or system.now - self._names.read_at > _LOOK_AGAIN
        if stale or operational.keys() != self._names.indexes.keys():
            await self._read_names(client, system, operational)
        names = self._names
        enabled = await client.walk(IF_ADMIN)
        sample = await self._sample(client, system)
        result = counts(names.indexes, operational)
        for index, instance in names.instances.items():
            result += _state(names, index, instance, operational.get(index), enabled.get(index))
        if self._before is not None:
            result += rates(self._before, sample, names.instances, names.speeds, names.narrow)
        self._before = sample
        return Findings(result)

    async def _read_names(self, client: SnmpClient, system: System, operational: Column) -> None:
        indexes = await rows_of(client) or operational
        types = await client.walk(IF_TYPE)
        short = await client.walk(IF_NAME)
        descr = await client.walk(IF_DESCR)
        alias = await client.walk(IF_ALIAS) if self._is_wan is not None else {}
        instances = {
            index: name
            for index, name in port_names(indexes, short, descr).items()
            if integer(types.get(index)) not in _NOT_PORTS
        }
        wide = await client.walk(IF_HC_IN)
        narrow = frozenset(index for index in instances if index not in wide)
        if narrow != self._names.narrow:
            self._before = None  # counters of another width do not compare
        duplex = await client.walk(DUPLEX)
        wan = frozenset(index for index in instances if self._leads_outside(index, short, descr, alias))
        self._names = _Names(indexes, instances, await self._speeds(client), narrow, duplex, wan, system.now)

    def _leads_outside(self, index: str, *columns: Column) -> bool:
        told = tuple(name for column in columns if (name := text(column.get(index))))
        return self._is_wan is not None and self._is_wan(told)

    async def _speeds(self, client: SnmpClient) -> dict[str, float]:
        """ifHighSpeed (Mbit/s) where it is there, else ifSpeed, whose top value only says "more than 4 Gbit/s"."""
        high = {index: integer(value) for index, value in (await client.walk(IF_HIGH_SPEED)).items()}
        speeds = {index: value * 1e6 for index, value in high.items() if value}
        for index, value in (await client.walk(IF_SPEED)).items():
            low = integer(value)
            if low and low < _WRAP_32 - 1:
                speeds.setdefault(index, float(low))
        return speeds

    async def _sample(self, client: SnmpClient, system: System) -> _Sample:
        narrow = self._names.narrow
        received, sent = await client.walk(IF_HC_IN), await client.walk(IF_HC_OUT)
        if narrow:
            received = {**await client.walk(IF_IN_OCTETS), **received}
            sent = {**await client.walk(IF_OUT_OCTETS), **sent}
        return _Sample(
            at=system.now,
            uptime=integer(system.values.get(SYS_UP_TIME)) or 0,
            columns=(received, sent, await client.walk(IF_IN_ERRORS), await client.walk(IF_OUT_ERRORS)),
            discontinuity=await client.walk(IF_DISCONTINUITY),
        )


def port_names(indexes: Iterable[str], short: Column, descr: Column) -> dict[str, str]:
    """ifIndex → what people call the port: ifName, else ifDescr, else its number; never two of one name."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for index in indexes:
        name = text(short.get(index)) or text(descr.get(index)) or index
        names[index] = name if name not in taken else f"{name} {index}"
        taken.add(names[index])
    return names


def _state(names: _Names, index: str, instance: str, state: Value, admin: Value) -> list[Reading]:
    """What one poll tells of one port, traffic aside."""
    result = []
    if state is not None:
        up = 1.0 if state == _UP else 0.0
        result.append(Reading("port_up", up, instance))
        if index in names.wan:
            result.append(Reading("wan_port_up", up, instance))
    if admin is not None:
        result.append(Reading("port_enabled", 1.0 if admin == _UP else 0.0, instance))
    if state == _UP:
        if index in names.speeds:
            result.append(Reading("port_speed_bits_per_second", names.speeds[index], instance))
        full = _FULL_DUPLEX.get(integer(names.duplex.get(index)) or 0)
        if full is not None:
            result.append(Reading("port_full_duplex", full, instance))
    return result


def rates(
    before: _Sample, now: _Sample, instances: Mapping[str, str], speeds: Mapping[str, float], narrow: Collection[str]
) -> list[Reading]:
    """bit/s and errors/s between two polls. `narrow`: the ports whose octets are counted in 32 bits.

    No rate across a restart of the agent (sysUpTime went back, or on by far less than the time that passed) or of an
    interface's counters (ifCounterDiscontinuityTime changed, or a counter went back that cannot have wrapped), none
    above line speed, and none from a 32-bit counter that may have wrapped twice.
    """
    seconds = now.at - before.at
    if seconds <= 0 or _restarted(before, now, seconds):
        return []
    result: list[Reading] = []
    (in_was, out_was, ie_was, oe_was), (in_now, out_now, ie_now, oe_now) = before.columns, now.columns
    for index, instance in instances.items():
        if before.discontinuity.get(index) != now.discontinuity.get(index):
            continue
        limit = speeds.get(index, 1e12) * _FASTER_THAN_LINE / 8 * seconds
        wrap = _WRAP_32 if index in narrow else 0
        countable = not wrap or speeds.get(index, 0.0) / 8 * seconds < _WRAP_32
        received = _difference(in_was.get(index), in_now.get(index), wrap)
        if received is not None and received <= limit and countable:
            result.append(Reading("port_in_bits_per_second", received * 8 / seconds, instance))
        sent = _difference(out_was.get(index), out_now.get(index), wrap)
        if sent is not None and sent <= limit and countable:
            result.append(Reading("port_out_bits_per_second", sent * 8 / seconds, instance))
        bad = _difference(ie_was.get(index), ie_now.get(index), _WRAP_32)
        worse = _difference(oe_was.get(index), oe_now.get(index), _WRAP_32)
        if bad is not None and worse is not None and bad + worse < _WRAP_32 // 2:
            result.append(Reading("port_errors_per_second", (bad + worse) / seconds, instance))
    return result


def _restarted(before: _Sample, now: _Sample, seconds: float) -> bool:
    """sysUpTime went back, or on by less than half of what it should have: a device that was down for longer than it
    had been up before has a sysUpTime above the last one. Without sysUpTime (0) nothing is known."""
    if now.uptime < before.uptime:
        return True
    ticks = seconds * 100
    return now.uptime > 0 and ticks > _UPTIME_SLACK and now.uptime - before.uptime < ticks / 2 - _UPTIME_SLACK


def _difference(before: Value, now: Value, wrap: int) -> int | None:
    if not isinstance(before, int) or not isinstance(now, int):
        return None
    if now >= before:
        return now - before
    return now - before + wrap if wrap and before < wrap else None


class LldpNeighbours:
    """lldp_neighbours_count: rows of lldpRemTable (IEEE 802.1AB, LLDP-MIB)."""

    async def read(self, client: SnmpClient, system: System) -> Findings:
        table = LLDP_REMOTE_CHASSIS.rpartition(".")[0]
        for leaf in _LLDP_REMOTE:
            rows = await client.walk(f"{table}.{leaf}", max_rows=1000)
            if rows:
                return Findings([Reading("lldp_neighbours_count", float(len(rows)))])
        return Findings()
