"""NUT's variables and status words to readings and facts, by data/nut.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collectors.dates import age_days, parse_date
from collectors.mib_tables import plausible
from collectors.protocols import snmp_values
from telemetry.readings import Fact, Reading

STATUS = "ups.status"
_BRACKETED = re.compile(r"\[[^\]]+\]")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NutValue(_Row):
    """One variable: a metric or a fact."""

    variable: str
    metric: str = ""
    instance: str = ""
    fact: str = ""
    date: bool = False
    words: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if bool(self.metric) == bool(self.fact):
            raise ValueError(f"{self.variable}: either metric or fact")
        return self


class NutFlag(_Row):
    """One word of ups.status."""

    word: str
    metric: str
    instance: str = ""
    value: float
    absent: float | None = None


class NutTable(_Row):
    """The whole file."""

    source: str
    date_formats: list[str]
    value: list[NutValue]
    flag: list[NutFlag]


@lru_cache(maxsize=1)
def table() -> NutTable:
    """Raises pydantic.ValidationError for a faulty file (a test reads it)."""
    data = resources.files("collectors").joinpath("data", "nut.toml").read_text(encoding="utf-8")
    return NutTable.model_validate(tomllib.loads(data))


def readings(variables: Mapping[str, str], today: date | None) -> list[Reading]:
    """What the variables tell in numbers; those that cannot be are left out."""
    found: dict[tuple[str, str], float] = {}
    for spec in table().value:
        if spec.metric and spec.variable in variables and (spec.metric, spec.instance) not in found:
            value = _number(spec, variables[spec.variable], today)
            if value is not None:
                found[spec.metric, spec.instance] = value
    if STATUS in variables:
        found.update(status_readings(variables[STATUS]))
    alarms = alarm_count(variables.get("ups.alarm", ""))
    if alarms:
        found["alarms_present", ""] = float(alarms)
    return [Reading(metric, value, instance) for (metric, instance), value in found.items()]


def status_readings(status: str) -> dict[tuple[str, str], float]:
    """What ups.status says, by metric and instance. Words that are not in the table say nothing."""
    words = set(status.split())
    found: dict[tuple[str, str], float] = {}
    for flag in table().flag:
        key = (flag.metric, flag.instance)
        if flag.word in words:
            found[key] = flag.value
        elif flag.absent is not None and words:
            found.setdefault(key, flag.absent)
    return found


def facts(variables: Mapping[str, str]) -> list[Fact]:
    """The texts, the first of each name."""
    told: dict[str, str] = {}
    for name, words in _texts(variables):
        if words:
            told.setdefault(name, words)
    return [Fact(name, words) for name, words in told.items()]


def alarm_count(text: str) -> int:
    """How many alarms ups.alarm names: newer drivers bracket each."""
    return len(_BRACKETED.findall(text)) or int(bool(text.strip()))


def _texts(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for spec in table().value:
        if spec.fact and spec.variable in variables:
            text = variables[spec.variable]
            then = parse_date(text, table().date_formats) if spec.date else None
            yield spec.fact, text if not spec.date else then.isoformat() if then is not None else ""


def _number(spec: NutValue, text: str, today: date | None) -> float | None:
    if spec.words:
        return next((value for words, value in spec.words.items() if re.search(words, text, re.IGNORECASE)), None)
    value = age_days(parse_date(text, table().date_formats), today) if spec.date else snmp_values.number(text)
    return None if value is None else plausible(spec.metric, value)
