"""When each device is asked: its interval, fast polls of vital values, a time-out for each poll.

A ward has a turn every `TURN_SECONDS`, at a moment of its own, and polls that are due begin with one; whole polls with
every other one, since otherwise hardly a turn would bring nothing. What is asked together is made durable together and
crosses the line together: half the commits, which wear out SD cards, and half the messages of polls that each have a
moment of their own.

One task per device, on one event loop and that loop's monotonic time. A device that hangs holds up only itself, and no
device is ever asked twice at once: whole, vital and asked-for polls share one lock.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from collectors.base import Collector, turn_of
from telemetry.readings import PollResult, ReasonCode, unreachable

log = logging.getLogger(__name__)

FIRST_POLLS_WITHIN_SECONDS = 2.0
TURN_SECONDS = 2.9  # a little less than the fast polls' 3 s, and so often than 30 and 60 s, which are never exceeded
WHOLE_TURNS = 2  # what is asked each 6 s or more comes with every second turn
JITTER = 0.1  # an interval is shortened by up to this share, to a turn or where there is none to any moment
ASK_AGAIN_SECONDS = 3.0  # after a miss: is it a lost datagram or a dead device?
ASK_AGAIN_TIMES = 3


class Poll(Enum):
    WHOLE = "whole"
    VITAL = "vital"


@dataclass(frozen=True, slots=True)
class Schedule:
    """How one device is asked; seconds. `fast_interval` is None where it has no vital values."""

    device: str
    collector: Collector
    interval: float
    fast_interval: float | None
    timeout: float

    def budget(self, poll: Poll) -> float:
        """How long one poll may take. A whole poll asks many questions, each with the device's time-out."""
        if poll is Poll.VITAL:
            return self.timeout
        return max(self.timeout, min(3 * self.timeout, self.interval))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one poll brought. `gap` is the longest time until the next poll of the same sort, in seconds."""

    device: str
    poll: Poll
    result: PollResult
    gap: float


def _nobody(task: asyncio.Task[PollResult]) -> None:
    """For polls of which nobody keeps track."""


async def guarded_poll(
    schedule: Schedule, poll: Poll, started: Callable[[asyncio.Task[PollResult]], None] = _nobody
) -> PollResult:
    """Ask once, within the budget, and never raise out. `started` is given the task, which may outlive this call:
    a collector that ignores its cancellation is left behind, not waited for."""
    collector = schedule.collector
    budget = schedule.budget(poll)
    async with turn_of(collector):  # its budget starts when its turn comes
        task = asyncio.ensure_future(collector.poll_vital() if poll is Poll.VITAL else collector.poll())
        started(task)
        try:
            done, _ = await asyncio.wait({task}, timeout=budget)
        except asyncio.CancelledError:
            task.cancel()
            raise
    if not done:
        task.cancel()
        task.add_done_callback(_forget)
        return unreachable(ReasonCode.NO_ANSWER, f"no result within {budget:g} s")
    error = task.exception() if not task.cancelled() else None
    if error is not None or task.cancelled():
        log.error("%s: the collector failed", schedule.device, exc_info=error)
        return unreachable(ReasonCode.AGENT_FAULT, f"{type(error).__name__}: {error}" if error else "cancelled")
    return task.result()


def _forget(task: asyncio.Task[PollResult]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.debug("a poll that was given up ended with %r", task.exception())


@dataclass(slots=True)
class _Device:
    """One device's place in time; times are the event loop's."""

    schedule: Schedule
    next_whole: float = 0.0
    next_vital: float = float("inf")
    misses: int = 0
    reachable: bool | None = None
    running: asyncio.Task[PollResult] | None = None  # may outlive its poll: see guarded_poll
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def is_running(self, task: asyncio.Task[PollResult]) -> None:
        self.running = task


class Scheduler:
    """Asks every device for as long as it runs, and hands each outcome on, in the event loop's thread."""

    def __init__(
        self, schedules: Sequence[Schedule], deliver: Callable[[Outcome], None], chance: random.Random
    ) -> None:
        self._devices = {schedule.device: _Device(schedule) for schedule in schedules}
        self._deliver = deliver
        self._chance = chance
        self._phase = chance.uniform(0, TURN_SECONDS)  # wards that got their power back together speak one by one

    async def run(self) -> None:
        """Until cancelled."""
        now = asyncio.get_running_loop().time()
        count = max(1, len(self._devices))
        for number, device in enumerate(self._devices.values()):
            device.next_whole = now + FIRST_POLLS_WITHIN_SECONDS * number / count
        async with asyncio.TaskGroup() as tasks:
            for device in self._devices.values():
                tasks.create_task(self._watch(device))

    def poll_now(self, name: str) -> bool:
        """Ask this device at once (after the poll that is under way). False for a device that is not here."""
        device = self._devices.get(name)
        if device is None:
            return False
        device.next_whole = 0.0
        device.woken.set()
        return True

    async def _watch(self, device: _Device) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._sleep_until_due(device)
            await self._until_free(device)
            poll = Poll.WHOLE if device.next_whole <= loop.time() else Poll.VITAL
            started = loop.time()
            self._plan_next(device, poll, started)
            result = await guarded_poll(device.schedule, poll, device.is_running)
            self._note(device, poll, result, loop.time())
            schedule = device.schedule
            gap = schedule.fast_interval if poll is Poll.VITAL else None
            self._hand_on(Outcome(schedule.device, poll, result, gap or schedule.interval))

    async def _sleep_until_due(self, device: _Device) -> None:
        loop = asyncio.get_running_loop()
        while (wait := min(device.next_whole, device.next_vital) - loop.time()) > 0:
            device.woken.clear()
            try:
                async with asyncio.timeout(wait):
                    await device.woken.wait()
            except TimeoutError:
                return

    async def _until_free(self, device: _Device) -> None:
        """Wait for a poll that was given up but has not ended; say again each interval that nothing answers."""
        while device.running is not None and not device.running.done():
            schedule = device.schedule
            done, _ = await asyncio.wait({device.running}, timeout=schedule.interval)
            if not done:
                result = unreachable(ReasonCode.NO_ANSWER, "an earlier poll still hangs")
                self._hand_on(Outcome(schedule.device, Poll.WHOLE, result, schedule.interval))
        device.running = None

    def _plan_next(self, device: _Device, poll: Poll, started: float) -> None:
        schedule = device.schedule
        if poll is Poll.WHOLE:
            first = device.reachable is None
            shortest = 0.5 if first else 1 - JITTER  # after the first round, spread over the whole interval
            device.next_whole = self._due(started, schedule.interval, shortest)
        if schedule.fast_interval is not None:  # a whole poll brings the vital values too
            device.next_vital = self._due(started, schedule.fast_interval, 1 - JITTER)

    def _due(self, started: float, interval: float, shortest: float) -> float:
        """A moment between `shortest` of the interval and all of it, counted from the turn in which the last poll
        began: its last turn, or after the first poll any of its turns; any moment where it has none."""
        for turn_seconds in (WHOLE_TURNS * TURN_SECONDS, TURN_SECONDS):
            most = math.floor(interval / turn_seconds)
            least = math.ceil(shortest * interval / turn_seconds)
            if least <= most:
                turns = most if shortest == 1 - JITTER else self._chance.randint(least, most)
                begun = math.floor((started - self._phase) / turn_seconds + 0.01)  # a clock rounds
                return self._phase + turn_seconds * (begun + turns)
        return started + interval * self._chance.uniform(shortest, 1.0)

    def _note(self, device: _Device, poll: Poll, result: PollResult, now: float) -> None:
        back = result.reachable and device.reachable is False
        device.reachable = result.reachable
        if result.reachable:
            device.misses = 0
            if back and poll is Poll.VITAL:
                device.next_whole = now  # what was missed meanwhile
            return
        device.misses += 1
        if device.schedule.fast_interval is None and device.misses <= ASK_AGAIN_TIMES:
            device.next_whole = min(device.next_whole, now + ASK_AGAIN_SECONDS)

    def _hand_on(self, outcome: Outcome) -> None:
        try:
            self._deliver(outcome)
        except Exception:  # one outcome that cannot be handled must not end the watch over its device
            log.exception("%s: what its poll brought could not be handled", outcome.device)
