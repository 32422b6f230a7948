"""One run: build, break on schedule, let it catch up, stop, judge, and take everything down again."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from pathlib import Path

from chaos import plan
from chaos.catch_up import CatchUp, Heads, has_all
from chaos.district import VICTORIA, Held
from chaos.faults.line import LONG_CUT
from chaos.faults.registry import FAULTS, KINDS
from chaos.judge import Left, judge
from chaos.kernel import call_inside
from chaos.plan import DISTRICT, Fault
from chaos.report import Happened, Report
from chaos.ward import Ward
from chaos.witness import Witness
from chaos.world import World
from journal.model import JournalError
from journal.verify import read_counts
from telemetry.intervals import IntervalSet

LONG_CUT_EVERY_SECONDS = 240.0  # of each ward with a small journal, about
_TICK_SECONDS = 0.05
_LOOK_SECONDS = 0.5
_TELL_SECONDS = 5.0
_START_SECONDS = 120.0
_SETTLE_SECONDS = 180.0
_LAST_WORDS_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    wards: int
    minutes: float
    seed: int
    store: str
    keep: Path | None = None  # a folder that is made, for what is left: logs, journals, stores
    small: int = 0  # how many wards have a small journal, and long cuts in which it overflows


def run(options: Options) -> Report:
    """Raises CommandError, NotThereError, OSError where the world cannot be built or broken as planned."""
    chance = random.Random(options.seed)
    names = [f"ward-{number}" for number in range(1, options.wards + 1)]
    kinds = [kind for kind in FAULTS.values() if options.store == VICTORIA or not kind.needs_victoria]
    small = names[: options.small]
    seconds = options.minutes * 60
    long_cuts = plan.long_ones(LONG_CUT.planned(small), LONG_CUT_EVERY_SECONDS, seconds, chance)
    schedule = plan.make([kind.planned(names) for kind in kinds], seconds, chance, long_cuts)
    remembers = chance.random() < 0.5
    started = datetime.now(UTC).isoformat(timespec="seconds")
    report = Report(options.seed, options.store, options.wards, options.minutes, started, remembers, len(small))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wardwatch-chaos-", ignore_cleanup_errors=True) as folder:
        world = World.build(Path(folder), names, small, options.store, broker_remembers=remembers, tell=tell)
        try:
            _Run(world, schedule, report).to_the_end()
        except BaseException:
            _leave_logs(world)
            raise
        finally:
            if options.keep is not None:
                shutil.copytree(folder, options.keep, ignore=shutil.ignore_patterns("image*", "lost+found"))
            world.close()
    report.seconds = round(time.monotonic() - began, 1)
    return report


def tell(words: str) -> None:
    """Progress, for people."""
    sys.stderr.write(f"chaos: {words}\n")
    sys.stderr.flush()


class _Run:
    """The part of a run in which everything is there."""

    def __init__(self, world: World, schedule: list[Fault], report: Report) -> None:
        self._world, self._report = world, report
        self._catch_up = CatchUp(world.wards)
        self._witnesses = {ward.id: Witness(ward.journal) for ward in world.wards.values()}
        self._look_at = self._tell_at = 0.0
        self._due: list[tuple[float, int, Fault, bool]] = []  # seconds, number, fault, whether it begins
        for number, fault in enumerate(schedule):
            heappush(self._due, (fault.at, number, fault, True))
        self._zero = time.monotonic()  # of the start until then; then of the first fault

    def to_the_end(self) -> None:
        world, report = self._world, self._report
        for ward in world.wards.values():
            ward.start()
        self._until(self._everybody_was_heard, _START_SECONDS, "not every ward was heard")
        self._zero = time.monotonic()
        tell(f"{len(self._due)} faults from now on")
        while self._due and not report.unfinished:
            self._act()
            self._mind()
        self._until(self._nothing_waits, _SETTLE_SECONDS, "not everything was caught up")
        self._until(self._everybody_began, _START_SECONDS, "not every agent began anew")
        self._stop_agents()
        self._until(self._all_is_held, _LAST_WORDS_SECONDS, "not all last words arrived")
        report.restarts, report.messages_said_again = world.restarts, world.meddler.said_again
        report.catch_ups, report.max_catch_up_seconds = self._catch_up.measured, round(self._catch_up.longest, 1)
        world.devices.close()
        world.district.stop()
        tell("comparing")
        wards = [
            Left(ward.id, self._witnesses[ward.id], ward.lives, ward.full, ward.max_bytes)
            for ward in world.wards.values()
        ]
        config = world.district.config
        report.take(call_inside(world.district.namespace, lambda: judge(wards, config, world.served)))

    # ---- faults -------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        now = time.monotonic() - self._zero
        while self._due and self._due[0][0] <= now:
            _, number, fault, begins = heappop(self._due)
            kind = KINDS[fault.name]
            if not begins:
                kind.end(self._world, fault)
                self._clear(fault, severed=kind.severs)
                continue
            tell(f"{now:6.1f} s  {fault.name} {fault.target}, {fault.seconds:.0f} s")
            self._report.faults.append(Happened(round(now, 2), fault.name, fault.target, fault.seconds))
            if kind.severs:
                for ward in self._severed(fault):
                    self._catch_up.block(ward)
            self._witness()  # what was durable just before a cut counts, too
            kind.begin(self._world, fault)
            heappush(self._due, (fault.end, number, fault, False))

    def _clear(self, fault: Fault, *, severed: bool) -> None:
        if severed:
            for ward in self._severed(fault):
                self._catch_up.clear(ward, time.monotonic())

    def _severed(self, fault: Fault) -> list[str]:
        return list(self._world.wards) if fault.target == DISTRICT else [fault.target]

    # ---- between faults -----------------------------------------------------------------------------------------

    def _mind(self) -> None:
        """Keep what should run running, see who has caught up, say how things are."""
        time.sleep(_TICK_SECONDS)
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        world = self._world
        world.supervise()
        self._witness()
        telling = now >= self._tell_at
        waiting = self._catch_up.waiting()
        if not (waiting or telling):
            return
        settled = world.district.settled()
        for ward in waiting:
            self._catch_up.look(ward, _heads(world.wards[ward]), _of(settled, ward), time.monotonic())
        if telling:
            self._tell_at = now + _TELL_SECONDS
            journaled = {name: sum(_heads(ward).values()) for name, ward in world.wards.items()}
            committed = sum(map(len, world.district.held().values()))
            behind = ", ".join(waiting)
            tell(
                f"{now - self._zero:6.1f} s  {sum(journaled.values())} entries journaled, {committed} committed"
                + (f"; catching up: {behind}" if behind else "")
            )

    def _witness(self) -> None:
        for witness in self._witnesses.values():
            with suppress(JournalError):  # its disk is out
                witness.look()

    def _until(self, done: Callable[[], bool], seconds: float, otherwise: str) -> None:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                self._report.unfinished = self._report.unfinished or f"{otherwise} within {seconds:.0f} s"
                return
            self._mind()

    def _everybody_was_heard(self) -> bool:
        wards = {ward for ward, _ in self._world.district.held()}
        return wards == set(self._world.wards)

    def _everybody_began(self) -> bool:
        """An agent that is told to stop before it began has no last word to say."""
        return all(self._witnesses[ward.id].began_us >= ward.lives[-1].start_us for ward in self._world.wards.values())

    def _nothing_waits(self) -> bool:
        return not self._catch_up.waiting() and self._all_is_held(0.99)

    def _all_is_held(self, share: float = 1.0) -> bool:
        """`share` below 1: agents go on writing, so the newest seconds may be under way."""
        settled = self._world.district.settled()
        for ward in self._world.wards.values():
            heads = _heads(ward)
            if share < 1.0:
                heads = {name: max(0, head - 20) for name, head in heads.items()}
            if not has_all(heads, _of(settled, ward.id)):
                return False
        return True

    def _stop_agents(self) -> None:
        tell("stopping the agents")
        for ward in self._world.wards:
            self._world.hold_down("agent", ward)
        with ThreadPoolExecutor(len(self._world.wards)) as pool:
            list(pool.map(Ward.stop, self._world.wards.values()))


def _heads(ward: Ward) -> Heads:
    """What is durable in a ward now; nothing where its disk is out."""
    with suppress(JournalError):
        return {held.incarnation: held.last_position for held in read_counts(ward.journal).held}
    return {}


def _of(held: Held, ward: str) -> dict[bytes, IntervalSet]:
    return {name: positions for (whose, name), positions in held.items() if whose == ward}


def _leave_logs(world: World) -> None:
    """Where a run was broken off, the last lines of each program tell why."""
    for program in (*world.district.programs, *(ward.agent for ward in world.wards.values())):
        with suppress(OSError):
            tell(f"---- {program.name}\n{program.last_words(5)}")
