"""Writes the configuration with which an agent watches the virtual ward (docs/architecture.md, "Contracts")."""

from __future__ import annotations

import json
import os
from pathlib import Path

from simulator.model.city import CityService, Uplink
from simulator.model.machine import Machine
from simulator.model.network import MAN
from simulator.model.ward import ELSEWHERE, MAINS
from simulator.simulation import Outside, Simulation
from simulator.wardfile import WardPart
from telemetry.kinds import Kind


def write(path: Path, simulation: Simulation) -> None:
    """Write the file at once or not at all: who waits for it finds it whole. Raises OSError."""
    text = configuration(simulation, path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def configuration(simulation: Simulation, beside: Path) -> str:
    """The TOML text. Secret files are named relative to `beside`, the folder of the file."""
    parts = [_ward(simulation.file.ward)]
    if simulation.man is not None:
        uplink = "[uplink]\n" + _line("broker", f"mqtt://127.0.0.1:{simulation.man.port}")
        if simulation.man_web is not None:
            uplink += _line("hub", f"http://127.0.0.1:{simulation.man_web.port}")
        parts.append(uplink)
    sink = simulation.premises.trap_sink
    if sink is not None:
        parts.append("[traps]\n" + _line("listen", sink.address[0]) + _line("port", sink.address[1]))
    for outside in simulation.devices.values():
        parts.append(_device(simulation, outside, beside))
    return "\n".join(parts)


def _ward(ward: WardPart) -> str:
    lines = "[ward]\n" + _line("id", ward.id) + _line("name", ward.name) + _line("district", ward.district)
    if ward.opening_hours is not None:
        lines += _line("opening_hours", ward.opening_hours)
    if ward.counters is not None:
        lines += _line("counters", ward.counters)
    if ward.transactions_per_day is not None:
        lines += _line("transactions_per_day", ward.transactions_per_day)
    return lines


def _device(simulation: Simulation, outside: Outside, beside: Path) -> str:
    part, model = outside.part, outside.model
    lines = "[[device]]\n" + _line("id", part.id) + _line("kind", model.kind.value)
    lines += _line("protocol", outside.protocol)
    for key, value in outside.service.settings(beside):
        lines += _line(key, value)
    if part.name:
        lines += _line("name", part.name)
    if part.location:
        lines += _line("location", part.location)
    if part.recorder is not None and part.channel is not None:
        lines += _line("recorder", part.recorder) + _line("channel", part.channel)
    parent = _parent(simulation, outside)
    if parent is not None:
        lines += _line("parent", parent)
    if part.interval is not None:
        lines += _line("interval", part.interval)
    return lines


def _parent(simulation: Simulation, outside: Outside) -> str | None:
    """What it hangs on: the switch that it is reached through; the switch itself, the UPS that feeds it.

    The UPS that feeds the switch is the root, so that nothing is its own cause. Wi-Fi hangs on the switch too; a line
    on the router, and the city's applications on the MAN. What the agent's machine hears by radio hangs on nothing.
    """
    machine = simulation.ward.machine(outside.part.id)
    if isinstance(machine, (Uplink, CityService)):
        return _towards_the_city(simulation, machine)
    switch = simulation.ward.switch
    feed = outside.part.feed if outside.part.feed not in (MAINS, ELSEWHERE) else None
    if switch is None or outside.part.id == switch.id:
        return feed
    roots = {simulation.ward.places[switch.id].feed}
    if outside.model.kind is Kind.UPS and outside.part.id in roots:
        return None
    if machine.beside_watcher:
        return None
    return feed if outside.part.port == 0 and feed is not None else switch.id


def _towards_the_city(simulation: Simulation, machine: Machine) -> str | None:
    router = simulation.ward.router
    if isinstance(machine, CityService):
        uplinks = (one for one in simulation.ward.machines() if isinstance(one, Uplink) and one.line == MAN)
        return next((uplink.id for uplink in uplinks), router.id if router is not None else None)
    return router.id if router is not None else None


def _line(key: str, value: str | int | float | bool | list[str] | list[list[float]]) -> str:
    # JSON's strings, numbers, truths and lists of these are TOML's.
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"
