"""A network scanner with a sheet feeder: people bring stacks of papers, now and then."""

from __future__ import annotations

import random

from simulator.model.machine import Machine, Plate
from simulator.model.workday import activity

_STACKS_PER_BUSY_HOUR = 9.0
_PAGES_PER_STACK = 6.0
_SECONDS_PER_PAGE = 1.5


class Scanner(Machine):
    """Pages that wait in its feeder are scanned one after the other, unless one is stuck."""

    def __init__(self, plate: Plate, chance: random.Random) -> None:
        super().__init__(plate, idle_watts=4.0, boot_seconds=15.0)
        self.jammed = False  # fault scanner-jam
        self.scans_total = 8_412
        self.waiting = 0
        self.stacks = 0  # how many were put into the feeder
        self.stack_done = 0  # pages of the present or the last stack
        self._chance = chance
        self._next_stack = self._gap()
        self._page_left = _SECONDS_PER_PAGE

    @property
    def busy(self) -> bool:
        return self.running and self.waiting > 0 and not self.jammed

    @property
    def draw_watts(self) -> float:
        return 0.0 if not self.link else 22.0 if self.busy else self.idle_watts

    def work(self, seconds: float, moment: float) -> None:
        while seconds > 0.0:
            step = min(seconds, self._next_stack, self._page_left if self.busy else seconds)
            seconds -= step
            moment += step
            self._next_stack -= step
            if self.busy:
                self._page_left -= step
                if self._page_left <= 0.0:
                    self._page_left = _SECONDS_PER_PAGE
                    self.waiting -= 1
                    self.scans_total += 1
                    self.stack_done += 1
            if self._next_stack <= 0.0:
                self._next_stack = self._gap()
                if self._chance.random() < activity(moment) and not self.jammed:
                    if not self.waiting:
                        self.stacks, self.stack_done = self.stacks + 1, 0
                    self.waiting += 1 + int(self._chance.expovariate(1.0 / _PAGES_PER_STACK))

    def _gap(self) -> float:
        return self._chance.expovariate(_STACKS_PER_BUSY_HOUR / 3600.0)
