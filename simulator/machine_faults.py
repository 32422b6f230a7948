"""Faults that befall one kind of machine each: a line says which, and what of the model it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.model.camera import Camera
from simulator.model.city import CityService
from simulator.model.climate import Aircon, Sensor
from simulator.model.computer import Computer
from simulator.model.machine import Machine
from simulator.model.own_clock import ClockedMachine
from simulator.model.printer import Printer
from simulator.model.recorder import Recorder
from simulator.model.scanner import Scanner
from simulator.model.ups import Ups
from simulator.model.ward import Ward


@dataclass(frozen=True, slots=True)
class MachineFault:
    """`flag`: the machine's property that says whether it is on; `set_on` changes it, None: the flag itself."""

    name: str
    machine: type[Machine]
    flag: str
    set_on: Callable[[Any, bool], None] | None = None
    fits: Callable[[Any], bool] = lambda _: True

    def targets(self, ward: Ward) -> list[str]:
        return [machine.id for machine in self._machines(ward)]

    def active(self, ward: Ward) -> list[str]:
        return [machine.id for machine in self._machines(ward) if getattr(machine, self.flag)]

    def switch(self, ward: Ward, target: str, on: bool) -> None:
        if self.set_on is None:
            setattr(ward.machine(target), self.flag, on)
        else:
            self.set_on(ward.machine(target), on)

    def _machines(self, ward: Ward) -> list[Machine]:
        standing = (machine for machine in ward.machines() if machine.id != ward.watcher)
        return [machine for machine in standing if isinstance(machine, self.machine) and self.fits(machine)]


MACHINE_FAULTS = (
    MachineFault("battery-worn", Ups, "battery_worn", Ups.set_battery_worn),
    MachineFault("usb-unplugged", Ups, "usb_unplugged", fits=lambda ups: ups.on_usb),
    MachineFault("aircon-broken", Aircon, "broken"),
    MachineFault("aircon-off", Aircon, "switched_off"),
    MachineFault("sensor-silent", Sensor, "silent"),
    MachineFault("sensor-battery-low", Sensor, "battery_empty", fits=lambda sensor: sensor.on_battery),
    MachineFault("printer-jam", Printer, "jammed"),
    MachineFault("printer-out-of-paper", Printer, "no_paper_left", Printer.set_no_paper_left),
    MachineFault("printer-door-open", Printer, "door_open"),
    MachineFault("toner-low", Printer, "toner_low", Printer.set_toner_low),
    MachineFault("scanner-jam", Scanner, "jammed"),
    MachineFault("disk-full", Computer, "disk_full", Computer.set_disk_full),
    MachineFault("service-down", CityService, "failing"),
    MachineFault("service-slow", CityService, "slow"),
    MachineFault("certificate-expiring", CityService, "certificate_expiring", fits=lambda service: service.secure),
    MachineFault("camera-offline", Camera, "unplugged", Camera.set_unplugged),
    MachineFault("camera-freeze", Camera, "frozen"),
    MachineFault("camera-wrong-password", Camera, "password_changed"),
    MachineFault("camera-cover", Camera, "covered"),
    MachineFault("camera-blur", Camera, "blurred"),
    MachineFault("camera-move", Camera, "moved"),
    MachineFault("camera-dark", Camera, "dark"),
    MachineFault("camera-h265", Camera, "hevc"),
    MachineFault("clock-drift", ClockedMachine, "clock_drifts", ClockedMachine.set_clock_drifts),
    MachineFault("recorder-stop", Recorder, "stopped"),
    MachineFault("recorder-gap", Recorder, "gap"),
    MachineFault("recorder-short", Recorder, "short"),
    MachineFault("recorder-locked-clip", Recorder, "locked_clip"),
    MachineFault("disk-fail", Recorder, "disk_failed"),
)
