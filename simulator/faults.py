"""Faults to switch on and off while the ward lives. A new one is a line in machine_faults, or a class and a line here.

A fault keeps no state of its own: it changes the model, and is on where the model says so. What it is called and
what it does in words is in texts/ under its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulator.machine_faults import MACHINE_FAULTS
from simulator.model.city import Uplink
from simulator.model.machine import Machine
from simulator.model.network import Port, WanLine
from simulator.model.ward import Ward

WHOLE_WARD = "ward"


class UnknownFaultError(LookupError):
    """There is no such fault, or it does not fit that device. `code` names the words for it."""

    def __init__(self, code: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"{code}: {name} is none of {', '.join(known)}")
        self.code, self.name, self.known = code, name, list(known)


class Fault(Protocol):
    """One kind of trouble."""

    @property
    def name(self) -> str: ...

    def targets(self, ward: Ward) -> list[str]:
        """What it can befall."""

    def active(self, ward: Ward) -> list[str]:
        """Which of its targets it has befallen now."""

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        """`target` is one of `targets`."""


class PowerCut:
    """No power at the wall: in the whole ward, or for one UPS (its plug, its fuse)."""

    name = "power-cut"

    def targets(self, ward: Ward) -> list[str]:
        return [WHOLE_WARD, *(ups.id for ups in ward.upses)]

    def active(self, ward: Ward) -> list[str]:
        whole = [] if ward.mains.on else [WHOLE_WARD]
        return whole + [ups.id for ups in ward.upses if ups.input_cut]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        if target == WHOLE_WARD:
            ward.mains.on = not on
        else:
            next(ups for ups in ward.upses if ups.id == target).input_cut = on


class SwitchPortDown:
    """A port of the switch gives no link. The target is the thing behind it, or "switch-1:7"."""

    name = "switch-port-down"

    def targets(self, ward: Ward) -> list[str]:
        return list(self._ports(ward))

    def active(self, ward: Ward) -> list[str]:
        cut = {port.number: target for target, port in self._ports(ward).items() if port.cut}
        return list(cut.values())

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        self._ports(ward)[target].cut = on

    @staticmethod
    def _ports(ward: Ward) -> dict[str, Port]:
        """By both names; the device behind a port is its last, and so the one that is told."""
        if ward.switch is None:
            return {}
        numbered = {f"{ward.switch.id}:{port.number}": port for port in ward.switch.ports}
        return numbered | {port.attached: port for port in ward.switch.ports if port.attached}


class DeviceDead:
    """A device breaks: it answers nothing and carries nothing (a UPS passes the mains on, but holds nothing)."""

    name = "device-dead"

    def targets(self, ward: Ward) -> list[str]:
        return [machine.id for machine in ward.machines() if _can_break(ward, machine)]

    def active(self, ward: Ward) -> list[str]:
        return [machine.id for machine in ward.machines() if machine.dead]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        ward.machine(target).set_dead(on)


class ManDown:
    """Every line between the ward and the city is cut."""

    name = "man-down"

    def targets(self, ward: Ward) -> list[str]:
        return [WHOLE_WARD, "man"] if ward.router is None else [WHOLE_WARD, "man", ward.router.id]

    def active(self, ward: Ward) -> list[str]:
        return [WHOLE_WARD] if ward.man_cut else []

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        ward.set_man_cut(on)


class LineDown:
    """One of the lines between the ward and the city is cut; the other carries on."""

    name = "line-down"

    def targets(self, ward: Ward) -> list[str]:
        return _line_targets(ward)

    def active(self, ward: Ward) -> list[str]:
        return [line.name for line in _lines(ward) if line.cut]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        ward.set_line_cut(_line_of(ward, target), on)


class LineLossy:
    """A line loses about a third of what it should carry."""

    name = "line-lossy"

    def targets(self, ward: Ward) -> list[str]:
        return _line_targets(ward)

    def active(self, ward: Ward) -> list[str]:
        return [line.name for line in _lines(ward) if line.lossy]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        assert ward.router is not None
        ward.router.lines[_line_of(ward, target)].lossy = on


_ALL: tuple[Fault, ...] = (
    PowerCut(),
    SwitchPortDown(),
    DeviceDead(),
    ManDown(),
    LineDown(),
    LineLossy(),
    *MACHINE_FAULTS,
)
FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}


def switch(ward: Ward, name: str, target: str, on: bool) -> None:
    """Switch a fault on or off. Raises UnknownFaultError."""
    fault = FAULTS.get(name)
    if fault is None:
        raise UnknownFaultError("unknown_fault", name, list(FAULTS))
    targets = fault.targets(ward)
    if target not in targets:
        raise UnknownFaultError("unknown_target", target, targets)
    fault.switch(ward, target, on)
    ward.touch()


def _can_break(ward: Ward, machine: Machine) -> bool:
    """The agent's own machine is real; a line has faults of its own."""
    return machine.id != ward.watcher and not isinstance(machine, Uplink)


def _lines(ward: Ward) -> list[WanLine]:
    return [] if ward.router is None else list(ward.router.lines.values())


def _line_targets(ward: Ward) -> list[str]:
    """The lines by their own names, and as the devices that stand for them."""
    uplinks = [machine.id for machine in ward.machines() if isinstance(machine, Uplink)]
    return [line.name for line in _lines(ward)] + (uplinks if ward.router is not None else [])


def _line_of(ward: Ward, target: str) -> str:
    machine = ward.places[target].machine if target in ward.places else None
    return machine.line if isinstance(machine, Uplink) else target
