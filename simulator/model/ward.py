"""The ward as a whole: what feeds what, what hangs on which port, and what of it can be reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.model.chance import dice
from simulator.model.machine import Machine
from simulator.model.mains import Mains
from simulator.model.network import Router, Switch, Talk, flow
from simulator.model.ups import Ups

SLICE_SECONDS = 1.0
MAINS = "mains"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands in the ward's wiring. `feed`: the mains or a UPS; `port`: of the switch, 0 for none."""

    machine: Machine
    feed: str = MAINS
    port: int = 0
    talk: Talk | None = None
    talks_to: str = ""


class Ward:
    """Everything physical. `advance` moves it on; nothing in it knows of sockets or of real time."""

    def __init__(self, places: Iterable[Place], *, seed: str, moment: float, watcher: str | None = None) -> None:
        self.places = {place.machine.id: place for place in places}
        self.moment = moment
        self.watcher = watcher  # the machine that the agent runs on
        self.mains = Mains(dice(seed, "mains"))
        self.man_cut = False
        self.version = 0  # grows with every change, so that readers know when theirs is old
        self.switch = next((m for m in self.machines() if isinstance(m, Switch)), None)
        self.router = next((m for m in self.machines() if isinstance(m, Router)), None)
        self.upses = [machine for machine in self.machines() if isinstance(machine, Ups)]
        if self.switch is not None:
            for place in self.places.values():
                if place.port:
                    self.switch.ports[place.port - 1].attached = place.machine.id
        for ups in self.upses:
            ups.feed(0.001, self.mains, 0.0)
        self._settle_links()

    def machines(self) -> list[Machine]:
        return [place.machine for place in self.places.values()]

    def machine(self, device: str) -> Machine:
        """Raises KeyError for a device that does not stand here."""
        return self.places[device].machine

    def set_man_cut(self, cut: bool) -> None:
        """The city's line to this ward."""
        self.man_cut = cut
        if self.router is not None:
            self.router.set_line_cut(cut)
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
        if device == self.watcher or self.switch is None:
            return True
        return self.switch.running and self._port_up(self.watcher) and self._port_up(device)

    @property
    def man_open(self) -> bool:
        """Whether the agent's machine gets out to the city's network."""
        if self.router is None:
            return not self.man_cut
        return self.router.line_up and self.reachable(self.router.id)

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
        powered = {MAINS: self.mains.on}
        for ups in self.upses:
            ups.feed(seconds, self.mains, self._load_of(ups))
            powered[ups.id] = ups.output_on
        for place in self.places.values():
            if not isinstance(place.machine, Ups):
                place.machine.set_power(powered[place.feed])
                place.machine.advance(seconds, self.moment)
        self._settle_links()
        self._talk(seconds)
        self.moment += seconds

    def _load_of(self, ups: Ups) -> float:
        """What hangs on it draws, if it gets power; a UPS that is about to wake again sees its load at once."""
        return sum(place.machine.draw_watts for place in self.places.values() if place.feed == ups.id)

    def _settle_links(self) -> None:
        if self.switch is not None:
            self.switch.set_links({device: place.machine.link for device, place in self.places.items()})

    def _talk(self, seconds: float) -> None:
        if self.switch is None:
            return
        for device, place in self.places.items():
            if place.talk is None or not place.machine.running:
                continue
            port, hub = self.switch.port_of(device), self.switch.port_of(place.talks_to)
            if port is None or hub is None or not self.machine(place.talks_to).running:
                continue
            to_city = self.router is not None and place.talks_to == self.router.id
            if to_city and not self.man_open:
                continue
            sent, received = place.talk.octets(seconds, self.moment)
            if flow(self.switch, port, hub, sent, received) and to_city:
                self._through_router(sent, received)

    def _through_router(self, sent: float, received: float) -> None:
        assert self.router is not None
        self.router.lan.count(sent, received)
        self.router.wan.count(received, sent)
