"""A laser printer: jobs come as people work, pages take toner and paper, paper jams, staff come and help."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import Enum

from simulator.model.machine import Machine, Plate
from simulator.model.workday import activity

TONER_LOW = 0.10
PAPER_LOW = 0.10
ORDINARY_COVERAGE = 0.05  # a page of text; cartridge yields are stated for it (ISO/IEC 19752)


class PrinterState(Enum):
    """What its display says."""

    IDLE = "idle"
    PRINTING = "printing"
    WARMING_UP = "warming_up"
    STOPPED = "stopped"


@dataclass(slots=True)
class Toner:
    """One cartridge. `left` is 0..1; `yield_pages` at 5 % coverage."""

    colour: str
    yield_pages: int
    left: float


@dataclass(slots=True)
class Tray:
    """One paper tray, in sheets. A manual tray is not refilled by anybody's routine."""

    name: str
    capacity: int
    sheets: int


@dataclass(frozen=True, slots=True)
class Duty:
    """How it is used and looked after. Nobody comes where the seconds are None."""

    jobs_per_busy_hour: float
    pages_per_job: float
    colour_share: float = 0.0
    refill_after_seconds: float | None = 600.0
    replace_after_seconds: float | None = 1800.0


@dataclass(frozen=True, slots=True)
class Engine:
    """How fast it prints and what it draws. Watts."""

    seconds_per_page: float
    sleep_watts: float = 9.0
    print_watts: float = 420.0
    boot_seconds: float = 12.0


@dataclass(slots=True)
class _Queue:
    pages: int = 0
    colour: bool = False
    page_left: float = 0.0
    next_job: float = 0.0


@dataclass(slots=True)
class _Waiting:
    """Since when staff could have seen that something is missing."""

    paper: float = 0.0
    toner: dict[str, float] = field(default_factory=dict)


class Printer(Machine):
    """Driven by events (a job arrives, a page comes out), so that its day does not depend on the step's size."""

    def __init__(
        self, plate: Plate, engine: Engine, duty: Duty, toners: list[Toner], trays: list[Tray], chance: random.Random
    ) -> None:
        super().__init__(plate, idle_watts=engine.sleep_watts, boot_seconds=engine.boot_seconds)
        self.engine, self.duty, self.toners, self.trays = engine, duty, toners, trays
        self.jammed = False  # fault printer-jam
        self.door_open = False  # fault printer-door-open
        self.no_paper_left = False  # fault printer-out-of-paper: nobody brings any
        self.pages_total = 0
        self.pages_since_power_on = 0
        self.drum_left = 0.71
        self.replacements = 0
        self._chance = chance
        self._queue = _Queue(next_job=self._gap())
        self._waiting = _Waiting()

    @property
    def state(self) -> PrinterState:
        if not self.running:
            return PrinterState.WARMING_UP
        if self.jammed or self.door_open or self.out_of_paper or self.toner_empty:
            return PrinterState.STOPPED
        return PrinterState.PRINTING if self._queue.pages else PrinterState.IDLE

    @property
    def out_of_paper(self) -> bool:
        return all(tray.sheets == 0 for tray in self.trays)

    @property
    def paper_low(self) -> bool:
        return any(tray.sheets < PAPER_LOW * tray.capacity for tray in self.trays)

    @property
    def toner_low(self) -> bool:
        return any(toner.left < TONER_LOW for toner in self.toners)

    @property
    def toner_empty(self) -> bool:
        return any(toner.left <= 0.0 for toner in self.toners)

    @property
    def draw_watts(self) -> float:
        if not self.link:
            return 0.0
        return self.engine.print_watts if self.state is PrinterState.PRINTING else self.engine.sleep_watts

    def set_power(self, on: bool) -> None:
        if on and not self.powered:
            self.pages_since_power_on = 0
        super().set_power(on)

    def replace_toner(self, colour: str) -> None:
        """A fresh cartridge. Raises KeyError for a colour that it has not."""
        {toner.colour: toner for toner in self.toners}[colour].left = 1.0
        self.replacements += 1

    def refill(self) -> None:
        """Paper in every tray."""
        for tray in self.trays:
            tray.sheets = tray.capacity

    def set_no_paper_left(self, none: bool) -> None:
        """The last sheet is gone and so is the cupboard's; or somebody brings paper."""
        self.no_paper_left = none
        if not none:
            self.refill()
        for tray in self.trays if none else []:
            tray.sheets = 0

    def set_toner_low(self, low: bool) -> None:
        """A cartridge is nearly empty; or all that are get replaced."""
        if low:
            self.toners[0].left = min(self.toners[0].left, 0.6 * TONER_LOW)
            return
        for toner in self.toners:
            if toner.left < TONER_LOW:
                self.replace_toner(toner.colour)

    def work(self, seconds: float, moment: float) -> None:
        self._staff(seconds)
        while seconds > 0.0:
            printing = self.state is PrinterState.PRINTING
            step = min(seconds, self._queue.next_job, self._queue.page_left if printing else seconds)
            seconds -= step
            moment += step
            self._queue.next_job -= step
            if printing:
                self._queue.page_left -= step
                if self._queue.page_left <= 0.0:
                    self._page_out()
            if self._queue.next_job <= 0.0:
                self._job_arrives(moment)

    def _gap(self) -> float:
        return self._chance.expovariate(self.duty.jobs_per_busy_hour / 3600.0)

    def _job_arrives(self, moment: float) -> None:
        self._queue.next_job = self._gap()
        # Thinning: arrivals at the busy hour's rate, of which the quiet hours keep their share.
        if self._chance.random() >= activity(moment):
            return
        if not self._queue.pages:
            self._queue.page_left = self.engine.seconds_per_page
            self._queue.colour = self._chance.random() < self.duty.colour_share
        self._queue.pages += 1 + int(self._chance.expovariate(1.0 / max(0.1, self.duty.pages_per_job - 1.0)))

    def _page_out(self) -> None:
        self._queue.pages -= 1
        self._queue.page_left = self.engine.seconds_per_page
        self.pages_total += 1
        self.pages_since_power_on += 1
        self.drum_left = max(0.0, self.drum_left - 1.0 / 60000)
        next(tray for tray in self.trays if tray.sheets).sheets -= 1
        for toner in self.toners:
            if toner.colour == "black" or self._queue.colour:
                coverage = min(0.5, self._chance.lognormvariate(0.0, 0.5) * ORDINARY_COVERAGE)
                toner.left = max(0.0, toner.left - coverage / ORDINARY_COVERAGE / toner.yield_pages)

    def _staff(self, seconds: float) -> None:
        self._waiting.paper = self._waiting.paper + seconds if self.out_of_paper and not self.no_paper_left else 0.0
        if self.duty.refill_after_seconds is not None and self._waiting.paper >= self.duty.refill_after_seconds:
            self.refill()
        for toner in self.toners:
            waited = self._waiting.toner.get(toner.colour, 0.0) + seconds if toner.left <= 0.0 else 0.0
            self._waiting.toner[toner.colour] = waited
            if self.duty.replace_after_seconds is not None and waited >= self.duty.replace_after_seconds:
                self.replace_toner(toner.colour)
