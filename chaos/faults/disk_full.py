"""The disk that a journal is on is full to the last byte."""

from __future__ import annotations

from chaos.faults.base import FaultKind, Where
from chaos.plan import Fault
from chaos.ward import now_us
from chaos.world import World


def _fill(world: World, fault: Fault) -> None:
    ward = world.wards[fault.target]
    ward.full.append((now_us(), 0))
    ward.disk.fill()


def _clear(world: World, fault: Fault) -> None:
    ward = world.wards[fault.target]
    ward.disk.clear()
    ward.full[-1] = (ward.full[-1][0], now_us())


# Its agent may be killed meanwhile and start on a full disk; its power may not be lost, since that takes the disk out.
FAULTS = (FaultKind("disk_full", frozenset({"disk"}), Where.WARDS, (5, 25), _fill, _clear, severs=False),)
