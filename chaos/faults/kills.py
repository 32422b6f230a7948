"""SIGKILL to one program, which is started again some seconds later."""

from __future__ import annotations

from chaos.faults.base import FaultKind, Where
from chaos.plan import DISTRICT, Fault
from chaos.world import World
from demo.processes import Program


def _kill_agent(world: World, fault: Fault) -> None:
    world.hold_down("agent", fault.target)
    world.wards[fault.target].kill()


def _start_agent(world: World, fault: Fault) -> None:
    world.wards[fault.target].start()
    world.let_up("agent", fault.target)


def _kill(world: World, program: Program | None) -> None:
    if program is not None:
        world.hold_down(program.name, DISTRICT)
        program.kill()


def _start(world: World, program: Program | None) -> None:
    if program is not None:
        program.start()
        world.let_up(program.name, DISTRICT)


FAULTS = (
    FaultKind("agent_kill", frozenset({"agent"}), Where.WARDS, (1, 12), _kill_agent, _start_agent),
    FaultKind(
        *("broker_kill", frozenset({"broker"}), Where.DISTRICT, (1, 15)),
        lambda world, _: _kill(world, world.district.broker),
        lambda world, _: _start(world, world.district.broker),
    ),
    FaultKind(
        *("hub_kill", frozenset({"hub"}), Where.DISTRICT, (1, 15)),
        lambda world, _: _kill(world, world.district.hub),
        lambda world, _: _start(world, world.district.hub),
    ),
    FaultKind(
        *("store_kill", frozenset({"store"}), Where.DISTRICT, (1, 15)),
        lambda world, _: _kill(world, world.district.victoria),
        lambda world, _: _start(world, world.district.victoria),
        severs=False,  # the hub's own file takes what comes meanwhile
        needs_victoria=True,
    ),
)
