"""The [[device]] tables: each by its protocol's model, then what only shows when they are seen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collectors import register_map
from collectors.config import BaseDevice, ModbusDevice, PresenceDevice, models
from edge_agent import lines
from edge_agent.wrong import WardWrong
from telemetry.configuration.document import item
from telemetry.configuration.problems import ConfigurationError, Wrong, nearest
from telemetry.configuration.tables import TableReader
from telemetry.kinds import Kind

# Keys that make sense for some kinds only; a room's target is what its cooling is judged against.
_ONLY_OF = {
    **lines.ONLY_OF,
    **dict.fromkeys(("target_celsius", "target_sensor"), frozenset({Kind.AIRCON, Kind.SENSOR})),
    **dict.fromkeys(("recorder", "channel", "recorded_since", "watch", "mask"), frozenset({Kind.CAMERA})),
}
_ON_USB = frozenset({Kind.SCANNER, Kind.PRINTER})  # a presence helper is asked for these by their USB id

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
    _check_recorders(reader, tables)
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
        if isinstance(device, ModbusDevice):
            device = _with_map(reader, device, at, where)
        if isinstance(device, PresenceDevice) and device.kind in _ON_USB and device.usb is None:
            reader.add(Wrong.MISSING_KEY, at, where, key="usb")
        allowed = _protocols_for(device.kind)
        if protocol not in allowed:
            here, kind = (*at, "protocol"), device.kind.value
            reader.add(WardWrong.KIND_PROTOCOL, here, where, given=protocol, detail=kind, allowed=allowed)
        for key in table:
            if device.kind not in _ONLY_OF.get(key, frozenset(Kind)):
                kinds = sorted(kind.value for kind in _ONLY_OF[key])
                reader.add(WardWrong.KIND_KEY, (*at, key), where, detail=device.kind.value, allowed=kinds)
    return device


def _with_map(reader: TableReader, device: ModbusDevice, at: tuple[str | int, ...], where: str) -> ModbusDevice:
    """The device with its register map found; what is wrong with the map's file is a problem of this configuration."""
    name = device.map
    if name.endswith(".toml"):
        name = str(reader.folder / Path(name).expanduser())
    elif not reader.check_one_of(name, register_map.shipped(), (*at, "map"), where):
        return device
    try:
        register_map.load(name)
    except ConfigurationError as error:
        reader.problems += [problem for problem in error.problems if problem not in reader.problems]
    return device.model_copy(update={"map": name})


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


def _check_recorders(reader: TableReader, tables: Tables) -> None:
    """A camera's recorder is a device of that kind, and its channel there no other camera's."""
    recorders = [str(table.get("id")) for table in tables if table.get("kind") == Kind.RECORDER]
    for number, table in enumerate(tables):
        given = table.get("recorder")
        if isinstance(given, str) and given not in recorders:
            at, where = ("device", number, "recorder"), item("device", table, number)
            reader.add(WardWrong.UNKNOWN_DEVICE, at, where, given=given, suggestion=nearest(given, recorders))
    first: dict[tuple[str, str], int] = {}
    for number, table in enumerate(tables):
        recorder, channel = table.get("recorder"), table.get("channel")
        if not isinstance(recorder, str) or not isinstance(channel, (str, int)):
            continue
        taken = first.setdefault((recorder, _plain(channel)), number)
        if taken != number:
            at, where = ("device", number, "channel"), item("device", table, number)
            line = reader.lines.of(("device", taken, "channel"))
            reader.add(WardWrong.CHANNEL_TAKEN, at, where, given=str(channel), detail=str(line))


def _plain(channel: str | int) -> str:
    """As a recorder understands it: "01" is 1, and names have no case."""
    text = str(channel).strip().lower()
    return str(int(text)) if text.isascii() and text.isdecimal() and len(text) < 16 else text


def _loop_from(start: str, parents: Mapping[str, object]) -> list[str]:
    """The way from `start` up its parents back to `start`; empty where it does not lead back."""
    way = [start]
    parent = parents.get(start)
    while isinstance(parent, str) and parent not in way:
        way.append(parent)
        parent = parents.get(parent)
    return [*way, start] if parent == start else []
