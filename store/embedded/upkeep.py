"""What is done to a store now and then: old samples summarised, what is beyond its retention let go of.

All of it goes in steps of some tens of milliseconds; between two, commits take their turn.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from store.base import Pruned
from store.embedded.database import transaction
from store.embedded.downsampling import reaches, wanted_borders
from store.embedded.downsampling import step as summarise
from store.embedded.events import clamp
from store.embedded.packing import Packer
from store.embedded.pruning import SERIES_PER_STEP, prune_events, prune_series
from store.embedded.settings import EmbeddedSettings
from store.embedded.state import SeriesState, State
from store.embedded.summaries import DAY_US, Borders

Wanted = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Pen:
    """What a writer of the store needs: `writing` is its turn, within which `publishing` shows memory's change."""

    connection: sqlite3.Connection
    path: Path
    state: State
    packer: Packer
    writing: Callable[[], AbstractContextManager[None]]
    publishing: Callable[[], AbstractContextManager[None]]


class Upkeep:
    """`all_here`: the file has all samples, none are kept elsewhere. Methods raise StoreError."""

    def __init__(self, pen: Pen, settings: EmbeddedSettings, *, all_here: bool) -> None:
        self._pen = pen
        self._settings = settings
        self._all_here = all_here

    def run(self, now_us: int, wanted: Wanted) -> Pruned:
        """Do what is due at `now_us`, until all is done or `wanted` says no. The tail should be packed."""
        settings = self._settings
        samples = self._prune_samples(clamp(now_us - round(settings.samples_days * DAY_US)), wanted)
        summarised = 0
        if self._all_here:
            summarised = self._summarise(wanted_borders(now_us, settings.full_days, settings.minutes_days), wanted)
        events = self._prune_events(clamp(now_us - round(settings.events_days * DAY_US)), wanted)
        return Pruned(samples, events, summarised)

    def _series(self) -> list[SeriesState]:
        with self._pen.writing():
            return list(self._pen.state.series.values())

    def _turns(self, wanted: Wanted) -> Iterator[None]:
        """Each turn is followed by a rest as long as it took: a lock let go of is not a turn given to others."""
        while wanted():
            before = time.monotonic()
            yield
            time.sleep(self._settings.step_rest * min(time.monotonic() - before, 0.1))

    def _summarise(self, wanted_to: Borders, wanted: Wanted) -> int:
        waiting = [each for each in self._series() if not reaches(each.borders, wanted_to)]
        samples = 0
        for _ in self._turns(wanted):
            if not waiting:
                break
            turn, waiting = waiting[:SERIES_PER_STEP], waiting[SERIES_PER_STEP:]
            with self._pen.writing():
                turn = [each for each in turn if self._pen.state.series.get(each.id) is each]
                with transaction(self._pen.connection, self._pen.path):
                    advanced = summarise(
                        self._pen.connection, turn, wanted_to, self._settings.step_seconds, self._settings.chunk_samples
                    )
                with self._pen.publishing():
                    for each in advanced:
                        each.series.borders = each.borders
            samples += sum(each.samples for each in advanced)
            waiting = [each for each in turn if not reaches(each.borders, wanted_to)] + waiting
        return samples

    def _prune_samples(self, cutoff_us: int, wanted: Wanted) -> int:
        waiting = self._series()
        samples = at = 0
        for _ in self._turns(wanted):
            with self._pen.writing():
                known = self._pen.state.series
                turn = [each for each in waiting[at : at + SERIES_PER_STEP] if each.id in known]
                with transaction(self._pen.connection, self._pen.path):
                    pruned = prune_series(self._pen.connection, turn, cutoff_us, all_here=self._all_here)
                with self._pen.publishing():
                    for each in pruned:
                        samples += each.samples
                        if each.all:
                            self._forget(each.series)
            at += SERIES_PER_STEP
            if at >= len(waiting):
                break
        return samples

    def _forget(self, series: SeriesState) -> None:
        self._pen.state.wards[series.key.ward].remove(series)
        del self._pen.state.series[series.id]
        self._pen.packer.forget(series)

    def _prune_events(self, cutoff_us: int, wanted: Wanted) -> int:
        with self._pen.writing():
            wards = [ward.id for ward in self._pen.state.wards.values()]
        events = 0
        for _ in self._turns(wanted):
            if not wards:
                break
            with self._pen.writing(), transaction(self._pen.connection, self._pen.path):
                gone = prune_events(self._pen.connection, wards[-1], cutoff_us, self._settings.step_events)
            events += gone
            if not gone:
                wards.pop()
        return events
