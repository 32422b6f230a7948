"""Messages that come twice, and in another order than they were sent."""

from __future__ import annotations

import random

from chaos.faults.base import FaultKind, Where, between
from chaos.messages import Meddling
from chaos.plan import Fault
from chaos.world import World


def _say_again(world: World, fault: Fault) -> None:
    how = Meddling.TWICE if fault.strength < 0.5 else Meddling.LATE
    world.meddler.start(how, random.Random(fault.strength))


def _be_silent(world: World, fault: Fault) -> None:
    world.meddler.stop()


def _disorder(world: World, fault: Fault) -> None:
    world.devices.disorder(between(fault, 0.5, 6.0))


def _order(world: World, fault: Fault) -> None:
    world.devices.disorder(0.0)


FAULTS = (
    FaultKind(
        *("duplicated", frozenset({"meddler"}), Where.DISTRICT, (8, 25), _say_again, _be_silent),
        severs=False,
    ),
    FaultKind("reordered", frozenset({"order"}), Where.DISTRICT, (8, 25), _disorder, _order, severs=False),
)
