"""What the wards' devices are and say: UPS units by RFC 1628, whose numbers move by seed, device and moment alone.

Some moves pass a metric's dead-band and some do not; the mains fail for ten seconds of each forty.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.mibs.values import Objects, Oid, Value, identifier, integer, oid, text, ticks

DEVICES = ("ups-1", "ups-2", "ups-3")
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
_STATUS, _ON_BATTERY, _SOURCE, _UPTIME = (*_UPS, 2, 1, 0), (*_UPS, 2, 2, 0), (*_UPS, 4, 1, 0), (*_SYSTEM, 3, 0)


def objects(device: str, seconds: float) -> Objects:
    """All that the device answers with at that moment (monotonic seconds)."""
    still = math.floor(seconds / STEP_SECONDS) * STEP_SECONDS
    found = Objects()
    values: dict[Oid, Value] = {
        (*_SYSTEM, 1, 0): text(f"chaos {device}"),
        (*_SYSTEM, 2, 0): identifier(_UPS[:-1]),
        _UPTIME: ticks(still),
        _STATUS: integer(2),
        **{signal.name: integer(signal.number(device, still)) for signal in SIGNALS},
    }
    into = (still + _MAINS_PERIOD * _chance(device, "mains")) % _MAINS_PERIOD
    values[_ON_BATTERY] = integer(into if into < _MAINS_OFF else 0)
    values[_SOURCE] = integer(5 if into < _MAINS_OFF else 3)
    for name, value in values.items():
        found.column(name[:-1], {name[-1:]: value})
    return found.done()


def read_as(name: Oid, number: int) -> Iterator[tuple[str, float]]:
    """The metric that this object is, and its value in the catalogue's unit; nothing for what is no number of ours."""
    if name == _STATUS:
        yield "battery_low", float(number != 2)
    elif name == _SOURCE:
        yield "on_battery", float(number == 5)
    elif name == _ON_BATTERY:
        yield "on_battery_seconds", float(number)
    elif name == _UPTIME:
        yield "uptime_seconds", number / 100
    elif name in _BY_NAME:
        signal = _BY_NAME[name]
        yield signal.metric, round(number * signal.scale, 6)


_BY_NAME = {signal.name: signal for signal in SIGNALS}


def _chance(*words: str) -> float:
    """The same for the same words, within 0..1."""
    return zlib.crc32("/".join(words).encode()) / 2**32
