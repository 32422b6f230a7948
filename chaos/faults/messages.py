"""Messages that come twice, and in another order than they were sent."""

from __future__ import annotations

import random

from chaos.faults.base import Act, FaultKind, Where
from chaos.messages import Meddling
from chaos.plan import Fault
from chaos.world import World


def _begin(how: Meddling) -> Act:
    def begin(world: World, fault: Fault) -> None:
        world.meddler.start(how, random.Random(fault.strength))

    return begin


def _end(world: World, fault: Fault) -> None:
    world.meddler.stop()


_PART = frozenset({"messages"})

FAULTS = (
    FaultKind("duplicated", _PART, Where.DISTRICT, (8, 25), _begin(Meddling.TWICE), _end, severs=False),
    FaultKind("reordered", _PART, Where.DISTRICT, (8, 25), _begin(Meddling.SHUFFLED), _end, severs=False),
)
