"""What the wards' devices are and say: UPS units by RFC 1628, whose numbers move by seed, device and moment alone.

Some moves pass a metric's dead-band and some do not; the mains fail for ten seconds of each forty. A ward that shall
fill a small journal within a line's cut has units with dozens of output lines besides, most of which move each second.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from simulator.mibs.values import Objects, Oid, Value, identifier, integer, oid, text, ticks

DEVICES = ("ups-1", "ups-2", "ups-3")
BUSY_DEVICES = ("busy-1", "busy-2")  # of a ward with a small journal, besides: some 12 kB of entries a second
FIRST_PORT = 16_100
STEP_SECONDS = 0.5  # how long all numbers stand still
_SYSTEM, _UPS = oid("1.3.6.1.2.1.1"), oid("1.3.6.1.2.1.33.1")
_MAINS_PERIOD, _MAINS_OFF = 40.0, 10.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One object and the metric that it is read as: a swing about a middle, and a jitter on it; `scale` is what the
    object's whole number is multiplied with."""

    name: Oid
    metric: str
    middle: float
    swing: float
    period: float  # seconds
    jitter: float
    scale: float = 1.0

    def number(self, device: str, seconds: float) -> int:
        """What the object holds in that moment."""
        phase = _chance(device, self.metric, "phase")
        moved = self.swing * math.sin(2 * math.pi * (seconds / self.period + phase))
        return round(self.middle + moved + self.jitter * (2 * _chance(device, self.metric, str(seconds)) - 1))


SIGNALS = (
    Signal((*_UPS, 2, 3, 0), "battery_runtime_seconds", 40, 15, 90, 1, 60.0),  # upsEstimatedMinutesRemaining
    Signal((*_UPS, 2, 4, 0), "battery_charge_percent", 80, 15, 70, 0.9),
    Signal((*_UPS, 2, 5, 0), "battery_voltage_volts", 270, 8, 50, 3, 0.1),
    Signal((*_UPS, 2, 7, 0), "battery_temperature_celsius", 30, 4, 120, 0.4),
    Signal((*_UPS, 3, 3, 1, 3, 1), "input_voltage_volts", 229, 6, 35, 1.6),
    Signal((*_UPS, 4, 4, 1, 2, 1), "output_voltage_volts", 230, 1, 60, 1.2),
    Signal((*_UPS, 4, 4, 1, 5, 1), "output_load_percent", 40, 20, 45, 2.4),
)
LINES = 40  # of a busy device
_FIRST_LINE = 2_000_000_001  # their numbers are as long as the MIB allows, so that entries are, too
_LINE_COLUMNS = (
    # upsOutputVoltage, upsOutputCurrent, upsOutputPower
    Signal((*_UPS, 4, 4, 1, 2), "output_voltage_volts", 230, 1, 60, 15),
    Signal((*_UPS, 4, 4, 1, 3), "output_current_amperes", 900, 20, 45, 20, 0.1),
    Signal((*_UPS, 4, 4, 1, 4), "output_power_watts", 20_000, 500, 45, 6_000),
)
_STATUS, _ON_BATTERY, _SOURCE, _UPTIME = (*_UPS, 2, 1, 0), (*_UPS, 2, 2, 0), (*_UPS, 4, 1, 0), (*_SYSTEM, 3, 0)


def devices(*, busy: bool) -> tuple[str, ...]:
    """Of one ward."""
    return (*DEVICES, *BUSY_DEVICES) if busy else DEVICES


def objects(device: str, seconds: float) -> Objects:
    """All that the device (ward/id) answers with at that moment (monotonic seconds)."""
    return _objects(device, math.floor(seconds / STEP_SECONDS) * STEP_SECONDS)


@lru_cache(maxsize=256)
def _objects(device: str, still: float) -> Objects:
    found = Objects()
    values: dict[Oid, Value] = {
        (*_SYSTEM, 1, 0): text(f"chaos {device}"),
        (*_SYSTEM, 2, 0): identifier(_UPS[:-1]),
        _UPTIME: ticks(still),
        _STATUS: integer(2),
        **{signal.name: integer(signal.number(device, still)) for signal in SIGNALS},
    }
    if device.rpartition("/")[2] in BUSY_DEVICES:
        values = {name: value for name, value in values.items() if name[:-1] not in _BY_COLUMN}
        for line in range(_FIRST_LINE, _FIRST_LINE + LINES):
            for column in _LINE_COLUMNS:
                values[(*column.name, line)] = integer(column.number(f"{device}/{line}", still))
    into = (still + _MAINS_PERIOD * _chance(device, "mains")) % _MAINS_PERIOD
    values[_ON_BATTERY] = integer(into if into < _MAINS_OFF else 0)
    values[_SOURCE] = integer(5 if into < _MAINS_OFF else 3)
    for name, value in values.items():
        found.column(name[:-1], {name[-1:]: value})
    return found.done()


def read_as(name: Oid, number: int) -> Iterator[tuple[str, str, float]]:
    """The metric that this object is, the instance, and its value in the catalogue's unit; nothing for what is no
    number of ours."""
    if name == _STATUS:
        yield "battery_low", "", float(number != 2)
    elif name == _SOURCE:
        yield "on_battery", "", float(number == 5)
    elif name == _ON_BATTERY:
        yield "on_battery_seconds", "", float(number)
    elif name == _UPTIME:
        yield "uptime_seconds", "", number / 100
    elif name in _BY_NAME:
        signal = _BY_NAME[name]
        yield signal.metric, "", round(number * signal.scale, 6)
    elif name[:-1] in _BY_COLUMN:
        signal = _BY_COLUMN[name[:-1]]
        yield signal.metric, str(name[-1]), round(number * signal.scale, 6)


_BY_NAME = {signal.name: signal for signal in SIGNALS}
_BY_COLUMN = {column.name: column for column in _LINE_COLUMNS}


def _chance(*words: str) -> float:
    """The same for the same words, within 0..1. No checksum: those of two words differ by what the words differ by, so
    that all lines of a device would move alike."""
    digest = hashlib.blake2b("/".join(words).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
