"""Collectors that do as they are told, and an event loop whose time passes only when nothing else is to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from edge_agent.schedule import Schedule
from telemetry.readings import PollResult, Reading

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    """Instead of waiting for a moment, it makes it that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen again: the test would hang")
        if not ready:
            self.now += timeout or 0.0
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while there is work, and jumps to the next timer when there is none."""

    def __init__(self) -> None:
        self.virtual = _Selector()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now


def run_virtually(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


GOOD = PollResult(True, (Reading("cpu_load_percent", 5.0),))


class FakeCollector:
    """Answers with what `ask` returns; remembers when it was asked, and whether ever twice at once."""

    def __init__(self, ask: Callable[[], Awaitable[PollResult]] | None = None, *, has_vital: bool = False) -> None:
        self.has_vital = has_vital
        self.polls: list[float] = []
        self.vital_polls: list[float] = []
        self.most_at_once = 0
        self.closed = False
        self._at_once = 0
        self._ask = ask

    async def poll(self) -> PollResult:
        self.polls.append(asyncio.get_running_loop().time())
        return await self._answer()

    async def poll_vital(self) -> PollResult:
        self.vital_polls.append(asyncio.get_running_loop().time())
        return await self._answer()

    async def close(self) -> None:
        self.closed = True

    async def _answer(self) -> PollResult:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return GOOD if self._ask is None else await self._ask()
        finally:
            self._at_once -= 1


def schedule(
    name: str, collector: FakeCollector, interval: float = 30.0, fast: float | None = None, timeout: float = 5.0
) -> Schedule:
    return Schedule(name, collector, interval, fast, timeout)
