"""An uninterruptible power supply: a battery that charges from the mains and empties into what hangs on it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date
from enum import Enum

from simulator.model.chance import Wander
from simulator.model.machine import Machine, Plate
from simulator.model.mains import Mains

LOW_CHARGE = 0.20
LOW_RUNTIME_SECONDS = 120.0
WORN_SHARE = 0.3  # of its capacity is left in a worn battery
_MADE, _MADE_LONG_AGO = date(2024, 9, 12), date(2019, 3, 4)
OVERLOAD = 1.1  # of its rating: more than this it does not hold on battery
STEP_SECONDS = 5.0  # load efficiency and charging current are constant within one
_LONGEST_RUNTIME = 24 * 3600.0


class Source(Enum):
    """Where the output comes from."""

    MAINS = "mains"
    BATTERY = "battery"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rating:
    """What the type plate says. Watts, watt hours, volts; `cells` lead-acid cells of 2 V in series."""

    watts: float
    volt_amperes: float
    battery_watt_hours: float
    charger_watts: float
    cells: int
    own_watts: float = 14.0


@dataclass(slots=True)
class Ledger:
    """Where every joule went since the start; `taken = delivered + lost + (stored now - stored then)`."""

    taken: float = 0.0
    delivered: float = 0.0
    lost: float = 0.0


class Ups(Machine):
    """Line-interactive: passes the mains on while there is one, makes its own from the battery when not.

    A broken one (device-dead) still passes the mains through, as its relay does at rest, but holds nothing.
    """

    def __init__(self, plate: Plate, rating: Rating, chance: random.Random, on_usb: bool = False) -> None:
        super().__init__(plate, idle_watts=rating.own_watts, boot_seconds=6.0)
        self.rating = rating
        self.capacity_joules = rating.battery_watt_hours * 3600.0
        self.stored_joules = self.capacity_joules
        self.input_cut = False  # fault power-cut of this UPS alone
        self.on_usb = on_usb  # a computer reads it, no card of its own
        self.battery_worn = False  # fault battery-worn
        self.usb_unplugged = False  # fault usb-unplugged
        self.source = Source.MAINS
        self.load_watts = 0.0
        self.on_battery_seconds = 0.0
        self.line_fails = 0
        self.input_volts, self.input_hertz = 0.0, 0.0
        self.ledger = Ledger()
        self.battery_celsius = 28.5
        self._ambient = Wander(chance, mean=27.5, spread=0.4, settle_seconds=1800.0)
        self._inverter_volts = Wander(chance, mean=230.0, spread=0.4, settle_seconds=20.0)

    @property
    def charge(self) -> float:
        """0..1 of the battery's energy."""
        return self.stored_joules / self.capacity_joules

    @property
    def battery_made(self) -> date:
        return _MADE_LONG_AGO if self.battery_worn else _MADE

    def set_battery_worn(self, worn: bool) -> None:
        """The battery has aged: it holds less, and what it held beyond that is gone. Or a new one is put in."""
        if worn is self.battery_worn:
            return
        self.battery_worn = worn
        self.capacity_joules *= WORN_SHARE if worn else 1.0 / WORN_SHARE
        gone = max(0.0, self.stored_joules - self.capacity_joules)
        self.stored_joules -= gone
        self.ledger.lost += gone

    @property
    def load_share(self) -> float:
        """1.0 is everything it can carry."""
        return self.load_watts / self.rating.watts

    @property
    def output_on(self) -> bool:
        return self.source is not Source.NONE

    @property
    def output_volts(self) -> float:
        if self.source is Source.MAINS:
            return self.input_volts
        return self._inverter_volts.value if self.source is Source.BATTERY else 0.0

    @property
    def output_hertz(self) -> float:
        if self.source is Source.MAINS:
            return self.input_hertz
        return 50.0 if self.source is Source.BATTERY else 0.0

    @property
    def runtime_seconds(self) -> float:
        """How long the battery would hold the present load."""
        return min(_LONGEST_RUNTIME, self.stored_joules / self._drain_watts(self.load_watts))

    @property
    def battery_low(self) -> bool:
        return self.charge < LOW_CHARGE or self.runtime_seconds < LOW_RUNTIME_SECONDS

    @property
    def battery_volts(self) -> float:
        """Lead-acid: the rest voltage follows the charge, a charger lifts it to float, a load makes it sag."""
        per_cell = 1.93 + 0.20 * self.charge
        if self.source is Source.BATTERY:
            per_cell -= 0.06 * self.load_share
        elif self.source is Source.MAINS:
            per_cell += 0.12 if self.charge > 0.9 else 0.08
        return per_cell * self.rating.cells

    def feed(self, seconds: float, mains: Mains, load_watts: float) -> None:
        """Carry `load_watts` for `seconds`, from the mains if they are there."""
        mains_on = mains.on and not self.input_cut
        self.input_volts = mains.volts if mains_on else 0.0
        self.input_hertz = mains.hertz if mains_on else 0.0
        self._ambient.advance(seconds)
        self._inverter_volts.advance(seconds)
        while seconds > 0.0:
            step = min(seconds, STEP_SECONDS)
            self._step(step, mains_on, load_watts)
            seconds -= step

    def _step(self, seconds: float, mains_on: bool, load_watts: float) -> None:
        self.load_watts = load_watts
        heat = 0.0
        if mains_on:
            heat = self._pass_on(seconds)
        elif self._cannot_hold():
            self._fall()
        else:
            heat = self._hold(seconds)
        self.ledger.lost += heat
        self._warm(seconds, heat)
        self.set_power(mains_on or self.source is Source.BATTERY)
        self.advance(seconds, 0.0)

    def _pass_on(self, seconds: float) -> float:
        self.source = Source.MAINS
        self.on_battery_seconds = 0.0
        load = self.load_watts * seconds
        own = 0.0 if self.dead else self.rating.own_watts * seconds
        into = 0.0 if self.dead else self._charging_watts() * seconds
        kept = min(into * 0.85, self.capacity_joules - self.stored_joules)
        into = kept / 0.85
        self.stored_joules += kept
        self.ledger.taken += load + own + into
        self.ledger.delivered += load
        return own + into - kept

    def _hold(self, seconds: float) -> float:
        if self.source is Source.MAINS:
            self.line_fails += 1
        self.source = Source.BATTERY
        drain = self._drain_watts(self.load_watts)
        lasted = min(seconds, self.stored_joules / drain)
        self.on_battery_seconds += lasted
        out = drain * lasted
        self.stored_joules = max(0.0, self.stored_joules - out)
        delivered = self.load_watts * lasted
        self.ledger.delivered += delivered
        if lasted < seconds or self.stored_joules <= 0.0:
            self.stored_joules = 0.0
            self._fall()
        return out - delivered

    def _cannot_hold(self) -> bool:
        # What fell stays down until the mains return: a UPS does not try again on its own battery.
        fallen = self.source is Source.NONE or self.dead
        return fallen or self.stored_joules <= 0.0 or self.load_share > OVERLOAD

    def _fall(self) -> None:
        self.source = Source.NONE
        self.load_watts = 0.0
        self.on_battery_seconds = 0.0

    def _drain_watts(self, load_watts: float) -> float:
        """What the battery gives for a load: inverter losses grow with it, as does the battery's own resistance."""
        efficiency = 0.92 - 0.10 * min(1.0, load_watts / self.rating.watts)
        return load_watts / efficiency + self.rating.own_watts

    def _charging_watts(self) -> float:
        """Constant current up to 90 %, then tapering off: the last tenth takes as long as many before it."""
        missing = 1.0 - self.charge
        return self.rating.charger_watts * min(1.0, missing / 0.1 + 0.02) if missing > 0.0 else 0.0

    def _warm(self, seconds: float, heat_joules: float) -> None:
        settles_at = self._ambient.value + 1.0 + 0.12 * heat_joules / seconds
        self.battery_celsius += (settles_at - self.battery_celsius) * min(1.0, seconds / 1500.0)
