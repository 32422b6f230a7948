"""A virtual ward inside the test, on a clock that stands still until told."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from simulator.client import StateFolder
from simulator.mibs.values import Oid, Syntax, Value
from simulator.run import Options, Running
from simulator.services.snmp import SnmpService
from telemetry.clock import FakeClock

Start = Callable[..., Awaitable[Running]]


def options(**changes: object) -> Options:
    told: dict[str, object] = {
        "ward": None,
        "port_base": 0,
        "control": 0,
        "speed": 1.0,
        "begin": "09:15",
        "broker": None,
        "man_port": 0,
        "cut": "hang",
        "write_config": None,
        "verbose": False,
    }
    return Options.of(**(told | changes))  # type: ignore[arg-type]


class Lived:
    """A running ward and its clock."""

    def __init__(self, running: Running, clock: FakeClock) -> None:
        self.running, self.clock = running, clock
        self.simulation, self.ward = running.simulation, running.simulation.ward

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.simulation.catch_up()

    def port(self, device: str) -> int:
        port = self.simulation.devices[device].port
        assert port is not None
        return port

    def snmp(self, device: str) -> SnmpService:
        service = self.simulation.devices[device].service
        assert isinstance(service, SnmpService)
        return service


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Lived]]]:
    """await start(broker="127.0.0.1:1883", ...): a ward with these options, ended with the test."""
    begun: list[Running] = []

    async def begin(**changes: object) -> Lived:
        clock = FakeClock()
        running = Running(options(**changes), clock, StateFolder(tmp_path / "state"))
        await running.__aenter__()
        begun.append(running)
        return Lived(running, clock)

    yield begin
    for running in begun:
        await running.__aexit__()


@pytest.fixture
async def lived(start: Callable[..., Awaitable[Lived]]) -> Lived:
    """The ward that comes along, as it is."""
    return await start()


async def command(program: str, *arguments: object, seconds: float = 60.0) -> tuple[int, str]:
    """Run a peer; its exit status and everything it said."""
    process = await asyncio.create_subprocess_exec(
        program,
        *(str(argument) for argument in arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await asyncio.wait_for(process.communicate(), seconds)
    assert process.returncode is not None
    return process.returncode, out.decode(errors="replace")


NET_SNMP_TYPES = {
    "INTEGER": Syntax.INTEGER,
    "Gauge32": Syntax.GAUGE32,
    "Counter32": Syntax.COUNTER32,
    "Counter64": Syntax.COUNTER64,
}
OUTPUT = ("-On", "-Ox", "-Oe", "-Ot", "-t", "2", "-r", "1")
_LINE = re.compile(r"^\.([0-9.]+) = (?:([A-Za-z0-9-]+): )?(.*)$", re.DOTALL)


def read_net_snmp(text: str) -> dict[Oid, Value]:
    """What net-snmp printed with OUTPUT, as values."""
    found: dict[Oid, Value] = {}
    text = text.replace("\nEnd of MIB", "").strip()
    for block in re.split(r"\n(?=\.1)", text):
        match = _LINE.match(block)
        if match is None or "No more variables" in block:
            continue
        name = tuple(int(part) for part in match[1].split("."))
        found[name] = _value(match[2], match[3].strip())
    return found


def _value(kind: str | None, words: str) -> Value:
    if kind is None and words == '""':
        return Value(Syntax.OCTETS, b"")
    if kind is None:
        return Value(Syntax.TICKS, int(words))
    if kind == "Hex-STRING":
        return Value(Syntax.OCTETS, bytes.fromhex(words))
    if kind == "OID":
        return Value(Syntax.OID, tuple(int(part) for part in words.strip(".").split(".")))
    return Value(NET_SNMP_TYPES[kind], int(words))
