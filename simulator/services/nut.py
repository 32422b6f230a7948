"""A UPS on a computer's USB, told of by NUT."""

from __future__ import annotations

from pathlib import Path

from simulator.model.ups import Source, Ups
from simulator.net.nut_server import NutServer
from simulator.net.stream_door import StreamDoor
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

NAME = "ups"


class NutService:
    """The upsd of the computer that one UPS hangs on."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Ups)
        self._ward, self._ups = premises.ward, outlet.machine
        self._door = StreamDoor(NutServer(NAME, outlet.machine.plate.name, self._variables).talk)

    async def open(self, port: int) -> int:
        return self._door.open(port)

    def show(self) -> None:
        self._door.set_reachable(self._ward.reachable(self._ups.id))

    async def close(self) -> None:
        self._door.close()

    def settings(self, beside: Path) -> list[Setting]:
        return [("host", LOOPBACK), ("port", self._door.port), ("ups_name", NAME)]

    def _variables(self) -> dict[str, str] | None:
        return None if self._ups.usb_unplugged else variables(self._ups)


def variables(ups: Ups) -> dict[str, str]:
    """What usbhid-ups or nutdrv_qx tell of a small line-interactive UPS."""
    plate = ups.plate
    return {
        "battery.charge": f"{ups.charge * 100:.0f}",
        "battery.mfr.date": ups.battery_made.strftime("%Y/%m/%d"),
        "battery.runtime": f"{ups.runtime_seconds:.0f}",
        "battery.type": "PbAc",
        "battery.voltage": f"{ups.battery_volts:.1f}",
        "device.mfr": plate.vendor,
        "device.model": plate.model,
        "device.serial": plate.serial,
        "device.type": "ups",
        "driver.name": "usbhid-ups",
        "input.frequency": f"{ups.input_hertz:.1f}",
        "input.voltage": f"{ups.input_volts:.1f}",
        "output.voltage": f"{ups.output_volts:.1f}",
        "ups.firmware": plate.firmware,
        "ups.load": f"{ups.load_share * 100:.0f}",
        "ups.realpower": f"{ups.load_watts:.0f}",
        "ups.status": status(ups),
        "ups.test.result": "Done and error" if ups.battery_worn else "Done and passed",
    }


def status(ups: Ups) -> str:
    """The words of ups.status."""
    words = {Source.MAINS: ["OL"], Source.BATTERY: ["OB", "DISCHRG"], Source.NONE: ["OFF"]}[ups.source]
    flags = {
        "CHRG": ups.source is Source.MAINS and ups.charge < 0.999,
        "LB": ups.battery_low,
        "RB": ups.battery_worn,
        "OVER": ups.load_share > 1.0,
    }
    return " ".join([*words, *(word for word, is_so in flags.items() if is_so)])
