"""SNMP values (RFC 2578 section 7.1) and the tree of objects that one device answers from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, TypeVar

Oid = tuple[int, ...]


class Syntax(Enum):
    """The base types that agents of ours answer with."""

    INTEGER = "INTEGER"
    OCTETS = "OCTET STRING"
    OID = "OBJECT IDENTIFIER"
    COUNTER32 = "Counter32"
    GAUGE32 = "Gauge32"
    TICKS = "TimeTicks"
    COUNTER64 = "Counter64"


class Value(NamedTuple):
    """One value with its type."""

    syntax: Syntax
    data: int | bytes | Oid


class Trap(NamedTuple):
    """A notification: its name (snmpTrapOID) and what it carries."""

    name: Oid
    variables: Sequence[tuple[Oid, Value]]


def oid(text: str) -> Oid:
    """ "1.3.6" as numbers."""
    return tuple(int(part) for part in text.split("."))


def integer(number: float) -> Value:
    return Value(Syntax.INTEGER, round(number))


def gauge(number: float) -> Value:
    return Value(Syntax.GAUGE32, max(0, min(round(number), 2**32 - 1)))


def counter32(number: float) -> Value:
    """Wraps as a Counter32 does."""
    return Value(Syntax.COUNTER32, int(number) % 2**32)


def counter64(number: float) -> Value:
    return Value(Syntax.COUNTER64, int(number) % 2**64)


def ticks(seconds: float) -> Value:
    """TimeTicks: hundredths of a second, wrapping after 497 days."""
    return Value(Syntax.TICKS, int(seconds * 100) % 2**32)


def text(words: str) -> Value:
    """A DisplayString or SnmpAdminString, in UTF-8."""
    return Value(Syntax.OCTETS, words.encode())


def octets(data: bytes) -> Value:
    return Value(Syntax.OCTETS, data)


def identifier(name: Oid) -> Value:
    return Value(Syntax.OID, name)


class Objects:
    """Collects what the MIB modules say of one device, then answers GET and GETNEXT."""

    def __init__(self) -> None:
        self._values: dict[Oid, Value] = {}
        self._types: set[Oid] = set()
        self._order: list[Oid] = []

    def scalar(self, name: Oid, value: Value) -> None:
        """An object with the one instance .0."""
        self._types.add(name)
        self._values[(*name, 0)] = value

    def column(self, name: Oid, values: Mapping[Oid, Value]) -> None:
        """A column of a table; an empty one is there all the same (noSuchInstance, not noSuchObject)."""
        self._types.add(name)
        for index, value in values.items():
            self._values[name + index] = value

    def done(self) -> Objects:
        self._order = sorted(self._values)
        return self

    def get(self, name: Oid) -> Value | None:
        return self._values.get(name)

    def next(self, name: Oid) -> tuple[Oid, Value] | None:
        """The first instance after `name` in lexicographic order; None at the end of the view."""
        place = bisect_right(self._order, name)
        if place == len(self._order):
            return None
        found = self._order[place]
        return found, self._values[found]

    def knows_type(self, name: Oid) -> bool:
        """Whether an object type is a prefix of `name` (RFC 3416 4.2.1: noSuchInstance rather than noSuchObject)."""
        return any(name[:length] in self._types for length in range(len(name), 0, -1))

    def __len__(self) -> int:
        return len(self._values)


Row = TypeVar("Row")


def table(
    into: Objects, entry: Oid, rows: Mapping[Oid, Row], columns: Mapping[int, Callable[[Row], Value | None]]
) -> None:
    """Every column of a table for every row; `entry` is the OID of its Entry object. None leaves a hole."""
    for number, cell in columns.items():
        cells = ((index, cell(row)) for index, row in rows.items())
        into.column((*entry, number), {index: value for index, value in cells if value is not None})
