"""The ward as a whole: what feeds what, what hangs on which port, and what of it can be reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.model.chance import dice
from simulator.model.city import CityService, Uplink
from simulator.model.climate import rooms_of
from simulator.model.machine import Machine
from simulator.model.mains import Mains
from simulator.model.network import LOSS, Router, Switch, Talk, flow
from simulator.model.ups import Ups

SLICE_SECONDS = 2.0  # of the ward's time: how late a device may learn that its power went or came
MAINS = "mains"
ELSEWHERE = "elsewhere"  # a battery of its own, or the city's data centre


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands in the ward's wiring. `feed`: the mains, a UPS, or the switch (power over its port);
    `port`: of the switch, 0 for none; `talk`: what it says to the city and hears from it."""

    machine: Machine
    feed: str = MAINS
    port: int = 0
    talk: Talk | None = None


class Ward:
    """Everything physical. `advance` moves it on; nothing in it knows of sockets or of real time."""

    def __init__(self, places: Iterable[Place], *, seed: str, moment: float, watcher: str | None = None) -> None:
        self.places = {place.machine.id: place for place in places}
        self._talks = {device: place.talk for device, place in self.places.items() if place.talk is not None}
        self.moment = moment
        self.watcher = watcher  # the machine that the agent runs on
        self.mains = Mains(dice(seed, "mains"))
        self._cut_without_router = False
        self.version = 0  # grows with every change, so that readers know when theirs is old
        self.switch = next((m for m in self.machines() if isinstance(m, Switch)), None)
        self.router = next((m for m in self.machines() if isinstance(m, Router)), None)
        self.upses = [machine for machine in self.machines() if isinstance(machine, Ups)]
        for uplink in (machine for machine in self.machines() if isinstance(machine, Uplink)):
            if self.router is not None:
                self.router.add_line(uplink.line)
        standing: dict[str, list[Machine]] = {}
        for machine in self.machines():
            standing.setdefault(machine.plate.location, []).append(machine)
        self.rooms = rooms_of(standing)
        if self.switch is not None:
            for place in self.places.values():
                if place.port:
                    self.switch.attach(place.machine.id, place.port)
        for ups in self.upses:
            ups.feed(0.001, self.mains, 0.0)
        self._settle_links()
        for room in self.rooms:
            room.begin(moment)

    def remember(self, busy_seconds: float) -> None:
        """What the interfaces counted in the busy time before the simulation began."""
        for device, talk in self._talks.items():
            self._carry(device, talk.usual_octets(busy_seconds))

    def machines(self) -> list[Machine]:
        return [place.machine for place in self.places.values()]

    def machine(self, device: str) -> Machine:
        """Raises KeyError for a device that does not stand here."""
        return self.places[device].machine

    @property
    def man_cut(self) -> bool:
        """Whether every line to the city is cut by a fault."""
        if self.router is None:
            return self._cut_without_router
        return all(line.cut for line in self.router.lines.values())

    def set_man_cut(self, cut: bool) -> None:
        """All of the city's lines to this ward."""
        self._cut_without_router = cut
        for name in self.router.lines if self.router is not None else ():
            self.set_line_cut(name, cut)
        self.touch()

    def set_line_cut(self, name: str, cut: bool) -> None:
        """One of the router's lines. Raises KeyError for one that it has not."""
        assert self.router is not None
        self.router.set_line_cut(name, cut)
        self.touch()

    def touch(self) -> None:
        """Something was changed from outside: links and readers follow at once."""
        self._settle_links()
        self.version += 1

    def reachable(self, device: str) -> bool:
        """Whether the agent's machine, on this ward's LAN, gets an answer from `device`."""
        machine = self.machine(device)
        if not machine.running:
            return False
        if isinstance(machine, CityService):
            return self.man_open
        if isinstance(machine, Uplink):
            return self._line_open(machine.line)
        if device == self.watcher or machine.beside_watcher or self.switch is None:
            return True
        return self.switch.running and self._port_up(self.watcher) and self._port_up(device)

    @property
    def man_open(self) -> bool:
        """Whether the agent's machine gets out to the city's network."""
        if self.router is None:
            return not self.man_cut
        return self.router.active_line is not None and self.reachable(self.router.id)

    @property
    def line_loss(self) -> float:
        """Share of what is lost on the line that carries the traffic."""
        line = self.router.active_line if self.router is not None else None
        return LOSS if line is not None and line.lossy else 0.0

    def _line_open(self, name: str) -> bool:
        if self.router is None:
            return not self.man_cut
        return self.router.line_up(name) and self.reachable(self.router.id)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds` of the ward's own time."""
        while seconds > 0.0:
            step = min(seconds, SLICE_SECONDS)
            self._slice(step)
            seconds -= step
        self.version += 1

    def _port_up(self, device: str | None) -> bool:
        assert self.switch is not None
        if device is None or device == self.switch.id:
            return True
        port = self.switch.port_of(device)
        return port is None or port.up

    def _slice(self, seconds: float) -> None:
        self.mains.advance(seconds)
        powered = {MAINS: self.mains.on, ELSEWHERE: True}
        for ups in self.upses:
            ups.feed(seconds, self.mains, self._load_of(ups))
            powered[ups.id] = ups.output_on
        # What gets its power over the switch's port comes after the switch.
        for place in sorted(self.places.values(), key=self._over_cable):
            if not isinstance(place.machine, Ups):
                over_cable = self._over_cable(place)
                place.machine.set_power(self._port_gives_power(place) if over_cable else powered[place.feed])
                place.machine.advance(seconds, self.moment)
        self._settle_links()
        for room in self.rooms:
            room.advance(seconds, self.moment)
        self._talk(seconds)
        self.moment += seconds

    def _load_of(self, ups: Ups) -> float:
        """What hangs on it draws, if it gets power; a UPS that is about to wake again sees its load at once."""
        return sum(self._draw(place.machine) for place in self.places.values() if place.feed == ups.id)

    def _draw(self, machine: Machine) -> float:
        """With what it hands on over its ports."""
        if machine is not self.switch or not machine.link:
            return machine.draw_watts
        handed_on = (place.machine.draw_watts for place in self.places.values() if self._over_cable(place))
        return machine.draw_watts + sum(handed_on)

    def _over_cable(self, place: Place) -> bool:
        return self.switch is not None and place.feed == self.switch.id

    def _port_gives_power(self, place: Place) -> bool:
        assert self.switch is not None
        port = self.switch.port_of(place.machine.id)
        return self.switch.running and port is not None and port.enabled and not port.cut

    def _settle_links(self) -> None:
        if self.switch is not None:
            self.switch.set_links({device: place.machine.link for device, place in self.places.items()})

    def _talk(self, seconds: float) -> None:
        if not self.man_open:
            return
        for device, talk in self._talks.items():
            if self.machine(device).running:
                self._carry(device, talk.octets(seconds, self.moment))

    def _carry(self, device: str, octets: tuple[float, float]) -> None:
        """From a device to the city and back: through both their ports of the switch and through the router."""
        if self.switch is None or self.router is None:
            return
        port, hub = self.switch.port_of(device), self.switch.port_of(self.router.id)
        if port is None or hub is None:
            return
        sent, received = octets
        line = self.router.active_line
        if line is not None and flow(self.switch, port, hub, sent, received):
            self.router.lan.count(sent, received)
            line.count(received, sent)
