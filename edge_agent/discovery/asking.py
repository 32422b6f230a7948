"""What every way of finding is given: whom it may ask, how fast, and where to write down what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface

from pydantic import SecretStr

from edge_agent.discovery.evidence import Findings, Host
from edge_agent.discovery.networks import Scope
from telemetry.clock import Clock

PUBLIC = "public"
_PACKETS_PER_SECOND = 600.0  # a /24 of 20 ports in 8 s; a tenth of what a cheap switch's processor forwards
_BURST = 30.0


class Pace:
    """A bound on packets per second, over all ways together."""

    def __init__(self, clock: Clock, per_second: float = _PACKETS_PER_SECOND) -> None:
        self._clock = clock
        self._each = 1 / per_second
        self._next = clock.monotonic()

    async def packet(self) -> None:
        """Wait until one more packet may be sent."""
        now = self._clock.monotonic()
        self._next = max(self._next, now - _BURST * self._each) + self._each
        if self._next > now:
            await asyncio.sleep(self._next - now)


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be sent to whom. Communities other than "public" go to the hosts that the person named, only."""

    snmp: bool = True
    communities: tuple[SecretStr, ...] = ()
    named: frozenset[str] = frozenset()

    def communities_for(self, address: str) -> list[tuple[str, SecretStr]]:
        """(what it is called in the evidence, the community), in the order to try."""
        if not self.snmp:
            return []
        own = [("named", each) for each in self.communities] if address in self.named else []
        return [*own, (PUBLIC, SecretStr(PUBLIC))]


@dataclass(slots=True)
class Asking:
    """One search."""

    scope: Scope
    permission: Permission
    clock: Clock
    pace: Pace
    own: Sequence[IPv4Interface]
    findings: Findings = field(default_factory=Findings)
    seen: Callable[[Host], None] = lambda host: None  # told of each host when it is first seen

    def host(self, address: str) -> Host | None:
        """The host to write to; None for one that is not searched (a stranger's multicast answer)."""
        if not self.scope.holds(address):
            return None
        new = address not in self.findings.hosts
        host = self.findings.host(address)
        if new:
            self.seen(host)
        return host

    def own_addresses(self) -> list[str]:
        """This machine's addresses in the searched networks: where multicast questions leave from."""
        return [str(each.ip) for each in self.own if self.scope.holds(str(each.ip))]
