"""The embedded store: the Protocol of store.base on one SQLite file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.base import Commit, Event, Latest, Pruned, Series, SeriesKey, StoreCounts, StoreError, StoreFault
from store.embedded import events, history
from store.embedded.database import EMBEDDED, FileLock, damaged, open_for_writing, transaction, translated
from store.embedded.packing import Packer
from store.embedded.readers import Readers
from store.embedded.set_aside import SetAside
from store.embedded.settings import EmbeddedSettings
from store.embedded.staging import Staging
from store.embedded.state import State, all_series, find, load
from store.embedded.summaries import Summarised, adopt, summarised_of
from store.embedded.upkeep import Pen, Upkeep
from store.thinning import thinned
from telemetry.clock import Clock
from telemetry.intervals import IntervalSet

log = logging.getLogger(__name__)

_CLOSED = "the store is closed", StoreFault.CLOSED
_RETRY_PACKING_SECONDS = 30.0


class EmbeddedStore:
    """One SQLite file; open it with `EmbeddedStore.open`. Any thread may call any method.

    Commits take turns. Readers wait for no commit: they see what is in memory (newest samples, tails, positions) and
    the file as of their own read transaction; a sample that is packed in between is seen once all the same.
    """

    _FORMAT = EMBEDDED

    def __init__(self, path: Path, clock: Clock, settings: EmbeddedSettings, lock: FileLock) -> None:
        """Use `open`."""
        self._path = path
        self._clock = clock
        self._settings = settings
        self._file_lock = lock
        self._write_lock = threading.Lock()  # the writing connection, the packer, and who may change the state
        self._state_lock = threading.Lock()  # held for moments only, never during a write; taken after the other
        self._fault: tuple[str, StoreFault] | None = None  # why nothing can be done any more
        self._retry_packing_at = 0.0
        self._connection = open_for_writing(path, settings, self._FORMAT)
        self._set_aside = SetAside()
        try:
            self._state = self._load()
            self._tell_set_aside()
        except BaseException:
            self._connection.close()
            raise
        self._packer = Packer(self._state, settings)
        pen = Pen(self._connection, path, self._state, self._packer, self._writing, self._publishing)
        self._upkeep = Upkeep(pen, settings, all_here=self._FORMAT is EMBEDDED)
        self._readers = Readers(path)

    @classmethod
    def open(cls, path: Path, *, clock: Clock, settings: EmbeddedSettings | None = None) -> EmbeddedStore:
        """The store at `path`, made where there is none. Raises StoreError: in use by another process, damaged, no
        store of ours, no room."""
        lock = FileLock(path)
        try:
            return cls(path, clock, settings or EmbeddedSettings(), lock)
        except BaseException:
            lock.release()
            raise

    def _load(self) -> State:
        try:
            with translated(self._path):
                return load(self._connection)
        except StoreError as error:
            raise damaged(self._path, str(error)) if error.fault is StoreFault.DAMAGED else error from error

    def _tell_set_aside(self) -> None:
        with translated(self._path):
            self._set_aside.tell(self._connection)

    # ---- in ----------------------------------------------------------------------------------------------------

    def commit(self, commits: Iterable[Commit]) -> None:
        """As `store.base.Store.commit`: one transaction for all of them, on the disk when this returns.

        Raises StoreFullError; StoreError with fault HELD when a position is held already or named twice (the caller
        asks `positions` first: were they taken, readings would count twice), REFUSED for NaN (it equals nothing, so
        no rule could merge it), for samples of another ward, for numbers beyond 64 bits."""
        with self._writing():
            staging, together = Staging(self._state), list(commits)
            for commit in together:
                staging.add(commit)
            with transaction(self._connection, self._path):
                staging.write(self._connection)
                self._note(together)
            with self._publishing():
                staging.publish()
            self._pack_some(2 * staging.samples)

    def _note(self, commits: Sequence[Commit]) -> None:
        """What another kind of store writes down with a commit, within its transaction."""

    def adopt(self, key: SeriesKey, kind: str, summarised: Summarised) -> None:
        """Take summaries of another store, for a series that has none. Raises StoreError."""
        with self._writing():
            staging = Staging(self._state)
            series = staging.adopt(key, kind, summarised.samples)
            newest_us, newest = series.last_us, series.last_value
            if newest_us is None or newest_us < summarised.last_us:
                newest_us, newest = summarised.last_us, summarised.last
            with transaction(self._connection, self._path):
                staging.write(self._connection)
                adopt(self._connection, series.id, summarised)
            with self._publishing():
                staging.publish()
                series.borders = summarised.borders
                series.last_us, series.last_value = newest_us, newest

    def pack(self) -> None:
        """Pack the whole tail into chunks now, in steps that commits may come between."""
        with self._writing():
            if not self._packer.in_round and self._state.tail_samples:
                self._packer.begin_round()
        while self._pack_step():
            pass

    def prune(self, wanted: Callable[[], bool] = lambda: True) -> Pruned:
        """As `store.base.Store.prune`, by `samples_days`, `events_days`, `full_days` and `minutes_days`. Samples go by
        whole chunks and spans, so a few hours (of summaries, 16 days) beyond the retention may remain. A series of
        which nothing remains is forgotten."""
        self.pack()
        pruned = self._upkeep.run(self._clock.wall_us(), wanted)
        with self._writing():
            self._tell_set_aside()
        return pruned

    # ---- out ---------------------------------------------------------------------------------------------------

    def positions(self, ward: str, incarnation: bytes) -> IntervalSet:
        """As `store.base.Store.positions`; a copy."""
        with self._reading() as state:
            held = state.wards[ward].incarnations.get(incarnation) if ward in state.wards else None
            return held.positions.copy() if held else IntervalSet()

    def incarnations(self, ward: str) -> list[bytes]:
        """As `store.base.Store.incarnations`: in the order in which they were first seen here."""
        with self._reading() as state:
            return list(state.wards[ward].incarnations) if ward in state.wards else []

    def wards(self) -> list[str]:
        """As `store.base.Store.wards`, in the order in which they were first seen."""
        with self._reading() as state:
            return list(state.wards)

    def counts(self, ward: str) -> StoreCounts:
        """As `store.base.Store.counts`."""
        with self._reading() as state:
            known = state.wards.get(ward)
            if known is None:
                return StoreCounts(0, 0, 0)
            held = sum(len(incarnation.positions) for incarnation in known.incarnations.values())
            return StoreCounts(known.samples_committed, known.events_committed, held)

    def latest(self, ward: str, device: str | None = None) -> list[Latest]:
        """As `store.base.Store.latest`: newest by the samples' own time, not by arrival; device by device."""
        with self._reading() as state:
            known = state.wards.get(ward)
            if known is None:
                return []
            found = all_series(known) if device is None else known.devices.get(device, [])
            return [
                Latest(series.key, series.kind, series.last_us, series.last_value)
                for series in found
                if series.last_us is not None
            ]

    def history(self, key: SeriesKey, start_us: int, end_us: int, *, points: int | None = None) -> Series:
        """As `store.base.Store.history`. Raises StoreError where a chunk or a summary of it is damaged."""
        if points is None:
            return self._stretch(key, start_us, end_us)
        return thinned(lambda start, end: self._stretch(key, start, end), key, start_us, end_us, points)

    def samples(self, key: SeriesKey, start_us: int, end_us: int) -> Series:
        """As `history`, without what is summarised: that is in `summarised`."""
        return self._stretch(key, start_us, end_us, full=True)

    def summarised(self, key: SeriesKey) -> Summarised | None:
        """All summaries of a series as they are in the file; None where there are none."""
        with self._reading() as state:
            series = find(state.wards.get(key.ward), key)
        if series is None:
            return None
        with self._readers.connection() as connection:
            return summarised_of(connection, series.id)

    def _stretch(self, key: SeriesKey, start_us: int, end_us: int, *, full: bool = False) -> Series:
        found = self._try_stretch(key, start_us, end_us, full)
        while found is None:  # while nobody writes, file and memory agree
            with self._writing():
                found = self._try_stretch(key, start_us, end_us, full)
        return found

    def _try_stretch(self, key: SeriesKey, start_us: int, end_us: int, full: bool) -> Series | None:
        with self._reading() as state:
            series = find(state.wards.get(key.ward), key)
            if series is None:
                return Series(key, [], [])
            # The tail first: what is packed meanwhile is then in both, and merged, but never in neither.
            tail = history.Tail(series.times[:], series.values[:], series.packed_through)
        with self._readers.connection() as connection:
            return history.read(connection, key, series.id, tail, start_us, end_us, full=full)

    def events(
        self,
        ward: str,
        *,
        payload: str | None = None,
        device: str | None = None,
        start_us: int = 0,
        end_us: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        """As `store.base.Store.events`."""
        with self._readers.connection() as connection:
            return events.select(connection, ward, payload, device, start_us, end_us, limit, newest_first)

    def close(self) -> None:
        """Waits for what is under way. Calling it twice does no harm; anything else afterwards is a StoreError."""
        with self._write_lock:
            if self._fault == _CLOSED:
                return
            with self._state_lock:
                self._fault = _CLOSED
            self._readers.close()
            with translated(self._path):
                self._connection.close()
            self._file_lock.release()

    # ---- inside ------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._write_lock:
            if self._fault is not None:
                raise StoreError(*self._fault)
            yield

    @contextmanager
    def _reading(self) -> Iterator[State]:
        with self._state_lock:
            if self._fault is not None:
                raise StoreError(*self._fault)
            yield self._state

    @contextmanager
    def _publishing(self) -> Iterator[None]:
        """What the file has by now, memory gets as well; if that is broken off, memory may not be trusted again."""
        with self._state_lock:
            try:
                yield
            except BaseException as error:
                words = f"broken off between file and memory ({error!r}); open the store again"
                self._fault = words, StoreFault.CLOSED
                raise

    def _pack_some(self, samples: int) -> None:
        """A step of packing after a commit, where one is due. The commit is durable already: what goes wrong here is
        logged and tried again later, and the tail keeps all."""
        if not self._packer.is_due() or self._clock.monotonic() < self._retry_packing_at:
            return
        try:
            if not self._packer.in_round:
                self._packer.begin_round()
            self._step(max(samples, self._settings.step_samples))
        except StoreError as error:
            log.error("packing waits %.0f s: %s", _RETRY_PACKING_SECONDS, error)
            self._retry_packing_at = self._clock.monotonic() + _RETRY_PACKING_SECONDS

    def _pack_step(self) -> bool:
        with self._writing():
            if self._packer.in_round:
                self._step(self._settings.step_samples)
            return self._packer.in_round

    def _step(self, samples: int) -> None:
        with transaction(self._connection, self._path):
            step = self._packer.step(self._connection, samples)
        with self._publishing():
            self._packer.done(step)
