"""Faults to switch on and off while the ward lives. A new one is a class and a line in FAULTS.

A fault keeps no state of its own: it changes the model, and is on where the model says so. What it is called and
what it does in words is in texts/ under its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulator.model.camera import Camera
from simulator.model.network import Port
from simulator.model.printer import Printer
from simulator.model.ward import Ward

WHOLE_WARD = "ward"


class UnknownFaultError(LookupError):
    """There is no such fault, or it does not fit that device. `code` names the words for it."""

    def __init__(self, code: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"{code}: {name} is none of {', '.join(known)}")
        self.code, self.name, self.known = code, name, list(known)


class Fault(Protocol):
    """One kind of trouble."""

    name: str

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


class BatteryWorn:
    """A battery at its end: it holds less than a third, fails its test, and is old. Off: a new one is put in."""

    name = "battery-worn"

    def targets(self, ward: Ward) -> list[str]:
        return [ups.id for ups in ward.upses]

    def active(self, ward: Ward) -> list[str]:
        return [ups.id for ups in ward.upses if ups.battery_worn]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        next(ups for ups in ward.upses if ups.id == target).set_battery_worn(on)


class UsbUnplugged:
    """The USB cable between a UPS and its computer is out: NUT's server answers, but has nothing fresh to tell."""

    name = "usb-unplugged"

    def targets(self, ward: Ward) -> list[str]:
        return [ups.id for ups in ward.upses if ups.on_usb]

    def active(self, ward: Ward) -> list[str]:
        return [ups.id for ups in ward.upses if ups.usb_unplugged]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        next(ups for ups in ward.upses if ups.id == target).usb_unplugged = on


class PrinterJam:
    """Paper is stuck: the printer stops until somebody takes it out."""

    name = "printer-jam"

    def targets(self, ward: Ward) -> list[str]:
        return [printer.id for printer in _printers(ward)]

    def active(self, ward: Ward) -> list[str]:
        return [printer.id for printer in _printers(ward) if printer.jammed]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        next(printer for printer in _printers(ward) if printer.id == target).jammed = on


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
        return [machine.id for machine in ward.machines() if machine.id != ward.watcher]

    def active(self, ward: Ward) -> list[str]:
        return [machine.id for machine in ward.machines() if machine.dead]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        ward.machine(target).set_dead(on)


class ManDown:
    """The line between the ward and the city is cut."""

    name = "man-down"

    def targets(self, ward: Ward) -> list[str]:
        return [WHOLE_WARD, "man"] if ward.router is None else [WHOLE_WARD, "man", ward.router.id]

    def active(self, ward: Ward) -> list[str]:
        return [WHOLE_WARD] if ward.man_cut else []

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        ward.set_man_cut(on)


class CameraOffline:
    """The cable is pulled out of a camera: silence. Plugged in again it starts anew, and old connections are reset."""

    name = "camera-offline"

    def targets(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward)]

    def active(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward) if camera.unplugged]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        _camera(ward, target).set_unplugged(on)


class CameraFreeze:
    """A camera sends the same picture again and again; its clock stands."""

    name = "camera-freeze"

    def targets(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward)]

    def active(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward) if camera.frozen]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        _camera(ward, target).frozen = on


class CameraWrongPassword:
    """Somebody changed a camera's password: it refuses the one that is configured."""

    name = "camera-wrong-password"

    def targets(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward)]

    def active(self, ward: Ward) -> list[str]:
        return [camera.id for camera in _cameras(ward) if camera.password_changed]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        _camera(ward, target).password_changed = on


_ALL: tuple[Fault, ...] = (
    PowerCut(),
    BatteryWorn(),
    UsbUnplugged(),
    PrinterJam(),
    SwitchPortDown(),
    DeviceDead(),
    ManDown(),
    CameraOffline(),
    CameraFreeze(),
    CameraWrongPassword(),
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


def _printers(ward: Ward) -> list[Printer]:
    return [machine for machine in ward.machines() if isinstance(machine, Printer)]


def _cameras(ward: Ward) -> list[Camera]:
    return [machine for machine in ward.machines() if isinstance(machine, Camera)]


def _camera(ward: Ward, target: str) -> Camera:
    return next(camera for camera in _cameras(ward) if camera.id == target)
