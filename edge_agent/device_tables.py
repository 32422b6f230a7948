"""The [[device]] tables: each by its protocol's model, then what only shows when they are seen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.config import BaseDevice, models
from edge_agent import lines
from edge_agent.wrong import WardWrong
from telemetry.configuration.document import item
from telemetry.configuration.problems import Wrong, nearest
from telemetry.configuration.tables import TableReader
from telemetry.kinds import Kind

Tables = Sequence[Mapping[str, Any]]


def read(reader: TableReader, tables: Tables) -> tuple[BaseDevice, ...]:
    """The devices that are right each for itself; what is wrong, also between them, is in `reader.problems`."""
    found: list[BaseDevice] = []
    for number, table in enumerate(tables):
        device = _device(reader, table, number)
        if device is not None:
            found.append(device)
    reader.check_ids("device", tables)
    _check_parents(reader, tables)
    return tuple(found)


def _device(reader: TableReader, table: Mapping[str, Any], number: int) -> BaseDevice | None:
    at, where = ("device", number), item("device", table, number)
    protocol = table.get("protocol")
    if protocol is None:
        reader.add(Wrong.MISSING_KEY, at, where, key="protocol", allowed=tuple(models()))
        return None
    if not reader.check_one_of(str(protocol), models(), (*at, "protocol"), where):
        return None
    model = models()[protocol]
    device = reader.read(model, table, at, where)
    if device is not None:
        allowed = _protocols_for(device.kind)
        if protocol not in allowed:
            here, kind = (*at, "protocol"), device.kind.value
            reader.add(WardWrong.KIND_PROTOCOL, here, where, given=protocol, detail=kind, allowed=allowed)
        for key in table:
            if device.kind not in lines.ONLY_OF.get(key, frozenset(Kind)):
                kinds = sorted(kind.value for kind in lines.ONLY_OF[key])
                reader.add(WardWrong.KIND_KEY, (*at, key), where, detail=device.kind.value, allowed=kinds)
    return device


def _protocols_for(kind: Kind) -> tuple[str, ...]:
    return tuple(protocol for protocol, model in models().items() if kind in model.only_for)


def _check_parents(reader: TableReader, tables: Tables) -> None:
    parents = {str(table.get("id")): table.get("parent") for table in tables}
    for number, table in enumerate(tables):
        parent = table.get("parent")
        if not isinstance(parent, str):
            continue
        at, where = ("device", number, "parent"), item("device", table, number)
        if parent not in parents:
            reader.add(WardWrong.UNKNOWN_DEVICE, at, where, given=parent, suggestion=nearest(parent, parents))
            continue
        loop = _loop_from(str(table.get("id")), parents)
        if loop:
            reader.add(WardWrong.PARENT_LOOP, at, where, given=" → ".join(loop))


def _loop_from(start: str, parents: Mapping[str, object]) -> list[str]:
    """The way from `start` up its parents back to `start`; empty where it does not lead back."""
    way = [start]
    parent = parents.get(start)
    while isinstance(parent, str) and parent not in way:
        way.append(parent)
        parent = parents.get(parent)
    return [*way, start] if parent == start else []
