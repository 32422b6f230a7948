"""A district out of one store into an archive, and from there into another store; each step can be done again.

The hub must have ended: a store is open in one process. What is brought in is read back and compared, by number and
hash of each series, with what the archive holds (in the form in which that store keeps numbers).
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from store.archive import Archive, ArchivedSeries, Digest, Stretch
from store.base import Commit, Sample, SeriesKey, StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.merge import merge
from store.embedded.summaries import with_late
from store.victoria.kept import kept_time, kept_value
from telemetry.clock import Clock
from telemetry.intervals import IntervalSet

_DAY_US = 86_400_000_000
_WINDOW_DAYS, _WINDOWS = 30, 15
_ENDS = (-(1 << 63), (1 << 63) - 1)
_POSITIONS = 20_000  # with their events in one commit
_SAMPLES = 20_000  # in one commit
_TELL_SECONDS = 2.0


@dataclass(slots=True)
class Moved:
    """How far it is, and at the end what was done. `skipped`: series that were there already, from an earlier time."""

    series: int = 0
    series_of: int = 0
    skipped: int = 0
    samples: int = 0
    events: int = 0
    wards: int = 0


Tell = Callable[[Moved], None]


def export(store: EmbeddedStore, archive: Archive, clock: Clock, tell: Tell) -> Moved:
    """Everything of the store into the archive. Raises StoreError; done again it goes on."""
    moved = _Progress(tell)
    store.pack()  # what came late for a summary is in it now
    wards = store.wards()
    newest = {ward: store.latest(ward) for ward in wards}
    moved.so_far.series_of = sum(map(len, newest.values()))
    done = archive.wards()
    for ward in wards:
        archive.begin(ward, store.counts(ward))
        for each in newest[ward]:
            if archive.has(each.key):
                moved.so_far.skipped += 1
            else:
                moved.so_far.samples += archive.put_series(
                    each.key, each.kind, _windows(store, each.key, clock.wall_us()), store.summarised(each.key)
                )
            moved.one_more()
        if not done.get(ward):
            held = {incarnation: store.positions(ward, incarnation) for incarnation in store.incarnations(ward)}
            events = store.events(ward, start_us=_ENDS[0])
            archive.put_events(ward, held, events)
            moved.so_far.events += len(events)
        moved.so_far.wards += 1
    return moved.so_far


def import_(archive: Archive, store: EmbeddedStore, clock: Clock, tell: Tell, *, rounded: bool) -> Moved:
    """Everything of the archive into the store. `rounded`: the store keeps numbers as VictoriaMetrics does. Raises
    StoreError, also where what is there afterwards is not the archive's; done again it goes on."""
    moved = _Progress(tell)
    wards, series = archive.wards(), archive.series()
    unfinished = [ward for ward, done in wards.items() if not done]
    if unfinished:
        raise StoreError(f"the export of {', '.join(unfinished)} was not finished: do it again first")
    moved.so_far.series_of = len(series)
    for each in series:
        wanted = _Wanted(archive, each, rounded=rounded)
        if wanted.is_there(store, clock):
            moved.so_far.skipped += 1
        elif any(map(store.incarnations, store.wards())):
            # Positions come last, so these are of a life of its own: nearly the same samples would be there twice.
            raise StoreError(f"the store has other entries than {archive.path}", StoreFault.NOT_EMPTY)
        else:
            moved.so_far.samples += wanted.bring(store, clock)
        moved.one_more()
    store.pack()
    for each in series:
        if not _Wanted(archive, each, rounded=rounded).is_there(store, clock):
            raise StoreError(f"{each.key} is not in the store as it is in {archive.path}", StoreFault.DAMAGED)
    # Last, so that positions are held only when their samples are there.
    for ward in wards:
        _bring_events(archive, store, ward, moved.so_far)
        moved.so_far.wards += 1
    return moved.so_far


class _Progress:
    def __init__(self, tell: Tell) -> None:
        self.so_far = Moved()
        self._tell, self._next = tell, time.monotonic() + _TELL_SECONDS

    def one_more(self) -> None:
        self.so_far.series += 1
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELL_SECONDS
            self._tell(self.so_far)


def _windows(store: EmbeddedStore, key: SeriesKey, now_us: int) -> Iterator[Stretch]:
    """All of a series, a month at a time, so that memory holds no more than that."""
    first_us = now_us - (_WINDOWS - 1) * _WINDOW_DAYS * _DAY_US
    cuts = [_ENDS[0], *(first_us + n * _WINDOW_DAYS * _DAY_US for n in range(_WINDOWS + 1)), _ENDS[1]]
    for start_us, end_us in pairwise(cuts):
        found = store.samples(key, start_us, end_us)
        if found.times_us:
            yield found.times_us, found.values


