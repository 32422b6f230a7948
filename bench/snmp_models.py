"""The made-up devices that bench.snmp_agents serves: what of them moves, moves with every turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.snmp_agents import Agent, Encoded, number, object_id, octets, oid

COUNTER_32, GAUGE, TICKS, COUNTER_64 = 0x41, 0x42, 0x43, 0x46  # RFC 2578 application tags
_DISKS = (
    (2, "Physical memory", 4_000_000),
    (4, "/", 20_000_000),
    (4, "/home", 90_000_000),
)  # kind, name, size


def _system(description: str, enterprise: str) -> dict[str, Encoded]:
    base = "1.3.6.1.2.1.1"
    return {
        f"{base}.1.0": octets(description),
        f"{base}.2.0": object_id(oid(f"1.3.6.1.4.1.{enterprise}")),
        f"{base}.3.0": lambda turn: number(100_000 + 3000 * turn, TICKS),
        f"{base}.5.0": octets("bench"),
        f"{base}.6.0": octets("Da Nang"),
    }


def _alternating(first: int, second: int) -> Callable[[int], bytes]:
    told = number(first), number(second)
    return lambda turn: told[turn % 2]


def _growing(step: int, tag: int) -> Callable[[int], bytes]:
    """A counter whose rate is never that of the turn before."""
    return lambda turn: number(
        (10**9 + step * turn + step * 2 * (turn // 2)) % (1 << 32 if tag == COUNTER_32 else 1 << 63), tag
    )


def _interfaces(count: int) -> dict[str, Encoded]:
    table, wide = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
    objects: dict[str, Encoded] = {}
    for port in range(1, count + 1):
        objects |= {
            f"{table}.1.{port}": number(port),
            f"{table}.2.{port}": octets(f"Port {port}"),
            f"{table}.3.{port}": number(6),
            f"{table}.5.{port}": number(1_000_000_000, GAUGE),
            f"{table}.7.{port}": _alternating(1, 2),
            f"{table}.8.{port}": _alternating(2, 1),
            f"{table}.14.{port}": _growing(3 + port, COUNTER_32),
            f"{table}.20.{port}": _growing(5 + port, COUNTER_32),
            f"{wide}.1.{port}": octets(f"gi{port}"),
            f"{wide}.6.{port}": _growing(1000 * port, COUNTER_64),
            f"{wide}.10.{port}": _growing(2000 * port, COUNTER_64),
            f"{wide}.15.{port}": number(1000, GAUGE),
        }
    return objects


def _switch(ports: int) -> Agent:
    return Agent({**_system("GS1900-24", "890.1.15"), **_interfaces(ports)})


def _ups() -> Agent:
    base = "1.3.6.1.2.1.33.1"
    told = {"1.1.0": octets("APC"), "1.2.0": octets("Smart-UPS 1500"), "1.5.0": octets("ups")}
    still = {"2.2.0": 0, "2.3.0": 42, "2.5.0": 546, "2.7.0": 27, "3.3.1.2.1": 500, "4.1.0": 3, "4.2.0": 500, "6.1.0": 0}
    moving = {"2.4.0": (99, 100), "3.3.1.3.1": (226, 231), "4.4.1.2.1": (229, 231), "4.4.1.5.1": (31, 38)}
    return Agent(
        {
            **_system("UPS", "318.1.3.27"),
            **{f"{base}.{leaf}": value for leaf, value in told.items()},
            **{f"{base}.{leaf}": number(value) for leaf, value in still.items()},
            **{f"{base}.{leaf}": _alternating(*pair) for leaf, pair in moving.items()},
        }
    )


def _printer() -> Agent:
    base = "1.3.6.1.2.1.43"
    objects = {**_system("HP LaserJet", "11.2.3.9.1"), **_interfaces(2)}
    for row, name in enumerate(("Black Cartridge", "Cyan Cartridge", "Magenta Cartridge", "Yellow Cartridge"), 1):
        objects |= {
            f"{base}.11.1.1.4.1.{row}": number(3),
            f"{base}.11.1.1.5.1.{row}": number(3),
            f"{base}.11.1.1.6.1.{row}": octets(name),
            f"{base}.11.1.1.7.1.{row}": number(19),
            f"{base}.11.1.1.8.1.{row}": number(100),
            f"{base}.11.1.1.9.1.{row}": number(80 - 10 * row),
        }
    return Agent(
        {
            **objects,
            f"{base}.10.2.1.3.1.1": number(7),
            f"{base}.10.2.1.4.1.1": lambda turn: number(15_000 + turn, COUNTER_32),
            f"{base}.5.1.1.17.1": octets("VNC3K00001"),
            "1.3.6.1.2.1.25.3.2.1.2.1": object_id(oid("1.3.6.1.2.1.25.3.1.5")),
            "1.3.6.1.2.1.25.3.2.1.3.1": octets("HP LaserJet Pro M404dn"),
            "1.3.6.1.2.1.25.3.5.1.1.1": _alternating(3, 4),
            "1.3.6.1.2.1.25.3.5.1.2.1": octets(b"\x00"),
        }
    )


def _computer() -> Agent:
    base = "1.3.6.1.2.1.25"
    objects = {**_system("Linux server 6.1.0", "8072.3.2.10"), **_interfaces(2)}
    for core in range(4):
        objects[f"{base}.3.3.1.2.{196608 + core}"] = _alternating(10 + core, 30 + core)
    for row, (kind, name, size) in enumerate(
        ((2, "Physical memory", 4_000_000), (4, "/", 20_000_000), (4, "/home", 90_000_000)), 1
    ):
        objects |= {
            f"{base}.2.3.1.2.{row}": object_id(oid(f"{base}.2.1.{kind}")),
            f"{base}.2.3.1.3.{row}": octets(name),
            f"{base}.2.3.1.4.{row}": number(4096),
            f"{base}.2.3.1.5.{row}": number(size),
            f"{base}.2.3.1.6.{row}": _alternating(size // 3, size // 2),
        }
    return Agent(objects)


def _sensor() -> Agent:
    base = "1.3.6.1.2.1.99.1.1.1"
    objects = {**_system("Room sensor", "21796.4.9"), **_interfaces(1)}
    for row, (kind, low, high) in enumerate(((8, 245, 262), (9, 520, 580)), 1):
        objects |= {
            f"{base}.1.{row}": number(kind),
            f"{base}.2.{row}": number(9),
            f"{base}.3.{row}": number(1),
            f"{base}.4.{row}": _alternating(low, high),
            f"{base}.5.{row}": number(1),
        }
    return Agent(objects)


MODELS: Mapping[str, Callable[[], Agent]] = {
    "switch-120": lambda: _switch(120),
    "switch-24": lambda: _switch(24),
    "ups": _ups,
    "printer": _printer,
    "computer": _computer,
    "sensor": _sensor,
}
