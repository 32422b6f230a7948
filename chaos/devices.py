"""The process in which all wards' devices are, and the lines that can be bad: `python -m chaos.devices SETTINGS`.

Each device answers SNMP in its ward's namespace, and writes down each number that it served, and when. Each ward has
a TCP proxy that its agent may reach the broker through; told "delay WARD SECONDS" on standard input, it holds up all
that passes, each way, for so long. The hub's proxy, told "disorder district SECONDS", lets messages wait so long.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from chaos import virtual
from chaos.disorder import DisorderlyLine
from chaos.kernel import visiting
from chaos.long_line import LongLine
from simulator.mibs.values import Objects, Oid, Syntax, Value
from simulator.net.snmp_agent import SnmpAgents
from simulator.net.snmp_device import Agent

READY = "ready"
PROXY_PORT = 1883
HUB_PORT = 1884  # where the hub finds its broker


@dataclass(frozen=True, slots=True)
class WardPlace:
    """A ward's namespace. `busy`: it has devices that fill a small journal."""

    ward: str
    namespace: str
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What the process is told: its wards, the broker beyond the line, and the file for what was served."""

    wards: tuple[WardPlace, ...]
    district: str  # its namespace
    broker: str
    broker_port: int
    served: str

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        told = json.loads(text)
        return cls(**{**told, "wards": tuple(WardPlace(**ward) for ward in told["wards"])})


class _Noted(Objects):
    """Objects of one moment that write down which of them were asked for."""

    def __init__(self, objects: Objects, note: Callable[[Oid, Value, bool], None]) -> None:
        super().__init__()
        self._values, self._types, self._order = objects._values, objects._types, objects._order
        self._note = note

    def get(self, name: Oid) -> Value | None:
        value = super().get(name)
        if value is not None:
            self._note(name, value, False)
        return value

    def next(self, name: Oid) -> tuple[Oid, Value] | None:
        found = super().next(name)
        if found is not None:
            self._note(*found, True)
        return found


class _Book:
    """The file of what was served: a line each, [ward, device, monotonic µs, metric, instance, value,
    walked]."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def objects(self, ward: str, device: str) -> Objects:
        now = time.monotonic()
        # µs are cut off, not rounded: nothing is served after the moment in which it was answered with.
        return _Noted(virtual.objects(f"{ward}/{device}", now), self._noting(ward, device, int(now * 1e6)))

    def _noting(self, ward: str, device: str, now_us: int) -> Callable[[Oid, Value, bool], None]:
        def note(name: Oid, value: Value, walked: bool) -> None:
            if value.syntax in (Syntax.INTEGER, Syntax.TICKS) and isinstance(value.data, int):
                for metric, instance, number in virtual.read_as(name, value.data):
                    line = [ward, device, now_us, metric, instance, number, walked]
                    self._file.write(json.dumps(line) + "\n")

        return note


async def serve(settings: Settings, file: TextIO) -> None:
    """Until standard input ends. Raises OSError."""
    book, lines = _Book(file), {}
    for place in settings.wards:
        namespace = Path(place.namespace)
        agents = SnmpAgents()
        with visiting(namespace):
            for number, device in enumerate(virtual.devices(busy=place.busy)):
                answers = _Answers(book, place.ward, device)
                await agents.open(Agent(device, "public", None, answers, lambda: True), virtual.FIRST_PORT + number)
            lines[place.ward] = LongLine(namespace, (settings.broker, settings.broker_port), PROXY_PORT)
            lines[place.ward].open()
    district = DisorderlyLine(Path(settings.district), (settings.broker, settings.broker_port), HUB_PORT)
    await district.open()
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    commands = await _commands()
    while line := await commands.readline():
        word, target, seconds = line.decode().split()
        if word == "delay":
            lines[target].delay = float(seconds)
        elif word == "disorder":
            district.hold_seconds = float(seconds)


@dataclass(frozen=True, slots=True)
class _Answers:
    book: _Book
    ward: str
    device: str

    def __call__(self) -> Objects:
        return self.book.objects(self.ward, self.device)


async def _commands() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def main() -> None:
    settings = Settings.from_json(sys.argv[1])
    with Path(settings.served).open("w", encoding="utf-8", buffering=1 << 16) as file:
        asyncio.run(serve(settings, file))


if __name__ == "__main__":
    main()
