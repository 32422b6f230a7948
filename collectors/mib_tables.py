"""Vendor MIBs as data: each file of collectors/data says which objects hold which metric, and in what unit.

A vendor's peculiarity (a scale, a marker for "unknown", a column that names the sensor) is a row there with its
source; this module is the one reader of all of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collectors.dates import age_days, parse_date
from collectors.protocols import snmp_values
from collectors.protocols.snmp_values import Value
from telemetry.readings import Fact, Reading

_NOTHING = re.compile(r"[\s0\-_.]*")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Where(_Row):
    """Only rows whose other column (same index) holds one of these as text, or matches this pattern."""

    oid: str
    any: list[str | int] = Field(default_factory=list)
    like: str = ""

    def holds(self, other: Value) -> bool:
        words = snmp_values.text(other)
        return words in {str(choice) for choice in self.any} or bool(self.like and re.search(self.like, words))


class ScaleBy(_Row):
    """The unit of a row is told by another column: its value, as text → factor. Other values: no reading."""

    oid: str
    map: dict[str, float]


class MibValue(_Row):
    """One column or scalar. OIDs are relative to the MIB's base; whatever follows is the index."""

    oid: str
    metric: str = ""
    fact: str = ""
    scale: float = 1.0
    offset: float = 0.0
    unknown: list[float] = Field(default_factory=list)  # raw values that stand for "no value"
    values: dict[str, float] = Field(default_factory=dict)  # enumeration → value; others: no reading
    label: str = ""  # the column, at the same index, that names the instance
    name: str = ""  # or its fixed name
    where: list[Where] = Field(default_factory=list)
    scale_by: ScaleBy | None = None
    index: str = ""  # only this index
    dates: list[str] = Field(default_factory=list)  # strptime formats: a metric is the date's age, a fact its ISO form
    tenths_from: float | None = None  # firmware exists that gives tenths: raw values from here on are tenths

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if bool(self.metric) == bool(self.fact):
            raise ValueError(f"{self.oid}: either metric or fact")
        return self


class Mib(_Row):
    """One MIB. Without `enterprises` every device is asked; else those whose sysObjectID starts with one of them,
    and every device that has answered to nothing else."""

    name: str
    source: str
    base: str
    walk: list[str] = Field(default_factory=lambda: [""])  # subtrees below base
    enterprises: list[str] = Field(default_factory=list)
    vendor: str = ""  # where the device's sysObjectID does not say
    adds: bool = False  # its readings stand beside those of MIBs before it, not only where they left a gap
    value: list[MibValue]

    def roots(self) -> list[str]:
        return [f"{self.base}.{part}" if part else self.base for part in self.walk]

    def enterprise(self) -> str:
        """The subtree of the vendor whose objects these are: 1.3.6.1.4.1.<number>; `base` where it is no vendor's."""
        parts = self.base.split(".")
        return ".".join(parts[:7]) if self.base.startswith("1.3.6.1.4.1.") else self.base

    def is_made_for(self, object_id: str) -> bool:
        return any(object_id == prefix or object_id.startswith(f"{prefix}.") for prefix in self.enterprises)


@dataclass(frozen=True, slots=True)
class Bound:
    """One object of one device: what to ask and how to read it."""

    oid: str
    metric: str
    instance: str
    spec: MibValue
    scale: float

    def decode(self, value: Value, today: date | None = None) -> float | None:
        """The value in the metric's unit; None for what is no value or cannot be. `today`: for the ages of dates."""
        if self.spec.values:
            return self.spec.values.get(snmp_values.text(value) if not isinstance(value, int) else str(value))
        if self.spec.dates:
            age = age_days(parse_date(snmp_values.text(value), self.spec.dates), today)
            return None if age is None else plausible(self.metric, age)
        raw = snmp_values.number(value)
        if raw is None or raw in self.spec.unknown:
            return None
        scale = self.scale
        if self.spec.tenths_from is not None and raw >= self.spec.tenths_from:
            scale *= 0.1
        return plausible(self.metric, raw * scale + self.spec.offset)


class _Range(_Row):
    low: float
    high: float
    above: bool = False  # the low end itself is no value (0 V of a battery)


@lru_cache(maxsize=8)
def mibs(file: str) -> tuple[Mib, ...]:
    """The MIBs of collectors/data/<file>.toml. Raises pydantic.ValidationError for a faulty file (a test reads all)."""
    return tuple(Mib.model_validate(entry) for entry in _load(file)["mib"])


def plausible(metric: str, value: float) -> float | None:
    """`value`, or None where the metric cannot have it (2313 V at a wall socket, −273 °C)."""
    bounds = _ranges().get(metric)
    if bounds is None:
        return value
    if value < bounds.low or value > bounds.high or (bounds.above and value == bounds.low):
        return None
    return value


