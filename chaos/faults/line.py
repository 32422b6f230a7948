"""The city line: cut, losing packets, slow."""

from __future__ import annotations

from chaos.faults.base import FaultKind, Where, between
from chaos.plan import Fault
from chaos.world import World


def _cut(world: World, fault: Fault) -> None:
    world.network.cut(fault.target)


def _mend(world: World, fault: Fault) -> None:
    world.network.mend(fault.target)


def _lose(world: World, fault: Fault) -> None:
    world.network.lose(fault.target, round(between(fault, 5, 40)))


def _lose_nothing(world: World, fault: Fault) -> None:
    world.network.lose_nothing(fault.target)


def _delay(world: World, fault: Fault) -> None:
    world.devices.delay(fault.target, between(fault, 0.3, 4.0))


def _no_delay(world: World, fault: Fault) -> None:
    world.devices.delay(fault.target, 0.0)


# Of wards with a small journal: so long that it overflows. No part that another fault wants: everything else breaks
# meanwhile as well, their power too.
LONG_CUT = FaultKind("long_cut", frozenset({"long link"}), Where.WARDS, (110, 140), _cut, _mend)

FAULTS = (
    FaultKind("man_cut", frozenset({"link"}), Where.ANYWHERE, (5, 30), _cut, _mend),
    FaultKind("man_loss", frozenset({"loss"}), Where.ANYWHERE, (8, 25), _lose, _lose_nothing),
    FaultKind("man_delay", frozenset({"delay"}), Where.PROXIED_WARDS, (8, 25), _delay, _no_delay),
)
