"""What the agent keeps an eye on beside its devices: its clock, its disk, its memory of the rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from edge_agent.clock_watch import STEP_SECONDS, ClockWatch
from edge_agent.rules.engine import Engine
from edge_agent.rules.memory import SeenGood
from edge_agent.steady_clock import SteadyClock
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Lifecycle, LifecycleEvent
from telemetry.readings import Reason

log = logging.getLogger(__name__)

CLOCK_BEHIND = "clock_behind"
LOOK_SECONDS = 1.0
SAVE_LOOKS = 15  # how many looks apart the memory is saved, if it changed


class Watch:
    """Looks once a second."""

    def __init__(
        self,
        journal: Journal,
        clock: SteadyClock,
        uplink: Uplink | None,
        engine: Engine,
        memory: SeenGood,
        damaged: Callable[[], None],
    ) -> None:
        """`damaged` is called when the journal's file turns out to be."""
        self._journal, self._damaged = journal, damaged
        self._clock = clock
        self._held: Condition | None = None  # raised while the system clock is behind
        self._clock_watch = ClockWatch(clock)
        self._uplink = uplink
        self._engine = engine
        self._memory = memory
        self._trouble: Reason | None = None

    async def run(self) -> None:
        """Until cancelled."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()
            looks += 1
            if looks % SAVE_LOOKS == 0:
                self._memory.save(self._engine.seen_good())

    def look(self) -> None:
        """Journal what the clock does; tell the district of trouble with the disk now, not at the next heartbeat."""
        self._look_at_clock()
        if self._journal.damaged:
            log.error("the journal is damaged: beginning anew, and saving what it still holds")
            self._damaged()
        trouble = self._journal.trouble()
        if trouble != self._trouble:
            self._trouble = trouble
            if self._uplink is not None:
                self._uplink.nudge()

    def _look_at_clock(self) -> None:
        step = self._clock_watch.step()
        if step is not None:
            log.warning("the wall clock jumped by %+.1f s", step)
            self._note(LifecycleEvent.CLOCK_STEPPED, step)
        behind = self._clock.behind_us() / 1e6
        if behind > STEP_SECONDS and self._held is None:
            log.warning("the system clock is %.0f s behind what is known; times go on from there", behind)
            self._note(LifecycleEvent.CLOCK_HELD, behind)
            self._held = Condition(
                *("", CLOCK_BEHIND, "", ConditionState.RAISED, Severity.ATTENTION, self._clock.wall_us())
            )
            self._journal.append(self._held, urgent=True)
        elif not behind and self._held is not None:
            self._journal.append(replace(self._held, state=ConditionState.CLEARED), urgent=True)
            self._held = None

    def _note(self, event: LifecycleEvent, seconds: float) -> None:
        lifecycle = Lifecycle(event, detail=f"{seconds:+.3f} s", step_us=round(seconds * 1e6))
        self._journal.append(lifecycle, urgent=True)
