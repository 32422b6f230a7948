"""A store whose log was cut off, or whose pages were overwritten: a whole number of commits, or a word of damage."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from store.base import StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.store.conftest import SMALL
from tests.store.samples import CHARGE, INCARNATION, SECOND_US, START_US, WARD, charges, commit, event

COMMITS = 60
ALWAYS = (-(1 << 62), 1 << 62)


def filled(path: Path) -> EmbeddedStore:
    """One commit after the other, each of one position, three samples and an event."""
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    for number in range(1, COMMITS + 1):
        samples = charges(*((60 * number + at, number + at / 10) for at in range(3)))
        store.commit([commit(*samples, positions=[(number, number)], events=[event(number, number)])])
    return store


def test_a_log_cut_off_anywhere_leaves_whole_commits_and_the_wards_are_asked_for_the_rest(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    (tmp_path / "whole").mkdir()
    store = filled(tmp_path / "whole" / "store.db")
    log = (tmp_path / "whole" / "store.db-wal").read_bytes()
    left = set()
    for turn in range(25):
        path = tmp_path / f"cut-{turn}" / "store.db"
        path.parent.mkdir()
        shutil.copy(tmp_path / "whole" / "store.db", path)
        path.with_name("store.db-wal").write_bytes(log[: chance.randrange(len(log) + 1)])
        cut = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
        held = len(cut.positions(WARD, INCARNATION))
        assert cut.positions(WARD, INCARNATION) == IntervalSet([(1, held)] if held else [])
        assert len(cut.history(CHARGE, *ALWAYS).times_us) == 3 * held
        assert len(cut.events(WARD)) == held
        more = [(number, number) for number in range(held + 1, held + 3)]  # what would be asked for
        for number, _ in more:
            cut.commit([commit(*charges((60 * number, float(number))), positions=[(number, number)])])
        cut.close()
        assert not [found for each in verify(path).invariants.values() for found in each.violations]
        left.add(held)
    store.close()
    assert len(left) > 5, "the cuts were all in one place"


def test_overwritten_pages_are_damage_in_words_and_never_another_number(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "store.db"
    store = filled(path)
    store.pack()
    true = dict(zip(*points(store), strict=True))
    store.close()
    whole = path.read_bytes()
    told = 0
    for _ in range(40):
        spoilt = bytearray(whole)
        for page in chance.sample(range(len(whole) // 8192), chance.randrange(1, 4)):
            spoilt[page * 8192 : (page + 1) * 8192] = chance.choice((chance.randbytes(8192), bytes(8192)))
        path.write_bytes(spoilt)
        try:
            store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
        except StoreError as error:
            assert error.fault in (StoreFault.DAMAGED, StoreFault.NOT_A_STORE), error
            assert "store.db" in str(error)
            told += 1
            continue
        try:
            found = dict(zip(*points(store), strict=True))
            assert found.items() <= true.items()
            store.commit([commit(*charges((999_999, 1.0)), positions=[(5000, 5000)])])
        except StoreError as error:
            assert error.fault in (StoreFault.DAMAGED, StoreFault.HELD), error
            told += 1
        finally:
            store.close()
    assert told > 10


def points(store: EmbeddedStore) -> tuple[list[int], list[float]]:
    series = store.history(CHARGE, START_US - SECOND_US, START_US + 10**6 * SECOND_US)
    return series.times_us, series.values
