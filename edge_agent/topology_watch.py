"""Keeps the ward's tree: what switches and routers tell of their neighbours becomes an inventory when it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from edge_agent.recorder import Appender
from edge_agent.schedule import Outcome
from edge_agent.topology import Topology
from telemetry.clock import Clock
from telemetry.neighbours import Neighbour
from telemetry.readings import Inventory

log = logging.getLogger(__name__)

AT_MOST_EVERY_SECONDS = 60.0  # an inventory is written: two cables that form a ring must not fill the journal
SETTLES_IN_SECONDS = 5.0  # after the first answer: the switches of a ward tell of each other


class TopologyWatch:
    """Handed every outcome. `own`: what the agent's machine itself knows of its neighbours."""

    def __init__(
        self, inventory: Inventory, journal: Appender, own: Callable[[], Sequence[Neighbour]], clock: Clock
    ) -> None:
        self._ward_name = inventory.ward_name
        self._topology = Topology(inventory.devices)
        self._written = tuple(inventory.devices)
        self._journal = journal
        self._own = own
        self._clock = clock
        self._due: float | None = None  # monotonic; an inventory waits to be written
        self._not_before = 0.0

    def take(self, outcome: Outcome) -> None:
        """One poll's result; writes an inventory when one is due."""
        now = self._clock.monotonic()
        neighbours = outcome.result.neighbours
        if neighbours is not None and self._topology.learn(outcome.device, neighbours, self._own()):
            self._due = self._due or max(self._not_before, now + SETTLES_IN_SECONDS)
        if self._due is not None and now >= self._due:
            self._write(now)

    def _write(self, now: float) -> None:
        self._due = None
        devices = self._topology.devices()
        if devices == self._written:
            return
        for before, device in zip(self._written, devices, strict=True):
            if before != device:
                log.info("%s hangs on %s, port %s", device.id, device.parent, device.port or "unknown")
        self._written = devices
        self._not_before = now + AT_MOST_EVERY_SECONDS
        self._journal.append(Inventory(self._ward_name, devices))