@lru_cache(maxsize=1)
def _ranges() -> dict[str, _Range]:
    return {metric: _Range.model_validate(entry) for metric, entry in _load("plausible").items()}


def _load(file: str) -> dict[str, dict[str, object]]:
    data = resources.files("collectors").joinpath("data", f"{file}.toml").read_text(encoding="utf-8")
    return tomllib.loads(data)


def bind(mib: Mib, rows: Mapping[str, Value], taken: set[str], today: date | None = None) -> list[Bound]:
    """What `rows` (OID below base → value) hold of this MIB's metrics, without those in `taken`.

    Of several columns with the same metric and instance the first that has a value wins.
    """
    bound: dict[tuple[str, str], Bound] = {}
    for spec in mib.value:
        if not spec.metric or (spec.metric in taken and not mib.adds):
            continue
        for index, value in _column(rows, spec):
            found = _bind_one(mib, spec, rows, index)
            # An instance that has no value now may have one later, but must not hide another column's value meanwhile.
            if found is None or found.decode(value, today) is None:
                continue
            if (found.metric, found.instance) not in bound:
                bound[found.metric, found.instance] = found
    return list(bound.values())


def facts(mib: Mib, rows: Mapping[str, Value]) -> list[Fact]:
    """The texts that `rows` tell, the first of each name. A text of zeros or blanks is memory nobody wrote."""
    told: dict[str, str] = {}
    for spec in mib.value:
        if spec.fact and spec.fact not in told:
            for index, value in _column(rows, spec):
                words = snmp_values.text(value)
                if spec.dates:
                    then = parse_date(words, spec.dates)
                    words = "" if then is None else then.isoformat()
                if _NOTHING.fullmatch(words) or not _is_meant(spec, rows, index):
                    continue
                told[spec.fact] = words
                break
    return [Fact(name, words) for name, words in told.items()]


def readings(bound: Sequence[Bound], values: Mapping[str, Value], today: date | None = None) -> list[Reading]:
    """The readings that `values` (full OID → value) give; ages of dates only where `today` is told."""
    result: list[Reading] = []
    for item in bound:
        value = values.get(item.oid)
        if value is not None:
            decoded = item.decode(value, today)
            if decoded is not None:
                result.append(Reading(item.metric, decoded, item.instance))
    return result


def _column(rows: Mapping[str, Value], spec: MibValue) -> Iterator[tuple[str, Value]]:
    if spec.index:
        value = rows.get(f"{spec.oid}.{spec.index}")
        if value is not None:
            yield spec.index, value
        return
    prefix = f"{spec.oid}."
    if spec.oid in rows:
        yield "", rows[spec.oid]
    for oid, value in rows.items():
        if oid.startswith(prefix):
            yield oid[len(prefix) :], value


def _bind_one(mib: Mib, spec: MibValue, rows: Mapping[str, Value], index: str) -> Bound | None:
    if not _is_meant(spec, rows, index):
        return None
    scale = spec.scale
    if spec.scale_by is not None:
        factor = spec.scale_by.map.get(snmp_values.text(_at(rows, spec.scale_by.oid, index)))
        if factor is None:
            return None
        scale *= factor
    oid = f"{mib.base}.{spec.oid}.{index}" if index else f"{mib.base}.{spec.oid}"
    return Bound(oid, spec.metric, _instance(spec, rows, index), spec, scale)


def _is_meant(spec: MibValue, rows: Mapping[str, Value], index: str) -> bool:
    return all(where.holds(_at(rows, where.oid, index)) for where in spec.where)


def _instance(spec: MibValue, rows: Mapping[str, Value], index: str) -> str:
    """What tells this row from those beside it that are meant, too: its label, else its name, else its index where
    there are several."""
    names = [_label(spec, rows, other) for other, _ in _column(rows, spec) if _is_meant(spec, rows, other)]
    label = _label(spec, rows, index)
    if label and names.count(label) == 1:
        return label
    several = len(names) > 1
    return f"{label} {index.removesuffix('.0')}".strip() if several else label


def _label(spec: MibValue, rows: Mapping[str, Value], index: str) -> str:
    told = snmp_values.text(_at(rows, spec.label, index)) if spec.label else ""
    return told[:60] or spec.name


def _at(rows: Mapping[str, Value], column: str, index: str) -> Value:
    """The other column's value at this index; a column named with its own index ("1.0") is the same for all rows."""
    value = rows.get(f"{column}.{index}")
    return rows.get(column) if value is None else value
