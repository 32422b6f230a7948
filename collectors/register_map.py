"""Register maps: which Modbus register of a device holds which metric or fact, as data.

Shipped maps are collectors/data/modbus/<name>.toml; a ward may write its own (docs/register-maps.md). Addresses are
those of the protocol, from 0 (Modbus Application Protocol V1.1b3, section 4.4), not the 40001 of older manuals.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from collectors.mib_tables import plausible
from telemetry.catalogue import metrics
from telemetry.configuration.document import Document
from telemetry.configuration.fields import Section, Text
from telemetry.configuration.problems import ConfigurationError, Wrong, nearest
from telemetry.configuration.tables import TableReader

Table = Literal["holding", "input", "coil", "discrete"]
BITS = ("coil", "discrete")  # tables whose elements are single bits
MOST_BITS, MOST_REGISTERS = 2000, 125  # of one request (V1.1b3, sections 6.1 and 6.3)
_FORMATS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}


class Register(Section):
    """One value of the device. Either `metric` or `fact` names it."""

    address: Annotated[int, Field(ge=0, le=65535)]
    table: Table = "holding"
    type: Literal["int16", "uint16", "int32", "uint32", "float32", "text"] = "uint16"
    word_order: Literal["high_first", "low_first"] = "high_first"  # of 32-bit values
    length: Annotated[int, Field(ge=1, le=60)] = 1  # registers of a text, two characters each
    bit: Annotated[int, Field(ge=0, le=15)] | None = None  # only this bit of the register, 0 the lowest
    scale: float = 1.0
    offset: float = 0.0
    tenths_from: float | None = None  # devices that can be switched to tenths: raw values from here on are tenths
    unknown: tuple[float, ...] = ()  # raw values that stand for "no value"
    values: dict[str, float | str] = Field(default_factory=dict)  # raw value → what it means; others: no reading
    least: float | None = None  # a value below, or above `most`, is no reading
    most: float | None = None
    metric: str = ""
    fact: Literal["", "vendor", "model", "serial", "firmware", "name", "location"] = ""
    instance: str = ""

    @property
    def width(self) -> int:
        """How many registers (or bits) it takes."""
        if self.table in BITS:
            return 1
        return self.length if self.type == "text" else struct.calcsize(_FORMATS[self.type]) // 2

    def number(self, words: Sequence[int]) -> float | None:
        """The value in the metric's unit; None for what is no value or cannot be."""
        raw = self._raw(words)
        if raw is None or raw in self.unknown:
            return None
        if self.values:
            meant = self.values.get(f"{raw:g}")
            return float(meant) if isinstance(meant, int | float) else None
        scale = self.scale * (0.1 if self.tenths_from is not None and raw >= self.tenths_from else 1.0)
        value = raw * scale + self.offset
        if (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            return None
        return plausible(self.metric, value)

    def text(self, words: Sequence[int]) -> str:
        """The value as a fact's text; empty for what is none."""
        if self.type == "text":
            data = b"".join(struct.pack(">H", word) for word in words)
            return data.split(b"\0")[0].decode("ascii", "replace").strip()
        raw = self._raw(words)
        if raw is None or raw in self.unknown:
            return ""
        if self.values:
            return str(self.values.get(f"{raw:g}", ""))
        return f"{raw * self.scale + self.offset:g}"

    def _raw(self, words: Sequence[int]) -> float | None:
        if self.table in BITS or self.type == "text":
            return float(words[0])
        ordered = words if self.word_order == "high_first" else tuple(reversed(words))
        data = b"".join(struct.pack(">H", word) for word in ordered)
        value = struct.unpack(_FORMATS[self.type], data)[0]
        if self.bit is not None:
            return float(words[0] >> self.bit & 1)
        return float(value) if math.isfinite(value) else None


class MapSection(Section):
    """What is said of the map as a whole."""

    source: Text  # the manual it was written from
    vendor: str = ""
    model: str = ""
    pause_ms: Annotated[int, Field(ge=0, le=10_000)] = 0  # between two requests to the device's address
    most_registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] = 32  # of one request; 1: each register alone


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """A whole map."""

    about: MapSection
    registers: tuple[Register, ...]

    @property
    def pause(self) -> float:
        """Seconds."""
        return self.about.pause_ms / 1000


