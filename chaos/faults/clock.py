"""Somebody sets a ward's clock, forth or back; its monotonic time goes on as ever."""

from __future__ import annotations

from chaos.faults.base import FaultKind, Where
from chaos.plan import Fault
from chaos.world import World

_HOUR, _DAY = 3600.0, 86400.0
_TO_1970 = -1_790_000_000.0  # a machine without a clock of its own that has found no time server yet
# By little and by much, and beyond what VictoriaMetrics takes (two days ahead).
_STEPS = (_TO_1970, -3 * _DAY, -2 * _HOUR, -40.0, -5.0, 5.0, 40.0, 2 * _HOUR, 3 * _DAY)


def _step(world: World, fault: Fault) -> None:
    ward = world.wards[fault.target]
    ward.set_clock(_STEPS[int(fault.strength * len(_STEPS)) % len(_STEPS)])


def _set_right(world: World, fault: Fault) -> None:
    world.wards[fault.target].set_clock(0.0)


FAULTS = (FaultKind("clock_step", frozenset({"clock"}), Where.WARDS, (4, 20), _step, _set_right, severs=False),)
