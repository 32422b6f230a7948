"""The running ward: the model moved on by a clock, its devices answering at their ports, its line to the city."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from simulator.build import model_of, served, ward_of
from simulator.model.chance import dice
from simulator.model.ward import Ward
from simulator.models.base import Model
from simulator.net.man import Cut, ManLine
from simulator.secret_files import SecretFiles
from simulator.services.base import Outlet, Premises, Service
from simulator.services.registry import SERVICES
from simulator.wardfile import DevicePart, WardFile
from telemetry.clock import Clock

TICK_SECONDS = 0.25
_LONGEST_CATCH_UP_SECONDS = 3600.0  # a machine that slept for a day does not make up for all of it


@dataclass(slots=True)
class Outside:
    """A device as the network sees it: its port, or None for the agent's own machine."""

    part: DevicePart
    model: Model
    protocol: str
    service: Service
    port: int | None = None


@dataclass(slots=True)
class Simulation:
    """One virtual ward. `speed`: seconds of the ward per second of the clock."""

    file: WardFile
    clock: Clock
    speed: float
    moment: float
    secrets: SecretFiles
    ward: Ward = field(init=False)
    premises: Premises = field(init=False)
    devices: dict[str, Outside] = field(init=False)
    man: ManLine | None = None  # to the broker
    man_web: ManLine | None = None  # to the hub's web, on the same line
    man_cut_as: Cut = Cut.HANG
    _last: float = field(init=False)
    _chance: random.Random = field(init=False)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.ward = ward_of(self.file, self.moment)
        self.premises = Premises(self.file, self.ward, self.clock, self.secrets)
        self.devices = {part.id: self._outside(part) for part in self.file.device}
        self.premises.services.update({device: outside.service for device, outside in self.devices.items()})
        self._chance = dice(self.file.ward.seed, "lost")
        self._last = self.clock.monotonic()

    async def open(self, port_base: int = 0, man: ManLine | None = None, man_web: ManLine | None = None) -> None:
        """Open every port (from `port_base` on, 0: any free ones) and begin to live. Raises OSError for a taken one."""
        port = port_base
        for outside in self.devices.values():
            outside.port = await outside.service.open(port)
            port += 1 if port and outside.port == port else 0
        self.man, self.man_web = man, man_web
        for line in self._lines():
            line.open()
        self._last = self.clock.monotonic()
        self._task = asyncio.create_task(self._live())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for outside in self.devices.values():
            await outside.service.close()
        await self.premises.close()
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
        for outside in self.devices.values():
            outside.service.show()
        cut = None if self.ward.man_open else self.man_cut_as
        if cut is None and self._chance.random() < self.ward.line_loss:
            cut = Cut.HANG  # what is lost comes late, as TCP sends it again
        for line in self._lines():
            line.set_cut(cut)

    def _lines(self) -> list[ManLine]:
        return [line for line in (self.man, self.man_web) if line is not None]

    def _outside(self, part: DevicePart) -> Outside:
        model = model_of(part)
        outlet = Outlet(part, model, self.ward.machine(part.id))
        asked_by = served(part, model)
        return Outside(part, model, asked_by.protocol, SERVICES[asked_by](self.premises, outlet))

    async def _live(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(TICK_SECONDS)
