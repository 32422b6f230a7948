"""What a host is and how to watch it, by the table data/rules.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.discovery.evidence import Evidence, Host
from telemetry.kinds import Kind

Speaks = Callable[[str, Kind], bool]  # whether the agent watches this kind by this protocol
SURE = 50  # percent; below it a device is offered as a comment


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    all: list[str]
    none: list[str] = Field(default_factory=list)

    def matched(self, host: Host) -> list[Evidence] | None:
        """The evidence that makes it hold, None where it does not."""
        if any(_matching(host, pattern) for pattern in self.none):
            return None
        found = [_matching(host, pattern) for pattern in self.all]
        return [each for group in found for each in group] if all(found) else None


class Rule(_Row):
    """A kind that evidence speaks for; confidence in percent."""

    kind: Kind
    confidence: int = Field(ge=1, le=100)
    beside: bool = False
    each: bool = False


class ProtocolRule(_Row):
    """How a kind is watched where such evidence is there; no kinds: any."""

    protocol: str
    kinds: list[Kind]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: list[Rule]
    protocol: list[ProtocolRule]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One device that a host is, or has. `commented`: not sure enough to be watched unasked."""

    host: Host
    kind: Kind
    protocol: str
    confidence: int
    why: tuple[Evidence, ...]
    commented: bool
    beside: bool = False  # what the same host is, too

    @property
    def evidence(self) -> Evidence:
        """The piece that speaks for it most."""
        return self.why[0]


@lru_cache(maxsize=1)
def table() -> _Table:
    data = resources.files("edge_agent.discovery").joinpath("data", "rules.toml").read_text(encoding="utf-8")
    return _Table.model_validate(tomllib.loads(data))


def verdicts(host: Host, speaks: Speaks) -> list[Verdict]:
    """What this host is: its own kind first, then what stands beside it."""
    holding = [(rule, why) for rule in table().rule if (why := rule.matched(host)) is not None]
    own = sorted((each for each in holding if not each[0].each), key=lambda each: -each[0].confidence)
    devices: list[Verdict] = []
    if own:
        rule, why = own[0]
        devices.append(_verdict(host, rule, why, speaks, commented=rule.confidence < SURE))
        kinds = {rule.kind}
        for rule, why in own[1:]:
            if rule.beside and rule.kind not in kinds:
                kinds.add(rule.kind)
                devices.append(_verdict(host, rule, why, speaks, commented=True))
    for rule, why in holding:
        if rule.each:
            devices += [_verdict(host, rule, [one], speaks, commented=False) for one in why]
    return devices


def _verdict(host: Host, rule: Rule, why: Sequence[Evidence], speaks: Speaks, commented: bool) -> Verdict:
    protocol = next(_protocols(host, rule, speaks))
    beside = commented and rule.confidence >= SURE
    return Verdict(host, rule.kind, protocol, rule.confidence, tuple(why), commented, beside)


def _protocols(host: Host, rule: Rule, speaks: Speaks) -> Iterator[str]:
    for row in table().protocol:
        if not speaks(row.protocol, rule.kind) or (row.kinds and rule.kind not in row.kinds):
            continue
        if row.matched(host) is not None and (row.protocol != "nut" or rule.each):
            yield row.protocol
    yield "icmp"  # every agent speaks it


def _matching(host: Host, pattern: str) -> list[Evidence]:
    return [seen for token, seen in host.evidence.items() if fnmatchcase(token, pattern)]
