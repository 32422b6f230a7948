"""A district moves from one kind of store to the other, and back, without losing a number."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.archive import Archive
from store.base import SeriesKey, Store, StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from store.moving import Moved, export, import_
from store.victoria import VictoriaStore
from telemetry.clock import FakeClock
from tests.store.conftest import settings_for
from tests.store.samples import CHARGE, INCARNATION, SECOND_US, START_US, WARD, charges, commit, event, sample
from tests.victoria import VictoriaMetrics

DAY = 86_400
ALWAYS = (-(1 << 63), (1 << 63) - 1)
PORT = SeriesKey("other", "switch-1", "port_up", "Gi1/0/1")


def told(_moved: Moved) -> None:
    pass


def filled(folder: Path, divisor: float = 7) -> EmbeddedStore:
    store = EmbeddedStore.open(folder / "store.db", clock=FakeClock())
    store.commit([commit(*charges(*((-n * DAY / 4, n / divisor) for n in range(900))), positions=[(1, 900)])])
    store.commit([commit(*charges((5 * DAY, 1.0)), positions=[(905, 906)], events=[event(905, 1), event(906, 2)])])
    here = sample(PORT, START_US + 7, 1.0, "switch")
    store.commit([commit(here, positions=[(1, 1)], events=[event(1, 3, ward="other")], ward="other")])
    return store


def everything(store: Store) -> list[object]:
    return [
        (
            ward,
            store.latest(ward),
            [store.history(each.key, *ALWAYS) for each in store.latest(ward)],
            store.events(ward, start_us=ALWAYS[0]),
            {incarnation: list(store.positions(ward, incarnation)) for incarnation in store.incarnations(ward)},
        )
        for ward in store.wards()
    ]


def test_embedded_to_embedded_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    store, archive = filled(tmp_path), Archive(tmp_path / "archive", make=True)
    moved = export(store, archive, FakeClock(), told)
    assert (moved.wards, moved.series, moved.samples, moved.events) == (2, 2, 902, 3)
    other = EmbeddedStore.open(tmp_path / "other.db", clock=FakeClock())
    import_(archive, other, FakeClock(), told, rounded=False)
    assert everything(other) == everything(store)
    for each in (archive, other, store):
        each.close()


def summarised(folder: Path, divisor: float = 7) -> EmbeddedStore:
    store = filled(folder, divisor)
    assert store.prune().summarised > 700
    return store


def test_summaries_move_too_as_they_are(tmp_path: Path) -> None:
    store, archive = summarised(tmp_path), Archive(tmp_path / "archive", make=True)
    moved = export(store, archive, FakeClock(), told)
    assert moved.samples == 902
    other = EmbeddedStore.open(tmp_path / "other.db", clock=FakeClock())
    assert import_(archive, other, FakeClock(), told, rounded=False).samples == 902
    assert import_(archive, other, FakeClock(), told, rounded=False).samples == 0
    assert everything(other) == everything(store)
    for each in (archive, other, store):
        each.close()
    assert verify(tmp_path / "other.db").ok


def test_summaries_stay_in_the_file_beside_victoriametrics(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    store, archive = summarised(tmp_path), Archive(tmp_path / "archive", make=True)
    export(store, archive, FakeClock(), told)
    there = VictoriaStore.connect(tmp_path / "beside.db", clock=FakeClock(), there=settings_for(victoria))
    import_(archive, there, FakeClock(), told, rounded=True)
    found, wanted = there.history(CHARGE, *ALWAYS), store.history(CHARGE, *ALWAYS)
    assert (found.times_us, found.counts, sum(found.counts)) == (wanted.times_us, wanted.counts, 901)
    assert found.high == pytest.approx(wanted.high)
    for each in (archive, there, store):
        each.close()
    assert verify(tmp_path / "beside.db").ok


def test_to_victoriametrics_and_back(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    store, archive = filled(tmp_path), Archive(tmp_path / "archive", make=True)
    export(store, archive, FakeClock(), told)
    there = VictoriaStore.connect(tmp_path / "beside.db", clock=FakeClock(), there=settings_for(victoria))
    import_(archive, there, FakeClock(), told, rounded=True)
    values = there.history(CHARGE, *ALWAYS).values
    assert values[0] == round(899 / 7, 6)
    assert len(values) == 901
    again = Archive(tmp_path / "again", make=True)
    export(there, again, FakeClock(), told)
    back = EmbeddedStore.open(tmp_path / "back.db", clock=FakeClock())
    import_(again, back, FakeClock(), told, rounded=False)
    assert everything(back) == everything(there)
    for each in (archive, again, back, there, store):
        each.close()


def test_it_moves_away_from_a_victoriametrics_that_lost_its_disk(victoria: VictoriaMetrics, tmp_path: Path) -> None:
    beside, clock = tmp_path / "beside.db", FakeClock()
    store = VictoriaStore.connect(beside, clock=clock, there=settings_for(victoria))
    both = event(4, 1, "readings")
    store.commit([commit(*charges((0, 1.0), (1, 2.0)), positions=[(1, 5)], events=[event(3, 0), both])])
    store.pack()
    store.close()
    store = VictoriaStore.connect(beside, clock=clock, there=settings_for(victoria))  # nothing under this name
    archive = Archive(tmp_path / "archive", make=True)
    assert export(store, archive, clock, told).events == 2
    back = EmbeddedStore.open(tmp_path / "back.db", clock=clock)
    import_(archive, back, clock, told, rounded=False)
    # The event alone is there; what had samples too is asked for, whole.
    assert list(store.positions(WARD, INCARNATION)) == list(back.positions(WARD, INCARNATION)) == [(3, 3)]
    assert [each.position for each in back.events(WARD)] == [3]
    assert verify(beside).ok
    back.commit([commit(*charges((0, 1.0), (1, 2.0)), positions=[(1, 2), (4, 5)], events=[both])])
    assert [each.position for each in back.events(WARD)] == [3, 4]
    for each in (archive, back, store):
        each.close()
    assert verify(tmp_path / "back.db").ok
    with sqlite3.connect(beside) as file:
        file.execute("DELETE FROM positions")
    file.close()
    assert verify(beside).invariants["S8"].broken == 1  # only what may have lost samples need not be held


class Late:
    """A district that was summarised, moved to VictoriaMetrics, and heard there what a ward had written long before:
    for times of five-minute buckets and of hours, into buckets and beside them. All numbers have few decimals, so both
    stores give them back as they are. `store`: the one it came from, which gets the same, as if it had not moved."""

    def __init__(self, folder: Path, victoria: VictoriaMetrics) -> None:
        self.folder = folder
        summarised(folder, divisor=8).close()
        shutil.copy(folder / "store.db", folder / "before.db")
        self.store = self.into(folder / "store.db")
        first = Archive(folder / "first", make=True)
        export(self.store, first, FakeClock(), told)
        self.there = VictoriaStore.connect(folder / "beside.db", clock=FakeClock(), there=settings_for(victoria))
        import_(first, self.there, FakeClock(), told, rounded=True)
        first.close()
        late = charges(*((-45 * DAY - n * DAY / 3 - 11 * (n % 5), n / 4) for n in range(500)))
        for each in (self.store, self.there):
            each.commit([commit(*late, positions=[(2000, 2001)])])
        self.store.pack()
        self.archive = Archive(folder / "second", make=True)
        assert export(self.there, self.archive, FakeClock(), told).samples == 1402

    def into(self, path: Path) -> EmbeddedStore:
        return EmbeddedStore.open(path, clock=FakeClock())

    def bring(self, store: EmbeddedStore) -> Moved:
        return import_(self.archive, store, FakeClock(), told, rounded=False)

    def check(self, store: EmbeddedStore, path: Path) -> None:
        """All is as if it had never moved. (The other ward's sample lost its microseconds.)"""
        assert everything(store)[0] == everything(self.store)[0]
        assert store.summarised(CHARGE) == self.store.summarised(CHARGE)
        assert verify(path).ok

    def close(self) -> None:
        self.archive.close()
        self.there.close()
        self.store.close()


@pytest.fixture(scope="module")
def late(victoria: VictoriaMetrics, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Late]:
    made = Late(tmp_path_factory.mktemp("late"), victoria)
    yield made
    made.close()


def test_what_came_late_for_a_summary_while_it_was_on_victoriametrics_is_in_the_summary_afterwards(
    late: Late, tmp_path: Path
) -> None:
    path = tmp_path / "back.db"
    back = late.into(path)
    assert late.bring(back).samples == 1402
    late.check(back, path)
    assert back.counts(WARD) == late.store.counts(WARD)
    assert (again := late.bring(back)).samples == 0
    assert again.skipped == 2
    late.check(back, path)
    back.close()


def test_the_file_that_was_left_behind_is_refused_untouched(late: Late) -> None:
    before = late.into(late.folder / "before.db")
    held = everything(before), before.counts(WARD), before.summarised(CHARGE)
    with pytest.raises(StoreError) as caught:
        late.bring(before)
    assert caught.value.fault is StoreFault.NOT_EMPTY
    assert (everything(before), before.counts(WARD), before.summarised(CHARGE)) == held
    before.close()


def test_a_move_back_that_was_broken_off_counts_nothing_twice(
    late: Late, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "back.db"
    back = late.into(path)

    def broken(*_: object) -> None:
        raise StoreError("no room", StoreFault.FULL)

    for name in ("commit", "pack"):  # after the summaries, after the samples
        with monkeypatch.context() as patch:
            patch.setattr(back, name, broken)
            with pytest.raises(StoreError, match="no room"):
                late.bring(back)
        back.close()
        back = late.into(path)
    late.bring(back)
    late.check(back, path)
    back.close()


def test_another_victoriametrics_keeps_what_came_late_in_full(
    late: Late, victoria: VictoriaMetrics, tmp_path: Path
) -> None:
    other = VictoriaStore.connect(tmp_path / "other.db", clock=FakeClock(), there=settings_for(victoria))
    import_(late.archive, other, FakeClock(), told, rounded=True)
    assert everything(other) == everything(late.there)
    assert sum(late.there.history(CHARGE, *ALWAYS).counts) == 1401
    assert len(late.there.samples(CHARGE, *ALWAYS).times_us) > 500
    other.close()


def test_what_was_broken_off_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, archive = filled(tmp_path), Archive(tmp_path / "archive", make=True)

    def broken(*_: object, **__: object) -> None:
        raise StoreError("no room", StoreFault.FULL)

    with monkeypatch.context() as patch:
        patch.setattr(archive, "put_events", broken)
        with pytest.raises(StoreError):
            export(store, archive, FakeClock(), told)
    other = EmbeddedStore.open(tmp_path / "other.db", clock=FakeClock())
    with pytest.raises(StoreError, match="not finished"):
        import_(archive, other, FakeClock(), told, rounded=False)
    assert export(store, archive, FakeClock(), told).skipped == 1
    with monkeypatch.context() as patch:
        patch.setattr(archive, "positions", broken)
        with pytest.raises(StoreError):
            import_(archive, other, FakeClock(), told, rounded=False)
    assert not other.positions(WARD, INCARNATION)  # nothing is called held before all samples are there
    assert import_(archive, other, FakeClock(), told, rounded=False).skipped == 2
    assert everything(other) == everything(store)
    assert import_(archive, other, FakeClock(), told, rounded=False).events == 0
    for each in (archive, other, store):
        each.close()


def test_a_store_that_got_more_since_begins_a_new_archive(tmp_path: Path) -> None:
    store, archive = filled(tmp_path), Archive(tmp_path / "archive", make=True)
    export(store, archive, FakeClock(), told)
    store.commit([commit(*charges((9 * SECOND_US, 1.0)), positions=[(2000, 2000)])])
    with pytest.raises(StoreError, match="since"):
        export(store, archive, FakeClock(), told)
    archive.close()
    store.close()


@pytest.mark.parametrize("content", [b"", b"no database at all, but some text that somebody put here " * 20])
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(StoreError):
        Archive(tmp_path / "archive", make=False)
    with pytest.raises(StoreError):
        Archive(tmp_path / "nothing", make=False)


def test_an_archive_whose_samples_are_not_what_was_written_is_refused(tmp_path: Path) -> None:
    store, archive = filled(tmp_path), Archive(tmp_path / "archive", make=True)
    export(store, archive, FakeClock(), told)
    store.close()
    with sqlite3.connect(tmp_path / "archive") as database:
        database.execute("DELETE FROM samples WHERE start_us = (SELECT min(start_us) FROM samples)")
    other = EmbeddedStore.open(tmp_path / "other.db", clock=FakeClock())
    with pytest.raises(StoreError) as caught:
        import_(archive, other, FakeClock(), told, rounded=False)
    assert caught.value.fault is StoreFault.DAMAGED
    other.close()
    archive.close()
