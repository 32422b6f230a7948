"""What the agent keeps an eye on beside its devices: its clock, its disk, its memory of the rules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edge_agent.clock_watch import ClockWatch
from edge_agent.rules.engine import Engine
from edge_agent.rules.memory import SeenGood
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry.clock import Clock
from telemetry.entry import Lifecycle, LifecycleEvent
from telemetry.readings import Reason

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
SAVE_LOOKS = 15  # how many looks apart the memory is saved, if it changed


class Watch:
    """Looks once a second."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        uplink: Uplink | None,
        engine: Engine,
        memory: SeenGood,
        damaged: Callable[[], None],
    ) -> None:
        """`damaged` is called when the journal's file turns out to be."""
        self._journal, self._damaged = journal, damaged
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
        """Journal a step of the clock; tell the district of trouble with the disk now, not at the next heartbeat."""
        step = self._clock_watch.step()
        if step is not None:
            log.warning("the wall clock jumped by %+.1f s", step)
            self._journal.append(Lifecycle(LifecycleEvent.CLOCK_STEPPED, detail=f"{step:+.3f} s"), urgent=True)
        if self._journal.damaged:
            log.error("the journal is damaged: beginning anew, and saving what it still holds")
            self._damaged()
        trouble = self._journal.trouble()
        if trouble != self._trouble:
            self._trouble = trouble
            if self._uplink is not None:
                self._uplink.nudge()
