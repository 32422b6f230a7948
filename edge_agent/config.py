"""The ward's configuration file (DESIGN "Contracts"): TOML, whole and validated, or every problem at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from collectors.config import BaseDevice, Id, Seconds
from edge_agent import device_tables, units
from edge_agent.problems import ConfigurationError, Problem, Wrong, nearest
from edge_agent.rules.model import standard_rules
from edge_agent.tables import TableReader, allowed_keys
from telemetry.toml_lines import Lines
from telemetry.toml_lines import Path as KeyPath

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
TABLES = ("ward", "uplink", "agent", "journal", "device", "rule")
BROKER_SCHEMES = ("mqtt", "mqtts")
HUB_SCHEMES = ("https", "http")
_WHERE = re.compile(r"line (\d+), column (\d+)")


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Section)


class WardSection(Section):
    """Who the ward is. `counters` and `transactions_per_day` are what the Decision's criteria are measured against."""

    id: Id
    name: Text
    district: Id
    opening_hours: str = units.DEFAULT_OPENING_HOURS  # Asia/Ho_Chi_Minh
    counters: Annotated[int, Field(ge=0, le=1000)] | None = None
    transactions_per_day: Annotated[int, Field(ge=0)] | None = None


class UplinkSection(Section):
    """The way to the district."""

    broker: Text  # mqtt://host:port or mqtts://host:port
    ca_file: Path | None = None  # None: the system's certificates
    username: str | None = None
    password: SecretStr | None = None
    hub: Text | None = None  # https://…


class AgentSection(Section):
    """The process itself."""

    data_dir: Path | None = None  # None: "data" beside the configuration file
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class JournalSection(Section):
    """The journal; None leaves the journal's own default."""

    commit_interval: Annotated[float, Field(gt=0, le=60)] | None = None
    checkpoint_interval: Annotated[float, Field(ge=10, le=86400)] | None = None
    max_bytes: Annotated[int, Field(ge=1_000_000)] | None = None


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

    @property
    def data_dir(self) -> Path:
        return self.agent.data_dir or self.path.resolve().parent / "data"


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check a configuration. Raises ConfigurationError with every problem found."""
    text = _text(path)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, [_syntax_problem(text, error)]) from error
    return _Loader(path, tree, TableReader(Lines(text), path.resolve().parent, environment)).load()


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem(1, "", Wrong.FILE, given=str(path), detail=error.strerror or type(error).__name__)
        raise ConfigurationError(path, [problem]) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(path, [Problem(line, "", Wrong.SYNTAX, detail=str(error.reason))]) from error


def _syntax_problem(text: str, error: tomllib.TOMLDecodeError) -> Problem:
    detail = str(error)
    found = _WHERE.search(detail)
    line, column = (int(found[1]), int(found[2])) if found else _end_of(text)
    said = detail.partition(" (at ")[0]
    return Problem(line, "", Wrong.SYNTAX, given=str(column), detail=said)


def _end_of(text: str) -> tuple[int, int]:
    rows = text.rstrip("\n").split("\n")
    return len(rows), len(rows[-1]) + 1


class _Loader:
    def __init__(self, path: Path, tree: Mapping[str, Any], reader: TableReader) -> None:
        self._path = path
        self._tree = tree
        self._reader = reader

    def load(self) -> Configuration:
        for name in self._tree:
            if name not in TABLES:
                self._reader.add(Wrong.UNKNOWN_KEY, (name,), "", allowed=TABLES, suggestion=nearest(name, TABLES))
        ward = self._section("ward", WardSection, needed=True)
        uplink = self._section("uplink", UplinkSection)
        agent = self._section("agent", AgentSection)
        journal = self._section("journal", JournalSection)
        devices = device_tables.read(self._reader, self._tables("device"))
        rules = self._rules({device.id for device in devices})
        if ward is not None:
            self._check_opening_hours(ward)
        if uplink is not None:
            self._check_addresses(uplink)
        if self._reader.problems or ward is None:
            raise ConfigurationError(self._path, self._reader.problems)
        agent, journal = agent or AgentSection(), journal or JournalSection()
        return Configuration(self._path, ward, uplink, agent, journal, devices, rules)

    def _section(self, name: str, model: type[S], *, needed: bool = False) -> S | None:
        table = self._tree.get(name)
        if table is None:
            if needed:
                self._reader.add(Wrong.MISSING_TABLE, (), "", key=name, allowed=allowed_keys(model))
            return None
        if not isinstance(table, dict):
            self._reader.add(Wrong.NOT_A_TABLE, (name,), "", given=f"[{name}]")
            return None
        return self._reader.read(model, table, (name,), f"[{name}]")

    def _tables(self, name: str) -> list[Mapping[str, Any]]:
        """The [[name]] tables; none, with a problem, where the file has something else under that name."""
        found = self._tree.get(name, [])
        if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
            self._reader.add(Wrong.NOT_A_TABLE, (name,), "", given=f"[[{name}]]")
            return []
        return found

    def _check_opening_hours(self, ward: WardSection) -> None:
        try:
            units.check_opening_hours(ward.opening_hours)
        except ValueError as error:
            at = ("ward", "opening_hours")
            self._reader.add(
                Wrong.BAD_OPENING_HOURS, at, "[ward]", given=str(error), allowed=(units.DEFAULT_OPENING_HOURS,)
            )

    def _check_addresses(self, uplink: UplinkSection) -> None:
        schemes = {"broker": BROKER_SCHEMES, "hub": HUB_SCHEMES}
        for key, allowed in schemes.items():
            given = getattr(uplink, key)
            if given is not None and not is_address(given, allowed):
                shapes = tuple(f"{scheme}://host:port" for scheme in allowed)
                self._reader.add(Wrong.BAD_URL, ("uplink", key), "[uplink]", given=given, allowed=shapes)

    def _rules(self, devices: set[str]) -> tuple[RuleSection, ...]:
        known = {rule.id: rule for rule in standard_rules()}
        found: list[RuleSection] = []
        for number, table in enumerate(self._tables("rule")):
            at, where = ("rule", number), f"[[rule]] {table.get('id', number + 1)}"
            rule = self._reader.read(RuleSection, table, at, where)
            if rule is None:
                continue
            found.append(rule)
            if rule.id not in known:
                self._one_of((*at, "id"), where, rule.id, tuple(known))
            elif rule.when is not None:
                clauses = tuple(clause.name for clause in known[rule.id].clauses)
                self._one_of((*at, "when"), where, rule.when, clauses)
            if rule.device is not None and rule.device not in devices:
                self._reader.add(
                    *(Wrong.UNKNOWN_DEVICE, (*at, "device"), where),
                    given=rule.device,
                    suggestion=nearest(rule.device, devices),
                )
        return tuple(found)

    def _one_of(self, at: KeyPath, where: str, given: str, allowed: tuple[str, ...]) -> None:
        if given not in allowed:
            suggestion = nearest(given, allowed)
            self._reader.add(Wrong.NOT_ALLOWED, at, where, given=given, allowed=allowed, suggestion=suggestion)


def is_address(text: str, schemes: tuple[str, ...]) -> bool:
    """Whether it is a URL of one of these schemes with a host, a proper port, and no credentials in it."""
    try:
        url = urlsplit(text)
        return url.scheme in schemes and bool(url.hostname) and url.port != 0 and "@" not in url.netloc
    except ValueError:  # a port that is no number
        return False
