"""When devices are asked; in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from itertools import pairwise

from edge_agent.schedule import TURN_SECONDS, WHOLE_TURNS, Outcome, Poll, Schedule, Scheduler
from telemetry.readings import PollResult, ReasonCode, unreachable
from tests.edge_agent.fakes import GOOD, FakeCollector, run_virtually, schedule

START = 1000.0  # where virtual time begins


def watch(
    schedules: list[Schedule], seconds: float, meanwhile: Callable[[Scheduler], None] | None = None, at: float = 0.0
) -> list[tuple[float, Outcome]]:
    """Run a scheduler for so long; what it delivered and when. `meanwhile` is called at `at` seconds."""
    delivered: list[tuple[float, Outcome]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        scheduler = Scheduler(schedules, lambda outcome: delivered.append((loop.time(), outcome)), random.Random(7))
        if meanwhile is not None:
            loop.call_later(at, meanwhile, scheduler)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await scheduler.run()

    run_virtually(run())
    return delivered


async def hang() -> PollResult:
    await asyncio.Event().wait()
    raise AssertionError("it hangs for ever")


async def hang_whatever_happens() -> PollResult:
    """Ignores its cancellation for an hour, as a call into a foreign library may."""
    end = asyncio.get_running_loop().time() + 3600
    while (left := end - asyncio.get_running_loop().time()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(left)
    return GOOD


async def silent() -> PollResult:
    return unreachable(ReasonCode.NO_ANSWER)


async def broken() -> PollResult:
    raise ZeroDivisionError("a defect of the collector")


def gaps(times: list[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_every_device_is_asked_within_two_seconds_of_the_start_but_not_all_at_once() -> None:
    collectors = [FakeCollector() for _ in range(40)]
    watch([schedule(f"d{number}", each, interval=300) for number, each in enumerate(collectors)], 3)
    first = [each.polls[0] - START for each in collectors]
    assert max(first) <= 2.0
    assert len({round(moment, 3) for moment in first}) == 40


def test_an_interval_is_never_exceeded_and_never_much_shorter() -> None:
    collector = FakeCollector()
    watch([schedule("d", collector, interval=30)], 3600)
    later = gaps(collector.polls)[1:]
    assert all(27 <= gap <= 30.001 for gap in later)
    assert len(collector.polls) >= 120


def test_what_is_due_begins_together_and_so_needs_few_commits() -> None:
    ups = [FakeCollector(has_vital=True) for _ in range(5)]
    others = [FakeCollector() for _ in range(30)]
    schedules = [schedule(f"ups-{number}", each, interval=30, fast=3) for number, each in enumerate(ups)]
    schedules += [schedule(f"d{number}", each, interval=60 if number % 2 else 30) for number, each in enumerate(others)]
    delivered = watch(schedules, 600)
    moments = {round(at, 1) for at, _ in delivered if at > START + 60}
    assert len(moments) == len(range(int(540 / TURN_SECONDS)))
    whole = {round(at, 1) for at, outcome in delivered if at > START + 60 and outcome.poll is Poll.WHOLE}
    assert len(whole) <= len(moments) / WHOLE_TURNS + 1
    busiest = max(sum(1 for at, _ in delivered if round(at, 1) == moment) for moment in moments)
    assert busiest < len(schedules) / 2  # not everything at once


def test_an_interval_that_no_turn_fits_has_moments_of_its_own() -> None:
    collectors = [FakeCollector() for _ in range(5)]
    watch([schedule(f"d{number}", each, interval=5) for number, each in enumerate(collectors)], 300)
    later = [gap for each in collectors for gap in gaps(each.polls)[1:]]
    assert all(4.5 <= gap <= 5.001 for gap in later)
    assert max(later) - min(later) > 0.3  # there is jitter


def test_wards_that_start_together_do_not_speak_together() -> None:
    moments = set()
    for number in range(5):
        collector = FakeCollector()

        async def run(collector: FakeCollector = collector, number: int = number) -> None:
            scheduler = Scheduler([schedule("d", collector, interval=30)], lambda outcome: None, random.Random(number))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(100):
                    await scheduler.run()

        run_virtually(run())
        moments.add(round((collector.polls[-1] - START) % TURN_SECONDS, 1))
    assert len(moments) > 2


def test_vital_values_are_asked_every_few_seconds_between_whole_polls() -> None:
    collector = FakeCollector(has_vital=True)
    delivered = watch([schedule("ups", collector, interval=30, fast=3)], 300)
    both = sorted(collector.polls + collector.vital_polls)
    assert all(gap <= 3.001 for gap in gaps(both))
    assert all(gap >= 2.6 for gap in gaps(collector.vital_polls))
    assert len(collector.polls) == len([1 for _, outcome in delivered if outcome.poll is Poll.WHOLE])
    assert {outcome.gap for _, outcome in delivered} == {30, 3}


def test_a_device_that_hangs_delays_nobody() -> None:
    stuck, lively = FakeCollector(hang), FakeCollector()
    delivered = watch([schedule("stuck", stuck, interval=10), schedule("lively", lively, interval=10)], 120)
    assert all(gap <= 10.001 for gap in gaps(lively.polls))
    results = [outcome.result for _, outcome in delivered if outcome.device == "stuck"]
    assert results
    assert all(result.reason and result.reason.code is ReasonCode.NO_ANSWER for result in results)


def test_a_poll_over_its_budget_is_cancelled_and_the_device_is_asked_again() -> None:
    stuck = FakeCollector(hang)
    delivered = watch([schedule("stuck", stuck, interval=60, timeout=5)], 200)
    assert delivered[0][0] - stuck.polls[0] == 15  # three time-outs, at most the interval
    assert len(stuck.polls) >= 3
    assert stuck.most_at_once == 1


def test_a_collector_that_ignores_its_cancellation_is_never_asked_twice_at_once_and_still_told_of() -> None:
    stuck = FakeCollector(hang_whatever_happens)
    delivered = watch([schedule("stuck", stuck, interval=10)], 600)
    assert len(stuck.polls) == 1
    assert len(delivered) >= 50
    assert not any(outcome.result.reachable for _, outcome in delivered)


def test_whole_vital_and_asked_for_polls_never_overlap() -> None:
    async def slow() -> PollResult:
        await asyncio.sleep(4)
        return GOOD

    collector = FakeCollector(slow, has_vital=True)
    watch([schedule("ups", collector, interval=6, fast=1)], 120, lambda scheduler: scheduler.poll_now("ups"), at=2.5)
    assert collector.most_at_once == 1
    assert collector.polls
    assert collector.vital_polls


def test_poll_now_asks_at_once_and_refuses_an_unknown_device() -> None:
    collector = FakeCollector()
    answers: list[bool] = []

    def ask(scheduler: Scheduler) -> None:
        answers.extend((scheduler.poll_now("d"), scheduler.poll_now("nobody")))

    watch([schedule("d", collector, interval=300)], 60, ask, at=50)
    assert answers == [True, False]
    assert collector.polls[-1] == START + 50


def test_after_a_miss_it_is_soon_asked_again_but_not_for_ever() -> None:
    collector = FakeCollector(silent)
    watch([schedule("d", collector, interval=60)], 600)
    quick = [gap for gap in gaps(collector.polls) if gap < 5]
    assert len(quick) == 3
    assert all(gap > 25 for gap in gaps(collector.polls)[3:])


def test_a_ups_that_answers_again_is_asked_for_everything_at_once() -> None:
    answers = [GOOD, *[unreachable(ReasonCode.NO_ANSWER)] * 3]

    async def back_after_three() -> PollResult:
        return answers.pop(0) if answers else GOOD

    collector = FakeCollector(back_after_three, has_vital=True)
    watch([schedule("ups", collector, interval=600, fast=3)], 60)
    assert len(collector.polls) == 2
    assert collector.polls[1] - collector.vital_polls[3] < 0.001


def test_a_defect_in_a_collector_is_told_and_does_not_end_the_watch() -> None:
    collector = FakeCollector(broken)
    delivered = watch([schedule("d", collector, interval=10)], 100)
    assert len(delivered) > 5
    reasons = {outcome.result.reason.code for _, outcome in delivered if outcome.result.reason}
    assert reasons == {ReasonCode.AGENT_FAULT}


def test_a_fault_of_whoever_takes_the_outcome_does_not_end_the_watch() -> None:
    collector = FakeCollector()

    async def run() -> None:
        scheduler = Scheduler([schedule("d", collector, interval=10)], lambda outcome: 1 // 0, random.Random(7))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(100):
                await scheduler.run()

    run_virtually(run())
    assert len(collector.polls) >= 10
