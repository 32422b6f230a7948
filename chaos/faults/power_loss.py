"""A machine without power: its line is dead, its programs stop in mid-sentence, its disk keeps what was synced.

They are frozen first. Without that they would live on for a moment after the disk is cut off, and an fsync that was
under way then may return success falsely (docs/durability.md "Power loss"): nothing that a power cut does.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from chaos.commands import CommandError
from chaos.disks import Disk
from chaos.faults.base import FaultKind, Where
from chaos.plan import DISTRICT, Fault
from chaos.world import World
from demo.processes import Program

_FREEZE_SECONDS = 10.0


def freeze(programs: Iterable[Program]) -> None:
    """Stop every thread of them, also one that is in the middle of a write: that one when it returns from it."""
    running = [program for program in programs if program.running]
    for program in running:
        os.kill(program.pid, signal.SIGSTOP)
    end = time.monotonic() + _FREEZE_SECONDS
    while not all(_is_still(program.pid) for program in running):
        if time.monotonic() > end:
            raise CommandError(f"{', '.join(program.name for program in running)}: cannot be frozen")
        time.sleep(0.002)


def _is_still(pid: int) -> bool:
    try:
        return all(_state(task) in "TZX" for task in Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it ended
        return True


def _state(task: Path) -> str:
    """Of a thread: the letter after its name in brackets (proc(5))."""
    return (task / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]


def _cut(disk: Disk, programs: Iterable[Program]) -> None:
    freeze(programs)
    disk.cut()


def _begin(world: World, fault: Fault) -> None:
    world.network.cut(fault.target)  # first: nobody is told by a closing connection
    if fault.target == DISTRICT:
        programs = world.district.programs
        for program in programs:
            world.hold_down(program.name, DISTRICT)
        _cut(world.district.disk, programs)
        for program in programs:
            program.kill()
        world.district.disk.take_out()
        return
    ward = world.wards[fault.target]
    world.hold_down("agent", ward.id)
    _cut(ward.disk, (ward.agent,))
    ward.kill()
    ward.disk.take_out()


def _end(world: World, fault: Fault) -> None:
    if fault.target == DISTRICT:
        world.district.disk.mount()
        world.network.mend(DISTRICT)
        for program in world.district.programs:
            program.start()
            world.let_up(program.name, DISTRICT)
        return
    ward = world.wards[fault.target]
    ward.disk.mount()
    world.network.mend(ward.id)
    ward.start()
    world.let_up("agent", ward.id)


_WARD = frozenset({"agent", "disk", "link"})
_DISTRICT = frozenset({"broker", "hub", "store", "disk", "link"})

FAULTS = (
    FaultKind("power_loss", _WARD, Where.WARDS, (2, 15), _begin, _end),
    FaultKind("district_power_loss", _DISTRICT, Where.DISTRICT, (2, 15), _begin, _end),
)
