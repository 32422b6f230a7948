"""A district out of one store into an archive, and from there into another store; each step can be done again.

The hub must have ended: a store is open in one process. What is brought in is read back and compared, by number and
hash of each series, with what the archive holds (in the form in which that store keeps numbers).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from store.archive import Archive, ArchivedSeries, Digest, Stretch
from store.base import Commit, Sample, SeriesKey, StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.merge import merge
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
        wanted = _digest(_kept(archive.stretches(each)) if rounded else archive.stretches(each))
        summarised = archive.summarised(each)
        if summarised is not None and store.summarised(each.key) is None:
            store.adopt(each.key, each.kind, summarised)
            moved.so_far.samples += summarised.samples
        if _is_there(store, each, wanted, clock):
            moved.so_far.skipped += 1
        else:
            moved.so_far.samples += _bring(archive, store, each)
        moved.one_more()
    store.pack()
    for each in series:
        wanted = _digest(_kept(archive.stretches(each)) if rounded else archive.stretches(each))
        same = store.summarised(each.key) == archive.summarised(each)
        if not same or not _is_there(store, each, wanted, clock):
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


def _is_there(store: EmbeddedStore, series: ArchivedSeries, wanted: Digest, clock: Clock) -> bool:
    found = _digest(_windows(store, series.key, clock.wall_us()))
    return (found.count, found.sha256) == (wanted.count, wanted.sha256)


def _bring(archive: Archive, store: EmbeddedStore, series: ArchivedSeries) -> int:
    ward, device, metric, instance = series.key
    brought = 0
    for times_us, values in archive.stretches(series):
        for at in range(0, len(times_us), _SAMPLES):
            pairs = zip(times_us[at : at + _SAMPLES], values[at : at + _SAMPLES], strict=True)
            samples = [Sample(ward, device, series.kind, metric, instance, *pair) for pair in pairs]
            store.commit([Commit(ward, b"", IntervalSet(), samples)])
            brought += len(samples)
    return brought


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
