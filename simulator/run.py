"""`ward-sim run`: everything put together, from options to the last closed socket."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from simulator import agent_config, wardfile
from simulator.build import ward_of
from simulator.client import StateFolder
from simulator.control import ControlServer
from simulator.model.workday import moment_now, moment_of
from simulator.net.man import Cut, ManLine
from simulator.net.snmp_trap import TrapSink
from simulator.onvif.box import Box
from simulator.onvif.discovery import Discovery
from simulator.onvif.server import OnvifServer
from simulator.secret_files import SecretFiles
from simulator.services.recorder import RecorderService
from simulator.services.web_camera import WebCamera
from simulator.simulation import Simulation
from telemetry.clock import Clock, SystemClock

LOG = logging.getLogger("ward-sim")


class OptionsError(Exception):
    """What was asked for cannot be; `code` names the words, `values` fill them."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True, slots=True)
class Options:
    """What `ward-sim run` was told. `moment`: seconds since Monday 00:00 at which the ward begins."""

    ward: wardfile.WardFile
    port_base: int
    control: int
    speed: float
    moment: float
    broker: tuple[str, int] | None
    man_port: int
    hub: tuple[str, int] | None
    hub_port: int
    cut: Cut
    traps: tuple[str, int] | None
    discoverable: bool
    write_config: Path | None
    verbose: bool

    @classmethod
    def of(
        cls,
        *,
        ward: Path | None,
        port_base: int,
        control: int,
        speed: float,
        begin: str,
        broker: str | None,
        man_port: int,
        cut: str,
        hub: str | None = None,
        hub_port: int = 0,
        traps: str | None = None,
        discoverable: bool = False,
        write_config: Path | None,
        verbose: bool,
        clock: Clock | None = None,
    ) -> Options:
        """From words to values. Raises OptionsError."""
        moment = _moment(begin, clock or SystemClock())
        try:
            file = wardfile.read(ward)
            ward_of(file, moment)  # a model or wiring that does not fit is told before any port opens
        except wardfile.WardFileError as error:
            raise OptionsError("bad_ward", error=error) from error
        if cut not in {item.value for item in Cut}:
            raise OptionsError("bad_cut", text=cut)
        return cls(
            ward=file,
            port_base=port_base,
            control=control,
            speed=speed,
            moment=moment,
            broker=_address(broker) if broker is not None else None,
            man_port=man_port,
            hub=_address(hub) if hub is not None else None,
            hub_port=hub_port,
            cut=Cut(cut),
            traps=_address(traps) if traps is not None else None,
            discoverable=discoverable,
            write_config=write_config,
            verbose=verbose,
        )


def serve(options: Options, clock: Clock | None = None) -> None:
    """Run until SIGINT or SIGTERM. Raises OSError for a port or file that cannot be had."""
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(_serve(options, clock or SystemClock()))


async def _serve(options: Options, clock: Clock) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Running(options, clock) as running:
        sys.stdout.write(running.ready_line() + "\n")
        sys.stdout.flush()
        await stop.wait()


class Running:
    """A virtual ward with all its ports, from `async with` on."""

    def __init__(self, options: Options, clock: Clock, state: StateFolder | None = None) -> None:
        self._options, self._state = options, state or StateFolder.of_user()
        self.config_path = options.write_config or self._state.path / "ward.toml"
        self.secrets = SecretFiles(self.config_path.parent / "secrets")
        self.simulation = Simulation(options.ward, clock, options.speed, options.moment, self.secrets)
        self.simulation.man_cut_as = options.cut
        self.simulation.premises.trap_sink = TrapSink(options.traps) if options.traps is not None else None
        self._control = ControlServer(self.simulation)
        self._discovery = Discovery(self._discoverable) if options.discoverable else None
        self.control_port = 0

    async def __aenter__(self) -> Running:
        self._state.make()
        try:
            options = self._options
            man = ManLine(options.broker, options.man_port) if options.broker else None
            man_web = ManLine(options.hub, options.hub_port) if options.hub else None
            await self.simulation.open(options.port_base, man, man_web)
            self.control_port = await self._control.open(self._options.control)
            if self._discovery is not None:
                await self._discovery.open()
            agent_config.write(self.config_path, self.simulation)
            self._state.remember(self.control_port)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._control.close()
        if self._discovery is not None:
            self._discovery.close()
        await self.simulation.close()
        self._state.forget()

    def _discoverable(self) -> list[Box]:
        services = {device: outside.service for device, outside in self.simulation.devices.items()}
        answering = {
            device: one.web for device, one in services.items() if isinstance(one, (WebCamera, RecorderService))
        }
        reachable = self.simulation.ward.reachable
        return [web.box for device, web in answering.items() if isinstance(web, OnvifServer) and reachable(device)]

    def ready_line(self) -> str:
        """One JSON object: what runs where."""
        devices = {
            device: {"kind": outside.model.kind.value, "protocol": outside.protocol, "port": outside.port}
            for device, outside in self.simulation.devices.items()
        }
        man, man_web = self.simulation.man, self.simulation.man_web
        return json.dumps(
            {
                "ready": True,
                "ward": self._options.ward.ward.id,
                "control_port": self.control_port,
                "man_port": man.port if man is not None else None,
                "hub_port": man_web.port if man_web is not None else None,
                "config": str(self.config_path),
                "devices": devices,
            },
            ensure_ascii=False,
        )


def _moment(begin: str, clock: Clock) -> float:
    if begin == "now":
        return moment_now(clock.wall_us())
    try:
        return moment_of(begin)
    except ValueError as error:
        raise OptionsError("bad_time", text=begin) from error


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise OptionsError("bad_address", text=text)
    return host, int(port)
