"""Facts of any SNMP device: vendor, model, serial, firmware, name, location; and how long it has been up."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

from collectors.protocols.snmp import SYS_DESCR, SYS_LOCATION, SYS_NAME, SYS_UP_TIME, SnmpClient
from collectors.protocols.snmp_values import integer, number, text
from collectors.snmp_device import Findings, System
from telemetry.readings import Fact, Reading

_ENTERPRISES = "1.3.6.1.4.1."
_ENTITY = "1.3.6.1.2.1.47.1.1.1.1"  # entPhysicalTable, RFC 6933
_ENTITY_FACTS = (("model", "13"), ("serial", "11"), ("firmware", "10"))
_LOOK_AGAIN = 3600.0
_WHOLE_MODEL = 40  # a sysDescr of at most so many characters may be a model's name; a longer one is a sentence


@lru_cache(maxsize=1)
def vendors() -> Mapping[str, str]:
    """IANA private enterprise number → vendor, as far as ward devices are made by them."""
    data = resources.files("collectors").joinpath("data", "vendors.toml").read_text(encoding="utf-8")
    return {str(number): name for number, name in tomllib.loads(data)["enterprise"].items()}


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
        self._read_at: float | None = None

    async def read(self, client: SnmpClient, system: System) -> Findings:
        if self._read_at is None or system.now - self._read_at > _LOOK_AGAIN:
            self._entity = await _entity_facts(client)
            self._read_at = system.now
        told = system.values
        description = text(told.get(SYS_DESCR))
        facts = [
            *self._entity,
            Fact("vendor", vendor_of(system.object_id) or vendor_in(description)),
            Fact("model", _model_in(description)),
            Fact("name", text(told.get(SYS_NAME))),
            Fact("location", text(told.get(SYS_LOCATION))),
        ]
        uptime = number(told.get(SYS_UP_TIME))
        readings = [] if uptime is None else [Reading("uptime_seconds", uptime / 100)]
        return Findings(readings, [fact for fact in facts if fact.text])


async def _entity_facts(client: SnmpClient) -> list[Fact]:
    """Model, serial and firmware of the chassis (entPhysicalClass 3), else of the first row that has a model."""
    classes = await client.walk(f"{_ENTITY}.5", max_rows=200)
    if not classes:
        return []
    columns = {name: await client.walk(f"{_ENTITY}.{leaf}", max_rows=200) for name, leaf in _ENTITY_FACTS}
    rows = [index for index, kind in classes.items() if integer(kind) == 3] + list(classes)
    for index in rows:
        if text(columns["model"].get(index)):
            return [Fact(name, text(column.get(index))) for name, column in columns.items() if text(column.get(index))]
    return []


def vendor_in(description: str) -> str:
    """A known vendor's name at the start of sysDescr; else what is left to say of a generic agent."""
    words = description.casefold()
    for name in sorted(set(vendors().values()), key=len, reverse=True):
        if words.startswith(name.casefold()):
            return name
    return ""


def _model_in(description: str) -> str:
    """sysDescr where it is short enough to be a name; of a longer one the first part."""
    first = description.split(";")[0].split(",")[0].strip() or description.strip(" ;").split(";")[0].strip()
    return first if len(first) <= _WHOLE_MODEL else " ".join(first[:_WHOLE_MODEL].split(" ")[:-1])
