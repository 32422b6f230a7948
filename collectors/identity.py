"""Facts of any SNMP device: vendor, model, serial, firmware, name, location; and how long it has been up."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from collectors.protocols.snmp import SYS_DESCR, SYS_LOCATION, SYS_NAME, SYS_UP_TIME, SnmpClient
from collectors.protocols.snmp_values import Value, integer, number, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Fact, Reading

_ENTERPRISES = "1.3.6.1.4.1."
_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"  # entPhysicalTable, RFC 6933
_ENTITY_FACTS = (("model", "13"), ("serial", "11"), ("firmware", "10"))
_CHASSIS = 3  # entPhysicalClass
_AGENTS = frozenset({"Net-SNMP", "Microsoft", "FreeBSD", "OpenBSD"})  # whose agents run on others' devices
_LOOK_AGAIN = 3600.0
_WHOLE_MODEL = 40  # a sysDescr of at most so many characters may be a model's name; a longer one is a sentence


@dataclass(frozen=True, slots=True)
class _Described:
    """What a form of sysDescr tells: a vendor, and a model where the pattern has a group of that name."""

    pattern: re.Pattern[str]
    vendor: str


@dataclass(frozen=True, slots=True)
class _Makers:
    """data/vendors.toml."""

    enterprises: Mapping[str, str]
    aliases: Mapping[str, str]  # case-folded
    described: tuple[_Described, ...]
    no_model: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=1)
def _makers() -> _Makers:
    told = tomllib.loads(resources.files("collectors").joinpath("data", "vendors.toml").read_text(encoding="utf-8"))
    names = {str(number): str(name) for number, name in told["enterprise"].items()}
    known = {name.casefold(): name for name in names.values()}
    return _Makers(
        names,
        {**known, **{alias.casefold(): str(name) for alias, name in told["alias"].items()}},
        tuple(_Described(re.compile(row["pattern"]), row["vendor"]) for row in told["description"]),
        tuple(re.compile(row["pattern"]) for row in told["no_model"]),
    )


def vendors() -> Mapping[str, str]:
    """IANA private enterprise number → vendor, as far as ward devices are made by them."""
    return _makers().enterprises


def vendor_called(name: str) -> str:
    """The vendor's usual name, whatever way a device writes it ("RPS SpA", "TRIPP LITE"); `name` where unknown."""
    return _makers().aliases.get(name.casefold().strip(" ."), name)


def vendor_of(object_id: str) -> str:
    """The vendor by sysObjectID; "" where it tells none."""
    if not object_id.startswith(_ENTERPRISES):
        return ""
    return vendors().get(object_id[len(_ENTERPRISES) :].split(".", 1)[0], "")


class Identity:
    """The system group and, hourly, the chassis row of ENTITY-MIB. Goes last: what a kind's own MIB says of the
    model is better than sysDescr, so earlier facts win."""

    def __init__(self) -> None:
        self._entity: list[Fact] = []
        self._chassis = ""  # how ENTITY-MIB describes the chassis, where it tells no model
        self._read_at: float | None = None

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if self._read_at is None or system.now - self._read_at > _LOOK_AGAIN:
            self._entity, self._chassis = await _entity_facts(client)
            self._read_at = system.now
        told = system.values
        description = text(told.get(SYS_DESCR))
        by_number, (described, model) = vendor_of(system.object_id), in_description(description)
        if by_number in _AGENTS:  # the agent's maker is not the device's
            by_number, described = described, described or by_number
        facts = [
            *self._entity,
            Fact("vendor", by_number or described or vendor_in(description)),
            Fact("model", model),
            Fact("model", self._chassis),
            Fact("name", text(told.get(SYS_NAME))),
            Fact("location", text(told.get(SYS_LOCATION))),
        ]
        uptime = number(told.get(SYS_UP_TIME))
        readings = [] if uptime is None else [Reading("uptime_seconds", uptime / 100)]
        return Findings(readings, [fact for fact in facts if fact.text])


async def _entity_facts(client: SnmpClient) -> tuple[list[Fact], str]:
    """Model, serial and firmware of the chassis (entPhysicalClass 3), else of the first row that has a model; and the
    chassis's description."""
    classes = await client.walk(f"{_ENTITY}.5", max_rows=200)
    if not classes:  # agents exist that hold the rest of the table
        described = await client.walk(f"{_ENTITY}.2", max_rows=200)
        return [], _short(next(iter(described.values()), None))
    columns = {name: await client.walk(f"{_ENTITY}.{leaf}", max_rows=200) for name, leaf in _ENTITY_FACTS}
    chassis = [index for index, kind in classes.items() if integer(kind) == _CHASSIS]
    for index in [*chassis, *classes]:
        if _is_name(text(columns["model"].get(index))):
            return [
                Fact(name, text(column.get(index))) for name, column in columns.items() if text(column.get(index))
            ], ""
    described = await client.walk(f"{_ENTITY}.2", max_rows=200) if chassis else {}
    return [], _short(described.get(chassis[0])) if chassis else ""


def _short(description: Value) -> str:
    first = text(description).split(",")[0]
    return first if len(first) <= _WHOLE_MODEL else ""


def _is_name(model: str) -> bool:
    """Not a number alone, nor what agents write where they know none ("0x0002", "N/A", "None")."""
    return bool(model) and not re.fullmatch(
        r"0x[0-9a-f]+|[\d .]+|n/?a|none|unknown|unspecified|default string", model, re.I
    )


def vendor_in(description: str) -> str:
    """A known vendor's name at the start of sysDescr; "" where there is none."""
    words = description.casefold()
    for name in sorted(set(vendors().values()), key=len, reverse=True):
        if words.startswith(name.casefold()):
            return name
    return ""


def in_description(description: str) -> tuple[str, str]:
    """Vendor and model by sysDescr, each "" where it tells none: by the patterns of data/vendors.toml, else a text
    short enough to be a name is the model."""
    for form in _makers().described:
        found = form.pattern.search(description)
        if found is not None:
            model = (found.groupdict().get("model") or "").strip()
            return form.vendor, model or _model_in(description)
    return "", _model_in(description)


def described_model(name: str) -> str:
    """The model in hrDeviceDescr: by the same patterns, else the whole text."""
    found = next((found for form in _makers().described if (found := form.pattern.search(name))), None)
    return (found.groupdict().get("model") if found else "") or name


def _model_in(description: str) -> str:
    """sysDescr where it is short enough to be a name; of a longer one the first part. None of a system's name."""
    if any(pattern.search(description) for pattern in _makers().no_model):
        return ""
    first = description.split(";")[0].split(",")[0].strip() or description.strip(" ;").split(";")[0].strip()
    return first if len(first) <= _WHOLE_MODEL else " ".join(first[:_WHOLE_MODEL].split(" ")[:-1])
