"""The ward's configuration file (DESIGN "Contracts"): TOML, whole and validated, or every problem at once."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from camera.retention.judge import Settings as RetentionSettings
from collectors.config import BaseDevice, Seconds, TrapListener
from edge_agent import device_tables, lines, opening_hours
from edge_agent.cooling import CoolingSettings
from edge_agent.rules.model import standard_rules
from edge_agent.wrong import WardWrong
from telemetry.configuration.addresses import is_url
from telemetry.configuration.document import Document, item
from telemetry.configuration.fields import Id, Section, Text, refusal
from telemetry.configuration.problems import Wrong, nearest

TABLES = ("ward", "uplink", "agent", "journal", "traps", "cooling", "retention", "device", "rule")
BROKER_SCHEMES = ("mqtt", "mqtts")
HUB_SCHEMES = ("https", "http")
_COOLING = CoolingSettings()
_RETENTION = RetentionSettings()


class WardSection(Section):
    """Who the ward is. `counters` and `transactions_per_day` are what the Decision's criteria are measured against."""

    id: Id
    name: Text
    district: Id
    opening_hours: str = opening_hours.DEFAULT  # Asia/Ho_Chi_Minh
    counters: Annotated[int, Field(ge=0, le=1000)] | None = None
    transactions_per_day: Annotated[int, Field(ge=0)] | None = None

    @field_validator("opening_hours")
    @classmethod
    def _is_opening_hours(cls, given: str) -> str:
        try:
            opening_hours.check(given)
        except ValueError as error:
            raise refusal(WardWrong.BAD_OPENING_HOURS, (opening_hours.DEFAULT,), given=str(error)) from error
        return given


class UplinkSection(Section):
    """The way to the district."""

    broker: Text  # mqtt://host:port or mqtts://host:port
    ca_file: Path | None = None  # None: the system's certificates
    username: str | None = None
    password: SecretStr | None = None
    hub: Text | None = None  # https://…

    @field_validator("broker", "hub")
    @classmethod
    def _is_url(cls, given: str | None, info: ValidationInfo) -> str | None:
        schemes = BROKER_SCHEMES if info.field_name == "broker" else HUB_SCHEMES
        if given is not None and not is_url(given, schemes):
            raise refusal(Wrong.BAD_URL, [f"{scheme}://host:port" for scheme in schemes])
        return given


class AgentSection(Section):
    """The process itself."""

    data_dir: Path | None = None  # None: "data" beside the configuration file
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class JournalSection(Section):
    """The journal; None leaves the journal's own default."""

    commit_interval: Annotated[float, Field(gt=0, le=60)] | None = None
    checkpoint_interval: Annotated[float, Field(ge=10, le=86400)] | None = None
    max_bytes: Annotated[int, Field(ge=1_000_000)] | None = None


class TrapsSection(TrapListener, Section):
    """SNMP notifications; without the section nobody listens."""

    @field_validator("listen")
    @classmethod
    def _is_one_address(cls, given: str) -> str:
        try:
            address = ipaddress.ip_address(given)
        except ValueError as error:
            raise refusal(WardWrong.LISTEN_ADDRESS) from error
        if address.is_unspecified or address.is_multicast or given == "255.255.255.255":
            raise refusal(WardWrong.LISTEN_EVERYWHERE)
        return str(address)


class CoolingSection(Section):
    """How a room's cooling is judged (edge_agent.cooling); kelvin above a room's target."""

    near: float = _COOLING.near
    too_hot: float = _COOLING.too_hot
    after: Seconds = _COOLING.after
    fall: float = _COOLING.fall

    @field_validator("near", "too_hot", "fall")
    @classmethod
    def _is_a_few_kelvin(cls, given: float) -> float:
        if not 0.1 <= given <= 15:
            raise refusal(Wrong.OUT_OF_RANGE, ("≥ 0.1", "≤ 15"))
        return given

    def settings(self, interval: float) -> CoolingSettings:
        """`interval`: seconds between two readings of the room; three missing ones are a gap."""
        gap = max(_COOLING.gap, 3 * interval)
        too_hot = max(self.near, self.too_hot)
        return CoolingSettings(self.near, too_hot, self.after, self.fall, _COOLING.smooth, gap)


