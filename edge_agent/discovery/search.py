"""The search: every way at once over the networks, then each host that was seen, within a bound of time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field

from edge_agent.discovery import registry
from edge_agent.discovery.asking import Asking
from edge_agent.discovery.evidence import Host

_LOG = logging.getLogger(__name__)
_HOSTS_AT_ONCE = 96
_BASE_SECONDS, _SECONDS_A_HOST = 7.0, 0.045  # a /24 in 18.4 s, a /22 in 53 s at the latest


def seconds_for(hosts: int) -> float:
    """How long a search of so many addresses may take."""
    return _BASE_SECONDS + _SECONDS_A_HOST * hosts


@dataclass(slots=True)
class Progress:
    """How far the search is; read by who shows it."""

    total: int
    deadline: float  # monotonic seconds
    found: int = 0
    asked: int = 0  # of those found, wholly
    finished: bool = False


@dataclass(slots=True)
class Search:
    """One search. `asking.findings` holds what was found, also when `run` is cancelled."""

    asking: Asking
    progress: Progress
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_HOSTS_AT_ONCE))

    async def run(self) -> None:
        """Until everything is asked or the time is over; a note says when it was."""
        self.asking.seen = self._see
        left = self.progress.deadline - self.asking.clock.monotonic()
        watches = [asyncio.ensure_future(_guarded(way(self.asking), "a watch")) for way in registry.WATCHES]
        try:
            async with asyncio.timeout(left):
                for own in self.asking.own_addresses():
                    self._note_self(own)
                await _all(way(self.asking) for way in registry.NETWORK_WAYS)
                while waiting := [task for task in self._tasks if not task.done()]:
                    await asyncio.wait(waiting)
        except TimeoutError:
            self.asking.findings.note("discover.note.time_over")
        finally:
            unfinished = [task for task in (*watches, *self._tasks) if not task.done()]
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
            self.progress.finished = True

    def _see(self, host: Host) -> None:
        self.progress.found += 1
        self._tasks.append(asyncio.ensure_future(self._look(host)))

    def _note_self(self, own: str) -> None:
        host = self.asking.host(own)
        if host is not None:
            host.add("self", "this-machine")

    async def _look(self, host: Host) -> None:
        async with self._places:
            for ways in (registry.FIRST_HOST_WAYS, registry.HOST_WAYS):
                await _all(way(host, self.asking) for way in ways)
            self.progress.asked += 1


async def _all(ways: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*(_guarded(way, "a way of finding") for way in ways))


async def _guarded(way: Awaitable[None], what: str) -> None:
    """A way that fails ends only itself: whatever a host on the network answers, the search goes on."""
    try:
        await way
    except Exception:  # noqa: BLE001 - a defect of ours in one way must not lose what the others find
        _LOG.exception("%s failed", what)
