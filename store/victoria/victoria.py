"""The VictoriaMetrics store: the Protocol of store.base, samples in VictoriaMetrics, all else in a file beside it.

A commit is durable in the file beside when it returns, samples included; it waits for no network. A thread brings the
samples to VictoriaMetrics and lets go of them here only when they were flushed to its disk and read back (shipping).
So no crash of either takes back what was committed. Should VictoriaMetrics lose its disk or be put back to a backup,
its marks tell since when; those positions are held no more, and the wards are asked for them again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from store.base import Commit, Pruned, Series, SeriesKey, StoreError, StoreFault
from store.embedded import EmbeddedSettings, EmbeddedStore, history
from store.embedded.database import FileLock, transaction
from store.embedded.merge import merge
from store.embedded.packing import Chunks
from store.embedded.state import DOUBLE, SeriesState, find
from store.embedded.tail import unpack
from store.thinning import with_summaries
from store.victoria import marks, tables
from store.victoria.client import PROBE, VictoriaClient
from store.victoria.kept import kept
from store.victoria.settings import VictoriaSettings
from store.victoria.shipping import Batch, Shipped, ship
from telemetry.clock import Clock
from telemetry.intervals import IntervalSet

log = logging.getLogger(__name__)

_DAY_US, _HOUR_US, _SECOND_US = 86_400_000_000, 3_600_000_000, 1_000_000
_LONGEST_PAUSE_SECONDS = 10.0
_PROBE_TRIES = 20
_PROBE_PAUSE_SECONDS = 0.1
_LOOK_AGAIN_SECONDS = 1.0


class NotShownYetError(StoreError):
    """VictoriaMetrics took samples and does not give them back yet; they wait here, and are tried again."""

    def __init__(self, missing: int) -> None:
        super().__init__(f"{missing} samples are not there yet", StoreFault.UNREACHABLE)


class VictoriaStore(EmbeddedStore):
    """Open it with `VictoriaStore.connect`. Any thread may call any method."""

    _FORMAT = tables.FORMAT

    def __init__(
        self, path: Path, clock: Clock, settings: EmbeddedSettings, lock: FileLock, there: VictoriaSettings
    ) -> None:
        """Use `connect`."""
        super().__init__(path, clock, settings, lock)
        self._there = there
        self._client = VictoriaClient(there)
        self._mark, self._started = self._connection.execute("SELECT mark, started FROM victoria").fetchone()
        self._released: int = self._mark  # the last under which samples left the file
        self._again = {ward for (ward,) in self._connection.execute("SELECT ward FROM taken_back")}
        self._refusal: StoreError | None = None  # what the next commit is told
        self._tries = 0
        self._known_start = ""  # of the process that was looked at since we are open
        self._ship_lock = threading.RLock()
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def connect(
        cls,
        path: Path,
        *,
        clock: Clock,
        there: VictoriaSettings,
        settings: EmbeddedSettings | None = None,
        shipping: bool = True,
    ) -> VictoriaStore:
        """The store with its file at `path`. Where VictoriaMetrics does not answer, it opens all the same and goes on
        trying. Without `shipping` it is asked only by `history`. Raises StoreError: as EmbeddedStore.open, or
        SHORT_RETENTION."""
        settings = replace(
            settings or EmbeddedSettings(), samples_days=there.samples_days, events_days=there.events_days
        )
        lock = FileLock(path)
        try:
            store = cls(path, clock, settings, lock, there)
        except BaseException:
            lock.release()
            raise
        if shipping:
            store._begin()
        return store

    def _begin(self) -> None:
        try:
            self._look()
        except StoreError as error:
            if error.fault is not StoreFault.UNREACHABLE:
                self.close()
                raise
            log.error("samples wait until VictoriaMetrics answers: %s", error)
        self._thread = threading.Thread(target=self._run, name="shipping", daemon=True)
        self._thread.start()

    # ---- in ----------------------------------------------------------------------------------------------------

    def commit(self, commits: Iterable[Commit]) -> None:
        """As `store.base.Store.commit`. Times are kept to the millisecond, values to a millionth and
        twelve digits (store.victoria.kept). Raises StoreError besides: TAKEN_BACK, once, after VictoriaMetrics lost
        samples; UNREACHABLE when too much waits for it; SHORT_RETENTION."""
        refusal = self._refusal
        if refusal is not None:
            if refusal.fault is StoreFault.TAKEN_BACK:
                self._refusal = None
            raise refusal
        if self._state.tail_samples >= self._there.most_waiting:
            raise StoreError(f"{self._state.tail_samples} samples wait for VictoriaMetrics", StoreFault.UNREACHABLE)
        super().commit([self._as_kept(commit) for commit in commits])
        if self._state.tail_samples >= self._there.batch_samples:
            self._wake.set()

    def _as_kept(self, commit: Commit) -> Commit:
        events = commit.events
        if events and commit.ward in self._again:
            with self._writing():
                events = tables.new_events(self._connection, events)
        return replace(commit, samples=[kept(sample) for sample in commit.samples], events=events)

    def _note(self, commits: Sequence[Commit]) -> None:
        (row,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM tail").fetchone()
        tables.note_spans(self._connection, commits, max(row, 1))

    def _pack_some(self, samples: int) -> None:
        """Nothing: what VictoriaMetrics has not taken yet waits in the tail."""

    def pack(self) -> None:
        """Bring all that waits to VictoriaMetrics now. What it took and does not show yet is looked for again, as often
        as `given_up_after` says. Raises StoreError."""
        more = True
        while more:
            try:
                more = self.ship_once()
            except NotShownYetError:  # its index may be a second late with new series
                time.sleep(_LOOK_AGAIN_SECONDS)

    # ---- out ---------------------------------------------------------------------------------------------------

    def _stretch(self, key: SeriesKey, start_us: int, end_us: int, *, full: bool = False) -> Series:
        """Raises StoreError, also where VictoriaMetrics does not answer."""
        # Ours first: what goes there meanwhile is then in both, and merged, but never in neither. What came late for a
        # summarised time stays a sample here as it is one there, or it would be in a summary and beside it.
        ours = super()._stretch(key, start_us, end_us, full=True)
        with self._reading() as state:
            series = find(state.wards.get(key.ward), key)
        if series is None:
            return ours
        samples = ours if end_us <= 0 or start_us >= end_us else self._with_theirs(ours, start_us, end_us)
        if full:
            return samples
        with self._readers.connection() as connection:
            summaries = history.read_summaries(connection, key, series.id, start_us, end_us)
        return with_summaries(summaries, samples) if summaries.counts else samples

    def _with_theirs(self, ours: Series, start_us: int, end_us: int) -> Series:
        key, times, values = ours.key, ours.times_us, ours.values
        for name, points in self._client.read(key.ward, start_us, end_us, key.device, key.metric).items():
            if (name.metric, name.instance) == (key.metric, key.instance):
                inside = {time_us: value for time_us, value in points.items() if start_us <= time_us < end_us}
                times, values = merge(times, values, inside.keys(), inside.values())
        return Series(key, times, values)

    def prune(self, wanted: Callable[[], bool] = lambda: True) -> Pruned:
        """As `store.base.Store.prune`: events, and samples that are kept beside VictoriaMetrics. What is there goes by
        its own retention, and is not counted."""
        try:
            pruned = super().prune(wanted)
        except StoreError as error:
            if error.fault is not StoreFault.UNREACHABLE:
                raise
            log.warning("nothing is pruned while VictoriaMetrics is away: %s", error)
            return Pruned(0, 0)
        oldest = (self._clock.wall_us() - round(self._there.spans_days * _DAY_US)) // _HOUR_US
        with self._writing(), transaction(self._connection, self._path):
            self._connection.execute("DELETE FROM spans WHERE row = 0 AND hour < ?", (oldest,))
        return pruned

    def close(self) -> None:
        """As EmbeddedStore.close; what waits is brought there at the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        super().close()
        self._client.close()

    # ---- to VictoriaMetrics ------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause, failing = self._there.ship_seconds, False
        while not self._stopping.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                if self._look():
                    pause = self._there.ship_seconds  # it came back: what fails now fails for the first time
                more = self.ship_once()
                if failing:
                    log.info("VictoriaMetrics takes samples again")
                failing, pause = False, 0.0 if more else self._there.ship_seconds
            except StoreError as error:
                if not failing:
                    log.error("samples wait for VictoriaMetrics: %s", error)
                failing, pause = True, min(max(2 * pause, 1.0), _LONGEST_PAUSE_SECONDS)
            except Exception:  # the samples stay in the file beside
                log.exception("shipping failed")
                failing, pause = True, _LONGEST_PAUSE_SECONDS

    def ship_once(self) -> bool:
        """Bring a batch there; whether more waits. Raises StoreError; then all of it still waits."""
        with self._ship_lock:
            batch = self._batch()
            if not batch.points:
                return False
            self._look()  # before a new mark hides what went with the old ones
            oldest_us = self._clock.wall_us() - round(self._settings.samples_days * _DAY_US) + _HOUR_US
            last_try = self._tries >= self._there.given_up_after
            self._mark += 1  # each try its own: what was flushed under a mark must be all that it stands for
            shipped = ship(self._client, batch, self._mark, oldest_us, last_try=last_try)
            if shipped.missing:
                self._tries += 1
                raise NotShownYetError(shipped.missing)
            if self._client.started() != self._known_start:
                raise StoreError("VictoriaMetrics was started again meanwhile", StoreFault.UNREACHABLE)
            self._tries = 0
            return self._release(batch, shipped)

    def _batch(self) -> Batch:
        with self._writing():
            batch, taken = Batch(0), 0
            for row, data in self._connection.execute("SELECT id, data FROM tail ORDER BY id"):
                for id, time_us, value in unpack(data):
                    series = self._state.series.get(id)
                    if series is not None and row > series.packed_through:
                        batch.add(series, time_us, value)
                        taken += 1
                batch.through = row
                if taken >= self._there.batch_samples:
                    break
            return batch

    def _release(self, batch: Batch, shipped: Shipped) -> bool:
        """What is safe there waits here no more; one transaction."""
        hour = self._clock.wall_us() // _HOUR_US
        with self._writing():
            there: dict[int, int] = {}
            with transaction(self._connection, self._path):
                for series, samples in batch.samples.items():
                    if series.id in self._state.series:
                        beside = self._keep_beside(series, shipped.beside.get(series, {}))
                        self._settle(series, batch.through)
                        there[series.ward] = there.get(series.ward, 0) + samples - beside
                self._connection.executemany(
                    "INSERT INTO shipped VALUES (?, ?) ON CONFLICT (id) DO UPDATE"
                    " SET samples_shipped = samples_shipped + excluded.samples_shipped",
                    list(there.items()),
                )
                self._connection.execute("DELETE FROM tail WHERE id <= ?", (batch.through,))
                tables.settle_spans(self._connection, batch.through, hour, self._mark)
                self._connection.execute("UPDATE victoria SET mark = ?", (self._mark,))
            with self._publishing():
                for series, samples in batch.samples.items():
                    if series.id in self._state.series:
                        series.packed_through = batch.through
                        # Readers may hold a copy of the arrays, never the arrays themselves.
                        series.times, series.values = series.times[samples:], series.values[samples:]
                        self._state.tail_samples -= samples
            self._released = self._mark
            return self._state.tail_samples > 0 and self._state.tail_samples >= self._there.batch_samples

    def _keep_beside(self, series: SeriesState, points: dict[int, float]) -> int:
        """How many of them were new there, those that merged away included."""
        if not points:
            return 0
        times = sorted(points)
        chunks = Chunks(self._connection, series.id, self._settings.chunk_samples)
        merged = chunks.insert(times, [points[time_us] for time_us in times])
        if merged:
            self._connection.execute(
                "UPDATE wards SET samples_merged = samples_merged + ? WHERE id = ?", (merged, series.ward)
            )
        return len(times)

    def _settle(self, series: SeriesState, through: int) -> None:
        self._connection.execute(
            "UPDATE series SET packed_through = ?, last_us = ?, last_value = ? WHERE id = ?",
            (through, series.last_us, DOUBLE.pack(series.last_value), series.id),
        )

    # ---- is it still what it was -------------------------------------------------------------------------------

    def _look(self) -> bool:
        """See whether VictoriaMetrics was started again since we looked, and then what it still has."""
        with self._ship_lock:
            started = self._client.started()
            if started == self._known_start:
                return False
            if self._started and started != self._started:
                log.warning("VictoriaMetrics was started again; what it had not flushed goes there once more")
            self._check_retention()
            self._check_mark()
            with self._writing(), transaction(self._connection, self._path):
                self._connection.execute("UPDATE victoria SET started = ?", (started,))
            self._started = self._known_start = started
            return True

    def _check_retention(self) -> None:
        """Raises StoreError where a sample of the asked age does not stay."""
        now_us = self._client.now_us()
        moment_us = now_us - round(self._there.samples_days * _DAY_US) + _HOUR_US
        if moment_us <= 0:
            return
        self._client.write_own(PROBE, 1.0, moment_us)
        self._client.flush()
        for _ in range(_PROBE_TRIES):
            if self._client.read_own(PROBE, moment_us, moment_us):
                if self._refusal is not None and self._refusal.fault is StoreFault.SHORT_RETENTION:
                    self._refusal = None
                return
            time.sleep(_PROBE_PAUSE_SECONDS)
        words = f"a sample of {self._there.samples_days:g} days ago does not stay in VictoriaMetrics"
        self._refusal = StoreError(words, StoreFault.SHORT_RETENTION)
        raise self._refusal

    def _check_mark(self) -> None:
        """Compare the newest mark there with ours: less means that it lost what came after it."""
        any_newest, newest = marks.newest(self._client, self._released, self._there.samples_days)
        self._mark = max(self._mark, any_newest)
        if newest == self._released:
            return
        with self._writing():
            with transaction(self._connection, self._path):
                gone = tables.take_back(self._connection, newest)
            with self._publishing():
                self._forget_positions(gone)
        if gone:
            count = sum(map(len, gone.values()))
            log.error("VictoriaMetrics lost what came after mark %d: %d positions are asked for again", newest, count)
            self._refusal = StoreError("VictoriaMetrics lost samples that were held", StoreFault.TAKEN_BACK)

    def _forget_positions(self, gone: dict[int, IntervalSet]) -> None:
        for ward in self._state.wards.values():
            for incarnation in ward.incarnations.values():
                lost = gone.get(incarnation.id)
                if lost is not None:
                    self._again.add(ward.name)
                    incarnation.positions = incarnation.positions.without(lost)