class RetentionSection(Section):
    """What is asked of recorders (docs/retention.md): of each of the last `days` days `percent` of the opening hours,
    and no gap over `max_gap` in them."""

    days: Annotated[int, Field(ge=1, le=365)] = _RETENTION.days
    percent: Annotated[float, Field(gt=0, le=100)] = _RETENTION.percent
    max_gap: Seconds = _RETENTION.max_gap_seconds
    margin: Seconds = _RETENTION.margin_seconds  # what is younger is not judged: recorders index late
    max_clock_offset: Seconds = _RETENTION.max_clock_offset_seconds  # of a recorder's clock, to be believed at all
    tolerance: Seconds = _RETENTION.tolerance_seconds  # between the moment asked and the moment replayed
    samples: Annotated[int, Field(ge=1, le=50)] = _RETENTION.samples  # moments replayed of each camera a day

    def settings(self, days: int | None = None) -> RetentionSettings:
        return RetentionSettings(
            days=days or self.days,
            percent=self.percent,
            max_gap_seconds=self.max_gap,
            margin_seconds=self.margin,
            max_clock_offset_seconds=self.max_clock_offset,
            tolerance_seconds=self.tolerance,
            samples=self.samples,
        )


class RuleSection(Section):
    """Changes one rule, everywhere or for one device. `when` names the clause, by default the first."""

    id: Text
    device: Id | None = None
    when: Text | None = None
    enabled: bool | None = None
    threshold: float | None = None
    clear: float | None = None
    hold: Seconds | None = None
    clear_hold: Seconds | None = None
    severity: Literal["info", "attention", "failure"] | None = None
    only_when_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of one file. `uplink` is None where a ward stands alone."""

    path: Path
    ward: WardSection
    uplink: UplinkSection | None
    agent: AgentSection
    journal: JournalSection
    devices: tuple[BaseDevice, ...]
    rules: tuple[RuleSection, ...] = field(default=())
    traps: TrapsSection | None = None  # None: nobody listens
    cooling: CoolingSection = field(default_factory=CoolingSection)
    retention: RetentionSection = field(default_factory=RetentionSection)

    @property
    def data_dir(self) -> Path:
        return self.agent.data_dir or self.path.resolve().parent / "data"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check a configuration. Raises ConfigurationError with every problem found."""
    document = Document(path, TABLES, environment)
    ward = document.section("ward", WardSection, needed=True)
    uplink = document.section("uplink", UplinkSection)
    agent = document.section("agent", AgentSection)
    journal = document.section("journal", JournalSection)
    traps = document.section("traps", TrapsSection)
    cooling = document.section("cooling", CoolingSection) or CoolingSection()
    retention = document.section("retention", RetentionSection) or RetentionSection()
    devices = device_tables.read(document.reader, document.tables("device"))
    devices = lines.completed(devices, uplink.broker if uplink is not None else None)
    rules = _rules(document, {device.id for device in devices})
    if ward is None or not document.good:
        document.refuse()
    return Configuration(
        path,
        ward,
        uplink,
        agent or AgentSection(),
        journal or JournalSection(),
        devices,
        rules,
        traps,
        cooling,
        retention,
    )


def _rules(document: Document, devices: set[str]) -> tuple[RuleSection, ...]:
    known = {rule.id: rule for rule in standard_rules()}
    reader = document.reader
    found: list[RuleSection] = []
    for number, table in enumerate(document.tables("rule")):
        at, where = ("rule", number), item("rule", table, number)
        rule = reader.read(RuleSection, table, at, where)
        if rule is None:
            continue
        found.append(rule)
        if reader.check_one_of(rule.id, known, (*at, "id"), where) and rule.when is not None:
            clauses = [clause.name for clause in known[rule.id].clauses]
            reader.check_one_of(rule.when, clauses, (*at, "when"), where)
        if rule.device is not None and rule.device not in devices:
            suggestion = nearest(rule.device, devices)
            reader.add(WardWrong.UNKNOWN_DEVICE, (*at, "device"), where, given=rule.device, suggestion=suggestion)
    return tuple(found)