@dataclass(frozen=True, slots=True)
class Span:
    """One request: `count` registers or bits of `table` from `start` on, and where in them each value lies."""

    table: Table
    start: int
    count: int
    registers: tuple[int, ...]  # indices into RegisterMap.registers

    def words_of(self, register: Register, words: Sequence[int]) -> Sequence[int]:
        at = register.address - self.start
        return words[at : at + register.width]


def plan(registers: Sequence[Register], wanted: Sequence[int], most: int) -> list[Span]:
    """As few requests as there can be for the `wanted` registers: neighbours together, `most` in one (a value wider
    than that is asked for whole, since halves of different moments make no value)."""
    spans: list[Span] = []
    for number in sorted(wanted, key=lambda each: (registers[each].table, registers[each].address)):
        register = registers[number]
        end = register.address + register.width
        last = spans[-1] if spans else None
        touches = last is not None and last.table == register.table and register.address <= last.start + last.count
        if last is not None and touches and max(end, last.start + last.count) - last.start <= most:
            count = max(end, last.start + last.count) - last.start
            spans[-1] = replace(last, count=count, registers=(*last.registers, number))
        else:
            spans.append(Span(register.table, register.address, register.width, (number,)))
    return spans


def shipped() -> list[str]:
    """The names of the maps that come with the program."""
    folder = resources.files("collectors").joinpath("data", "modbus")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


@lru_cache(maxsize=64)
def load(name: str) -> RegisterMap:
    """A shipped map by its name, or a ward's own by its path (which ends in .toml). Raises ConfigurationError with
    every problem of the file, each with its line."""
    if name.endswith(".toml"):
        return _read(Path(name))
    with resources.as_file(resources.files("collectors").joinpath("data", "modbus", f"{name}.toml")) as path:
        return _read(path)


def _read(path: Path) -> RegisterMap:
    try:
        document = Document(path, ("map", "register"))
    except ConfigurationError as error:
        raise ConfigurationError(path, (replace(problem, file=path) for problem in error.problems)) from error
    about = document.section("map", MapSection, needed=True)
    tables = document.tables("register", needed=True)
    registers = [register for register in _registers(document.reader, tables) if register is not None]
    if about is None or document.reader.problems:
        problems = (replace(problem, file=path) for problem in document.reader.problems)
        raise ConfigurationError(path, problems)
    return RegisterMap(about, tuple(registers))


def _registers(reader: TableReader, tables: Sequence[Any]) -> Iterator[Register | None]:
    for number, table in enumerate(tables):
        at, where = ("register", number), f"[[register]] {number + 1}"
        register = reader.read(Register, table, at, where)
        if register is not None:
            _check(reader, register, at, where)
        yield register


def _check(reader: TableReader, register: Register, at: tuple[str | int, ...], where: str) -> None:
    """What the fields of one register must be together."""
    if not register.metric and not register.fact:
        reader.add(Wrong.MISSING_KEY, at, where, key="metric", allowed=("metric", "fact"))
    if register.metric and register.fact:
        reader.add(Wrong.UNKNOWN_KEY, (*at, "fact"), where)
    if register.metric and register.metric not in metrics():
        suggestion = nearest(register.metric, metrics())
        reader.add(Wrong.NOT_ALLOWED, (*at, "metric"), where, given=register.metric, suggestion=suggestion)
    if register.metric and register.type == "text":
        reader.add(Wrong.NOT_ALLOWED, (*at, "type"), where, given="text", allowed=tuple(_FORMATS))
    for raw, meant in register.values.items():
        if register.metric and not isinstance(meant, int | float):
            reader.add(Wrong.NOT_A_NUMBER, (*at, "values"), where, given=f"{raw} = {meant}")
        if not raw.lstrip("-").isdecimal():
            reader.add(Wrong.NOT_A_NUMBER, (*at, "values"), where, given=raw)
    if register.address + register.width > 65536:
        reader.add(Wrong.OUT_OF_RANGE, (*at, "address"), where, given=str(register.address), allowed=("≤ 65535",))
