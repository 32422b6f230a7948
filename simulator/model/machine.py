"""What every device of the ward has in common: a plug, a time to start, and that it may break."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plate:
    """What is printed on a device's type plate and set in its menus."""

    id: str
    kind: str
    vendor: str
    model: str
    serial: str
    firmware: str
    name: str
    location: str


class Machine:
    """A device that needs power, takes `boot_seconds` to answer after it gets it, and draws watts meanwhile."""

    def __init__(self, plate: Plate, *, idle_watts: float, boot_seconds: float) -> None:
        self.plate = plate
        self.idle_watts, self.boot_seconds = idle_watts, boot_seconds
        self.powered = True
        self.dead = False  # fault device-dead
        self.uptime_seconds = 0.0
        # A ward that begins has been running for a while: nothing boots at the first second.
        self._boot_left = 0.0

    @property
    def id(self) -> str:
        return self.plate.id

    @property
    def beside_watcher(self) -> bool:
        """Whether it hangs on the agent's own machine, by radio or USB, and not on the LAN."""
        return False

    @property
    def running(self) -> bool:
        """Powered, started and not broken: whether its software does anything."""
        return self.powered and not self.dead and self._boot_left <= 0.0

    @property
    def link(self) -> bool:
        """Whether its network socket gives the switch a signal."""
        return self.powered and not self.dead

    @property
    def draw_watts(self) -> float:
        """What it takes from its plug at this moment."""
        return self.idle_watts if self.powered and not self.dead else 0.0

    def set_power(self, on: bool) -> None:
        if on and not self.powered:
            self._restart()
        self.powered = on

    def set_dead(self, dead: bool) -> None:
        """Broken, or replaced by a working one (which starts from nothing)."""
        if self.dead and not dead:
            self._restart()
        self.dead = dead

    def begin(self, uptime_seconds: float) -> None:
        """How long it has been running when the simulation starts."""
        self.uptime_seconds = uptime_seconds

    def advance(self, seconds: float, moment: float) -> None:
        """Live for `seconds`; `moment` is seconds since Monday 00:00."""
        if not self.link:
            self.uptime_seconds = 0.0
            return
        self.uptime_seconds += seconds
        booted = min(seconds, self._boot_left)
        self._boot_left -= booted
        if self.running and seconds > booted:
            self.work(seconds - booted, moment)

    def work(self, seconds: float, moment: float) -> None:
        """What it does while it runs."""

    def _restart(self) -> None:
        self._boot_left = self.boot_seconds
        self.uptime_seconds = 0.0
