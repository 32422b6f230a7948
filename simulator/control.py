"""The control port: one JSON object a line in, one out, on 127.0.0.1. What `ward-sim fault` talks to.

    {"do": "fault", "name": "power-cut", "target": "ward", "on": true}   {"ok": true}
    {"do": "faults"}                                                      {"ok": true, "faults": [...]}
    {"do": "state"}                                                       {"ok": true, "devices": {...}, ...}

A line that is none of these ends the connection, so that nothing that speaks another protocol (a browser, say) can
make a fault happen by the second line it sends.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from simulator.faults import FAULTS, UnknownFaultError, switch
from simulator.model.workday import DAY, HOUR, WEEK
from simulator.net.man import Cut
from simulator.services.snmp import SnmpEngines
from simulator.simulation import Simulation

LOG = logging.getLogger("ward-sim.control")
_MOST_BYTES = 64 * 1024
_IDLE_SECONDS = 300.0


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultRequest(_Request):
    """Switch a fault; `cut`: of man-down, how the line is cut from now on."""

    do: Literal["fault"]
    name: str
    target: str
    on: bool
    cut: Cut | None = None


class FaultsRequest(_Request):
    """Which faults there are and which are on."""

    do: Literal["faults"]


class StateRequest(_Request):
    """How each device fares."""

    do: Literal["state"]


Request = Annotated[FaultRequest | FaultsRequest | StateRequest, Field(discriminator="do")]
_REQUEST: TypeAdapter[FaultRequest | FaultsRequest | StateRequest] = TypeAdapter(Request)


class FaultOut(BaseModel):
    """One kind of fault."""

    name: str
    targets: list[str]
    active: list[str]


class DeviceOut(BaseModel):
    """One device of the ward. Watts it draws; seconds since it was switched on."""

    kind: str
    reachable: bool
    powered: bool
    broken: bool
    draw_watts: float
    uptime_seconds: float


class SnmpOut(BaseModel):
    """Datagrams that came in; those to devices that hear nothing; those that were no request."""

    datagrams: int
    unheard: int
    malformed: int


class Answer(BaseModel):
    """What every line out is made of; `error` is a code that texts/ words, `name` and `known` fill them."""

    ok: bool
    error: str = ""
    name: str = ""
    known: list[str] = []
    faults: list[FaultOut] = []
    devices: dict[str, DeviceOut] = {}
    time_of_day: str = ""
    man_open: bool | None = None
    snmp: SnmpOut | None = None


class ControlServer:
    """Listens for whoever switches faults."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._server: asyncio.Server | None = None

    async def open(self, port: int = 0) -> int:
        """The result is the port. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_MOST_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await asyncio.wait_for(reader.readline(), _IDLE_SECONDS):
                answer = self.answer(line)
                writer.write(answer.model_dump_json(exclude_defaults=True).encode() + b"\n")
                await writer.drain()
                if answer.error == "bad_request":
                    return
        except (OSError, TimeoutError, ValueError) as error:
            LOG.debug("a control connection ended: %r", error)
        finally:
            writer.close()

    def answer(self, line: bytes) -> Answer:
        """Do what one line asks."""
        try:
            request = _REQUEST.validate_json(line)
        except ValidationError as error:
            LOG.warning("a control request that is none: %s", error.errors()[0]["msg"])
            return Answer(ok=False, error="bad_request")
        self._simulation.catch_up()
        if isinstance(request, FaultRequest):
            return self._switch(request)
        return self._faults() if isinstance(request, FaultsRequest) else self._state()

    def _switch(self, request: FaultRequest) -> Answer:
        ward = self._simulation.ward
        try:
            switch(ward, request.name, request.target, request.on)
        except UnknownFaultError as error:
            return Answer(ok=False, error=error.code, name=error.name, known=error.known)
        if request.cut is not None:
            self._simulation.man_cut_as = request.cut
        self._simulation.show()
        LOG.info("fault %s %s: %s", request.name, request.target, "on" if request.on else "off")
        return Answer(ok=True)

    def _faults(self) -> Answer:
        ward = self._simulation.ward
        known = [
            FaultOut(name=fault.name, targets=fault.targets(ward), active=fault.active(ward))
            for fault in FAULTS.values()
        ]
        return Answer(ok=True, faults=known)

    def _state(self) -> Answer:
        ward = self._simulation.ward
        day, second = divmod(ward.moment % WEEK, DAY)
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        hour, rest = divmod(second, HOUR)
        devices = {
            machine.id: DeviceOut(
                kind=machine.plate.kind,
                reachable=ward.reachable(machine.id),
                powered=machine.powered,
                broken=machine.dead,
                draw_watts=round(machine.draw_watts, 1),
                uptime_seconds=round(machine.uptime_seconds, 1),
            )
            for machine in ward.machines()
        }
        time_of_day = f"{names[int(day)]} {int(hour):02}:{int(rest // 60):02}"
        seen = self._simulation.premises.shared(SnmpEngines).traffic
        snmp = SnmpOut(datagrams=seen.datagrams, unheard=seen.unheard, malformed=seen.malformed)
        return Answer(ok=True, devices=devices, time_of_day=time_of_day, man_open=ward.man_open, snmp=snmp)
