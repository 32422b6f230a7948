"""The air of a room: heat comes from outside, people and machines; an air conditioner takes it out."""

from __future__ import annotations

import math
import random

from simulator.model.chance import Wander
from simulator.model.machine import Machine, Plate
from simulator.model.workday import DAY, HOUR, activity

_COEFFICIENT_OF_PERFORMANCE = 3.2  # heat taken out per electricity, of an inverter split unit
_WATTS_PER_DEGREE = 1500.0  # how hard an inverter works for each degree above its set point
_FAN_WATTS = 45.0
_STANDBY_WATTS = 4.0
_STEP_SECONDS = 60.0


def outdoor_celsius(moment: float) -> float:
    """Da Nang's dry season: 25 °C before dawn, 34 °C at two in the afternoon. `moment`: seconds since Monday 00:00."""
    return 29.5 + 4.5 * math.cos((moment % DAY - 14 * HOUR) / DAY * 2 * math.pi)


class Aircon(Machine):
    """A split unit that is always to cool; after a power cut it goes on by itself."""

    def __init__(self, plate: Plate, cooling_watts: float, setpoint_celsius: float) -> None:
        super().__init__(plate, idle_watts=_STANDBY_WATTS, boot_seconds=20.0)
        self.cooling_watts, self.setpoint_celsius = cooling_watts, setpoint_celsius
        self.switched_off = False  # fault aircon-off
        self.broken = False  # fault aircon-broken: fan and lamps run, but no refrigerant
        self.room_celsius = setpoint_celsius  # by its own sensor
        self.heat_out_watts = 0.0

    @property
    def blowing(self) -> bool:
        return self.running and not self.switched_off

    @property
    def draw_watts(self) -> float:
        if not self.link:
            return 0.0
        return (
            _STANDBY_WATTS + (_FAN_WATTS if self.blowing else 0.0) + self.heat_out_watts / _COEFFICIENT_OF_PERFORMANCE
        )

    def take_out(self, room_celsius: float) -> float:
        """Watts of heat that it takes out of a room of that temperature."""
        self.room_celsius = room_celsius
        wanted = (room_celsius - self.setpoint_celsius + 0.3) * _WATTS_PER_DEGREE
        works = self.blowing and not self.broken
        self.heat_out_watts = min(self.cooling_watts, max(0.0, wanted)) if works else 0.0
        return self.heat_out_watts


class Sensor(Machine):
    """Temperature and humidity on the wall; on a battery (years), or on a plug."""

    def __init__(self, plate: Plate, chance: random.Random, *, by_radio: bool, battery: bool) -> None:
        super().__init__(plate, idle_watts=0.0 if battery else 0.8, boot_seconds=3.0)
        self.by_radio, self.on_battery = by_radio, battery
        self.battery_share = chance.uniform(0.6, 0.95)
        self.battery_empty = False  # fault sensor-battery-low
        self.silent = False  # fault sensor-silent
        self._celsius_error = Wander(chance, chance.gauss(0.0, 0.15), 0.05, 300.0)
        self._humidity_error = Wander(chance, chance.gauss(0.0, 1.0), 0.3, 300.0)
        self.celsius, self.humidity_percent = 26.0, 55.0

    @property
    def beside_watcher(self) -> bool:
        return self.by_radio

    @property
    def battery_percent(self) -> float:
        return 100.0 * (0.06 if self.battery_empty else self.battery_share)

    @property
    def running(self) -> bool:
        return super().running and not self.silent

    def work(self, seconds: float, moment: float) -> None:
        self._celsius_error.advance(seconds)
        self._humidity_error.advance(seconds)
        self.battery_share = max(0.0, self.battery_share - seconds / (2 * 365 * DAY))

    def measure(self, celsius: float, humidity_percent: float) -> None:
        self.celsius = celsius + self._celsius_error.value
        self.humidity_percent = min(100.0, max(0.0, humidity_percent + self._humidity_error.value))


class SplitUnit(Aircon):
    """A split unit without a network socket, watched by a cheap battery-powered sensor that somebody hung beside it.

    Whether it can be reached is whether that sensor tells.
    """

    def __init__(self, plate: Plate, cooling_watts: float, setpoint_celsius: float, chance: random.Random) -> None:
        super().__init__(plate, cooling_watts, setpoint_celsius)
        self.sensor = Sensor(plate, chance, by_radio=True, battery=True)

    @property
    def beside_watcher(self) -> bool:
        return True

    @property
    def running(self) -> bool:
        return not self.dead and self.sensor.running

    @property
    def blowing(self) -> bool:
        return self.link and not self.switched_off

    def advance(self, seconds: float, moment: float) -> None:
        super().advance(seconds, moment)
        self.sensor.advance(seconds, moment)


class Room:
    """One room's air. `joules_per_kelvin` of air, walls and furniture; `watts_per_kelvin` through walls and windows."""

    def __init__(self, people: float, joules_per_kelvin: float = 1.5e5, watts_per_kelvin: float = 45.0) -> None:
        self.people = people  # in a busy hour
        self.joules_per_kelvin, self.watts_per_kelvin = joules_per_kelvin, watts_per_kelvin
        self.celsius, self.humidity_percent = 24.5, 55.0
        self.aircons: list[Aircon] = []
        self.sensors: list[Sensor] = []
        self.machines: list[Machine] = []

    def begin(self, moment: float) -> None:
        """Where it stands when it was as it is for hours."""
        self.advance(6 * HOUR, moment)

    def advance(self, seconds: float, moment: float) -> None:
        while seconds > 0.0:
            step = min(seconds, _STEP_SECONDS)
            self._step(step, moment)
            seconds -= step
        for sensor in self.sensors:
            sensor.measure(self.celsius, self.humidity_percent)

    def _step(self, seconds: float, moment: float) -> None:
        outside = outdoor_celsius(moment)
        # What machines draw becomes heat here; an air conditioner's motor is outside. 100 W a person.
        heat = sum(machine.draw_watts for machine in self.machines) + 100.0 * self.people * activity(moment)
        taken = sum(aircon.take_out(self.celsius) for aircon in self.aircons)
        # Stepped exactly towards where it would settle, so that the step's size does not matter.
        settles_at = outside + (heat - taken) / self.watts_per_kelvin
        kept = math.exp(-seconds * self.watts_per_kelvin / self.joules_per_kelvin)
        self.celsius = settles_at + (self.celsius - settles_at) * kept
        dried = 54.0 if taken > 0.0 else 76.0
        self.humidity_percent = dried + (self.humidity_percent - dried) * math.exp(-seconds / 1200.0)


def rooms_of(machines: dict[str, list[Machine]]) -> list[Room]:
    """The rooms (by location) in which somebody cools or measures, with everything that stands there."""
    found: list[Room] = []
    for standing in machines.values():
        aircons = [machine for machine in standing if isinstance(machine, Aircon)]
        sensors = [machine for machine in standing if isinstance(machine, Sensor)]
        if not aircons and not sensors:
            continue
        splits = [aircon for aircon in aircons if isinstance(aircon, SplitUnit)]
        # A hall with its split units has people in it, a server room none.
        room = Room(12.0, 1.2e6, 250.0) if splits else Room(0.0)
        room.aircons, room.sensors = aircons, sensors + [split.sensor for split in splits]
        room.machines = [machine for machine in standing if not isinstance(machine, Aircon)]
        found.append(room)
    return found