def _digest(stretches: Iterable[Stretch]) -> Digest:
    digest = Digest()
    for times_us, values in stretches:
        digest.add(times_us, values)
    return digest


def _kept(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """As VictoriaMetrics gives them back; of one millisecond the greatest, as of one time."""
    last: tuple[int, float] | None = None
    for times_us, values in stretches:
        given = zip(map(kept_time, times_us), map(kept_value, values), strict=True)
        pairs = [*([last] if last else []), *given]
        times, kept = merge((), (), (time_us for time_us, _ in pairs), (value for _, value in pairs))
        last = (times[-1], kept[-1])  # the next stretch may begin in the same millisecond
        yield times[:-1], kept[:-1]
    if last:
        yield [last[0]], [last[1]]


class _Wanted:
    """What a store should hold of a series afterwards.

    Samples of a time that is summarised came while the district was on VictoriaMetrics, which keeps them beside the
    summaries. The embedded store has either: there they are in the summaries, as if they had come to it."""

    def __init__(self, archive: Archive, series: ArchivedSeries, *, rounded: bool) -> None:
        self._archive, self._series = archive, series
        archived = archive.summarised(series)
        self._from_us = _ENDS[0] if archived is None or rounded else archived.borders.full_from
        self._digest = _digest(_kept(self._stretches()) if rounded else self._stretches())
        late = [] if archived is None or rounded else _before(archive.stretches(series), self._from_us)
        self._summarised = archived and with_late(archived, late)

    def is_there(self, store: EmbeddedStore, clock: Clock) -> bool:
        return self._is_summarised(store) and self._is_in_full(store, clock)

    def bring(self, store: EmbeddedStore, clock: Clock) -> int:
        """What is not there yet; how many samples."""
        brought = 0
        if self._summarised is not None and store.summarised(self._series.key) is None:
            store.adopt(self._series.key, self._series.kind, self._summarised)
            brought += self._summarised.samples
        if not self._is_in_full(store, clock):
            brought += self._bring_in_full(store)
        return brought

    def _is_summarised(self, store: EmbeddedStore) -> bool:
        return store.summarised(self._series.key) == self._summarised

    def _is_in_full(self, store: EmbeddedStore, clock: Clock) -> bool:
        found = _digest(_windows(store, self._series.key, clock.wall_us()))
        return (found.count, found.sha256) == (self._digest.count, self._digest.sha256)

    def _bring_in_full(self, store: EmbeddedStore) -> int:
        ward, device, metric, instance = self._series.key
        brought = 0
        for times_us, values in self._stretches():
            for at in range(0, len(times_us), _SAMPLES):
                pairs = zip(times_us[at : at + _SAMPLES], values[at : at + _SAMPLES], strict=True)
                samples = [Sample(ward, device, self._series.kind, metric, instance, *pair) for pair in pairs]
                store.commit([Commit(ward, b"", IntervalSet(), samples)])
                brought += len(samples)
        return brought

    def _stretches(self) -> Iterator[Stretch]:
        for times_us, values in self._archive.stretches(self._series):
            first = bisect_left(times_us, self._from_us)
            if first < len(times_us):
                yield times_us[first:], values[first:]


def _before(stretches: Iterable[Stretch], border_us: int) -> Iterator[Stretch]:
    for times_us, values in stretches:
        end = bisect_left(times_us, border_us)
        if not end:
            return
        yield times_us[:end], values[:end]


def _bring_events(archive: Archive, store: EmbeddedStore, ward: str, moved: Moved) -> None:
    for incarnation, positions in archive.positions(ward).items():
        held = store.positions(ward, incarnation)
        for first, last in positions:
            for start in range(first, last + 1, _POSITIONS):
                for gap in held.missing(start, min(start + _POSITIONS - 1, last)):
                    events = archive.events(ward, incarnation, *gap)
                    store.commit([Commit(ward, incarnation, IntervalSet([gap]), (), events)])
                    moved.events += len(events)
    found, wanted = len(store.events(ward, start_us=_ENDS[0])), archive.event_count(ward)
    if found < wanted:
        raise StoreError(f"{ward} has {found} events, {wanted} in {archive.path}", StoreFault.DAMAGED)
