"""The ward's LAN: a managed switch, a router to the MAN, and what flows between them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from simulator.model.chance import Wander
from simulator.model.machine import Machine, Plate
from simulator.model.workday import activity

GIGABIT = 1_000_000_000
BYTES_PER_PACKET = 620.0
FAULTY_SHARE = 2e-8  # of packets: a good cable's frame errors


@dataclass(slots=True)
class Counters:
    """What an interface counted since its device was switched on. In: towards the device that counts."""

    in_octets: float = 0.0
    out_octets: float = 0.0
    in_packets: float = 0.0
    out_packets: float = 0.0
    in_errors: int = 0

    def count(self, in_octets: float, out_octets: float) -> None:
        self.in_octets += in_octets
        self.out_octets += out_octets
        self.in_packets += in_octets / BYTES_PER_PACKET
        self.out_packets += out_octets / BYTES_PER_PACKET


@dataclass(slots=True)
class Port:
    """One socket of the switch. `enabled` is what the administrator set, `cut` the fault switch-port-down."""

    number: int
    attached: str = ""
    speed_bits: int = GIGABIT
    enabled: bool = True
    cut: bool = False
    up: bool = False
    changed_at: float = 0.0  # uptime of the switch, seconds
    counters: Counters = field(default_factory=Counters)


class Switch(Machine):
    """A managed switch. Its counters start again when it lost power, as real ones do."""

    def __init__(self, plate: Plate, ports: int, chance: random.Random) -> None:
        super().__init__(plate, idle_watts=18.0, boot_seconds=15.0)
        self.ports = [Port(number) for number in range(1, ports + 1)]
        self._by_device: dict[str, Port] = {}
        self._chance = chance

    @property
    def draw_watts(self) -> float:
        return self.idle_watts + 0.6 * sum(port.up for port in self.ports) if self.link else 0.0

    def attach(self, device: str, number: int) -> None:
        """Plug a device's cable in. Raises IndexError for a port that is not there."""
        port = self.ports[number - 1]
        port.attached = device
        self._by_device[device] = port

    def port_of(self, device: str) -> Port | None:
        return self._by_device.get(device)

    def set_power(self, on: bool) -> None:
        if self.powered and not on:
            for port in self.ports:
                port.counters = Counters()
        super().set_power(on)

    def set_links(self, links: dict[str, bool]) -> None:
        """`links`: which attached devices give a signal."""
        for port in self.ports:
            up = self.running and port.enabled and not port.cut and links.get(port.attached, False)
            if up != port.up:
                port.up, port.changed_at = up, self.uptime_seconds

    def carry(self, port: Port, in_octets: float, out_octets: float) -> None:
        before = port.counters.in_packets
        port.counters.count(in_octets, out_octets)
        if self._chance.random() < (port.counters.in_packets - before) * FAULTY_SHARE:
            port.counters.in_errors += 1


MAN, BACKUP = "man", "backup"
LOSS = 0.3  # of a lossy line


@dataclass(slots=True)
class WanLine:
    """One line to the city, at its own port of the router."""

    name: str
    cut: bool = False  # faults man-down, line-down
    lossy: bool = False  # fault line-lossy
    changed_at: float = 0.0  # uptime of the router, seconds
    _broken: float = 0.0  # frames since the last whole one
    counters: Counters = field(default_factory=Counters)

    def count(self, in_octets: float, out_octets: float) -> None:
        """What is lost on its way arrives broken: frames with errors."""
        before = self.counters.in_packets
        self.counters.count(in_octets, out_octets)
        if self.lossy:
            self._broken += LOSS * (self.counters.in_packets - before)
            self.counters.in_errors += int(self._broken)
            self._broken %= 1.0


class Router(Machine):
    """The router to the city: interface 1 on the LAN, 2 on the MAN, 3 on the back-up line where there is one."""

    def __init__(self, plate: Plate) -> None:
        super().__init__(plate, idle_watts=11.0, boot_seconds=15.0)
        self.lan = Counters()
        self.lines = {MAN: WanLine(MAN)}

    def add_line(self, name: str) -> None:
        self.lines.setdefault(name, WanLine(name))

    def line_up(self, name: str) -> bool:
        return self.running and not self.lines[name].cut

    def interface(self, name: str) -> str:
        """A line's port, as the router calls it."""
        return f"ether{self.index(name)}"

    def index(self, name: str) -> int:
        """ifIndex of a line's port; the LAN's is 1."""
        return list(self.lines).index(name) + 2

    @property
    def active_line(self) -> WanLine | None:
        """What carries the ward's traffic: the MAN while it is up, else what else is; None where all are cut."""
        return next((line for line in self.lines.values() if self.line_up(line.name)), None)

    def set_power(self, on: bool) -> None:
        if self.powered and not on:
            self.lan = Counters()
            for line in self.lines.values():
                line.counters = Counters()
        super().set_power(on)

    def set_line_cut(self, name: str, cut: bool) -> None:
        line = self.lines[name]
        if line.cut is not cut:
            line.cut, line.changed_at = cut, self.uptime_seconds


class Talk:
    """What one device says to others: bit/s up and down in a busy hour, a little at night."""

    def __init__(self, chance: random.Random, up_bits: float, down_bits: float) -> None:
        self.up_bits, self.down_bits = up_bits, down_bits
        self._mood = Wander(chance, 1.0, 0.35, 20.0)

    def usual_octets(self, busy_seconds: float) -> tuple[float, float]:
        """Octets sent and received in so many busy seconds, on average."""
        return self.up_bits / 8 * busy_seconds, self.down_bits / 8 * busy_seconds

    def octets(self, seconds: float, moment: float) -> tuple[float, float]:
        """Octets sent and received by the device in the next `seconds`."""
        self._mood.advance(seconds)
        share = max(0.02, activity(moment)) * max(0.05, self._mood.value)
        return self.up_bits / 8 * share * seconds, self.down_bits / 8 * share * seconds


def flow(switch: Switch, device: Port, hub: Port, sent: float, received: float) -> bool:
    """Carry one device's octets to and from the device they are for, through both their ports.

    What comes into a port leaves by the other: octets into the switch are octets out of it. False where a link is
    down and nothing flowed.
    """
    if not (device.up and hub.up):
        return False
    switch.carry(device, sent, received)
    switch.carry(hub, received, sent)
    return True
