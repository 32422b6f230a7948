"""The [[device]] tables: each by its protocol's model, then what only shows when they are seen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, get_args

from collectors import config as devices
from collectors.config import BaseDevice
from edge_agent.problems import Wrong, nearest
from edge_agent.tables import TableReader
from telemetry.kinds import Kind

# Protocols that make sense for some kinds only; the agent's own machine is no printer.
_ONLY_FOR = {
    "psutil": frozenset({Kind.SERVER, Kind.WORKSTATION, Kind.KIOSK, Kind.QUEUE, Kind.SERVICE}),
    "rtsp": frozenset({Kind.CAMERA, Kind.RECORDER}),
}

Tables = Sequence[Mapping[str, Any]]


@lru_cache(maxsize=1)
def models() -> dict[str, type[BaseDevice]]:
    """The model of each protocol that collectors.config.Device knows."""
    union = get_args(devices.Device)[0]
    members: Sequence[type[BaseDevice]] = get_args(union) or (union,)
    return {protocol: model for model in members for protocol in get_args(model.model_fields["protocol"].annotation)}


def read(reader: TableReader, tables: Tables) -> tuple[BaseDevice, ...]:
    """The devices that are right each for itself; what is wrong, also between them, is in `reader.problems`."""
    found: list[BaseDevice] = []
    for number, table in enumerate(tables):
        device = _device(reader, table, number)
        if device is not None:
            found.append(device)
    _check_ids(reader, tables)
    _check_parents(reader, tables)
    return tuple(found)


def _where(table: Mapping[str, Any], number: int) -> str:
    return f"[[device]] {table.get('id', number + 1)}"


def _device(reader: TableReader, table: Mapping[str, Any], number: int) -> BaseDevice | None:
    at, where = ("device", number), _where(table, number)
    protocol = table.get("protocol")
    if protocol is None:
        reader.add(Wrong.MISSING_KEY, at, where, key="protocol", allowed=tuple(models()))
        return None
    model = models().get(protocol) if isinstance(protocol, str) else None
    if model is None:
        reader.add(
            *(Wrong.NOT_ALLOWED, (*at, "protocol"), where),
            given=str(protocol),
            allowed=tuple(models()),
            suggestion=nearest(str(protocol), models()),
        )
        return None
    device = reader.read(model, table, at, where)
    if device is not None:
        allowed = _protocols_for(device.kind)
        if protocol not in allowed:
            reader.add(
                Wrong.KIND_PROTOCOL, (*at, "protocol"), where, given=protocol, detail=device.kind.value, allowed=allowed
            )
    return device


def _protocols_for(kind: Kind) -> tuple[str, ...]:
    return tuple(protocol for protocol in models() if kind in _ONLY_FOR.get(protocol, frozenset(Kind)))


def _check_ids(reader: TableReader, tables: Tables) -> None:
    first: dict[str, int] = {}
    for number, table in enumerate(tables):
        name = table.get("id")
        if not isinstance(name, str):
            continue
        if name in first:
            line = reader.lines.of(("device", first[name], "id"))
            reader.add(
                Wrong.DUPLICATE_ID, ("device", number, "id"), _where(table, number), given=name, detail=str(line)
            )
        first.setdefault(name, number)


def _check_parents(reader: TableReader, tables: Tables) -> None:
    parents = {str(table.get("id")): table.get("parent") for table in tables}
    for number, table in enumerate(tables):
        parent = table.get("parent")
        if not isinstance(parent, str):
            continue
        at, where = ("device", number, "parent"), _where(table, number)
        if parent not in parents:
            reader.add(Wrong.UNKNOWN_DEVICE, at, where, given=parent, suggestion=nearest(parent, parents))
            continue
        loop = _loop_from(str(table.get("id")), parents)
        if loop:
            reader.add(Wrong.PARENT_LOOP, at, where, given=" → ".join(loop))


def _loop_from(start: str, parents: Mapping[str, object]) -> list[str]:
    """The way from `start` up its parents back to `start`; empty where it does not lead back."""
    way = [start]
    parent = parents.get(start)
    while isinstance(parent, str) and parent not in way:
        way.append(parent)
        parent = parents.get(parent)
    return [*way, start] if parent == start else []
