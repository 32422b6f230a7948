"""The running ward: the model moved on by a clock, its devices answering at their ports, its line to the city."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.build import model_of, ward_of
from simulator.mibs.values import Objects
from simulator.model.camera import Camera
from simulator.model.chance import dice
from simulator.model.machine import Machine
from simulator.model.network import Counters
from simulator.model.ward import Ward
from simulator.net.man import Cut, ManLine
from simulator.net.snmp_agent import SnmpAgents
from simulator.net.snmp_device import Agent, V3User
from simulator.net.tcp_service import TcpService
from simulator.registry import Model, Seen, Served
from simulator.rtsp.gate import Gate
from simulator.rtsp.server import RtspCamera
from simulator.scene.office import VIEWS
from simulator.wardfile import DevicePart, WardFile
from telemetry.clock import Clock

LOG = logging.getLogger("ward-sim")
USER = "wardwatch"  # of v3 devices and cameras
TICK_SECONDS = 0.25
_LONGEST_CATCH_UP_SECONDS = 3600.0  # a machine that slept for a day does not make up for all of it


@dataclass(slots=True)
class Outside:
    """A device as the network sees it: its port, or None for the agent's own machine."""

    part: DevicePart
    model: Model
    port: int | None = None
    user: V3User | None = None


@dataclass(slots=True)
class Simulation:
    """One virtual ward. `speed`: seconds of the ward per second of the clock."""

    file: WardFile
    clock: Clock
    speed: float
    moment: float
    keys: Callable[[str], V3User]  # of a v3 device
    passwords: Callable[[str], str]  # of a camera
    ward: Ward = field(init=False)
    devices: dict[str, Outside] = field(init=False)
    man: ManLine | None = None  # to the broker
    man_web: ManLine | None = None  # to the hub's web, on the same line
    man_cut_as: Cut = Cut.HANG
    agents: SnmpAgents = field(default_factory=SnmpAgents)
    cameras: dict[str, RtspCamera] = field(default_factory=dict)
    _services: dict[str, TcpService] = field(default_factory=dict)
    _last: float = field(init=False)
    _views: dict[str, tuple[int, Objects]] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.ward = ward_of(self.file, self.moment)
        self.devices = {part.id: Outside(part, model_of(part)) for part in self.file.device}
        self._last = self.clock.monotonic()

    async def open(self, port_base: int = 0, man: ManLine | None = None, man_web: ManLine | None = None) -> None:
        """Open every port (from `port_base` on, 0: any free ones) and begin to live. Raises OSError for a taken one."""
        port = port_base
        for device, outside in self.devices.items():
            if outside.model.serves is Served.SNMP:
                outside.port = await self.agents.open(self._agent(device, outside), port)
            elif outside.model.serves is Served.TCP:
                service = self._services[device] = TcpService(port)
                outside.port = service.open()
            elif outside.model.serves is Served.RTSP:
                camera = self.cameras[device] = self._camera(device, port)
                outside.port = camera.open()
            else:
                continue
            port += 1 if port_base else 0
        self.man, self.man_web = man, man_web
        for line in self._lines():
            line.open()
        self._last = self.clock.monotonic()
        self._task = asyncio.create_task(self._live())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self.agents.close()
        for service in self._services.values():
            service.close()
        for camera in self.cameras.values():
            camera.close()
        for line in self._lines():
            line.close()

    def catch_up(self) -> None:
        """Bring the ward to the clock's present moment."""
        now = self.clock.monotonic()
        passed, self._last = now - self._last, now
        self.ward.advance(min(passed * self.speed, _LONGEST_CATCH_UP_SECONDS))
        self.show()

    def show(self) -> None:
        """Let the sockets show what the model has become."""
        for device, service in self._services.items():
            service.set_reachable(self.ward.reachable(device))
        for device, camera in self.cameras.items():
            machine = self.ward.machine(device)
            assert isinstance(machine, Camera)
            camera.set_reachable(self.ward.reachable(device))
            camera.set_frozen(machine.frozen)
            camera.set_password_changed(machine.password_changed)
        for line in self._lines():
            line.set_cut(None if self.ward.man_open else self.man_cut_as)

    def _lines(self) -> list[ManLine]:
        return [line for line in (self.man, self.man_web) if line is not None]

    def objects(self, device: str) -> Objects:
        """The SNMP objects of a device as they are now."""
        version = self.ward.version
        known = self._views.get(device)
        if known is not None and known[0] == version:
            return known[1]
        objects = Objects()
        make = self.devices[device].model.objects
        assert make is not None
        machine = self.ward.machine(device)
        make(Seen(machine, self._own_counters(machine)), objects)
        self._views[device] = (version, objects.done())
        return objects

    def _own_counters(self, machine: Machine) -> Counters:
        """What the device's own socket counted: the mirror image of the switch's port."""
        port = self.ward.switch.port_of(machine.id) if self.ward.switch is not None else None
        if port is None:
            return Counters()
        there = port.counters
        return Counters(there.out_octets, there.in_octets, there.out_packets, there.in_packets)

    def _agent(self, device: str, outside: Outside) -> Agent:
        if outside.part.version == "3":
            outside.user = self.keys(device)
        return Agent(
            device=device,
            community=outside.part.community,
            user=outside.user,
            objects=lambda: self.objects(device),
            answers=lambda: self.ward.reachable(device),
        )

    def _camera(self, device: str, port: int) -> RtspCamera:
        machine = self.ward.machine(device)
        assert isinstance(machine, Camera)
        plate = machine.plate
        chance = dice(self.file.ward.seed, device, "view")
        view = VIEWS[machine.scene](plate.name, plate.location, chance)
        gate = Gate(USER, self.passwords(device), realm=f"{plate.vendor} {plate.model}")
        return RtspCamera(view, gate, self.clock, port)

    async def _live(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(TICK_SECONDS)
