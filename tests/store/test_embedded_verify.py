"""`verify` finds a good store good, and names the promise that a bad one broke."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from store.base import StoreError, StoreFault
from store.embedded import EmbeddedStore
from store.embedded.verify import INVARIANTS, verify
from telemetry.clock import FakeClock
from tests.conftest import ROOT
from tests.store.conftest import SMALL
from tests.store.samples import CHARGE, START_US, charges, commit, event


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with chunks, a tail, events, merged samples and two intervals of positions."""
    path = tmp_path / "store.db"
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    for n in range(50):
        store.commit([commit(*charges((n, n), (n + 0.5, n)), positions=[(n, n)], events=[event(n, n)])])
    store.pack()
    store.commit([commit(*charges((3, 99), (70, 1)), positions=[(60, 61)])])
    store.close()
    return path


@pytest.fixture
def summarised(tmp_path: Path) -> Path:
    """A store with summaries of both levels beside chunks."""
    path, clock = tmp_path / "old.db", FakeClock()
    store = EmbeddedStore.open(path, clock=clock, settings=replace(SMALL, full_days=2, minutes_days=4))
    now = (clock.wall_us() - START_US) / 1e6
    points = [(now - hours * 3600, hours) for hours in range(240)]
    store.commit([commit(*charges(*points), positions=[(1, 1)])])
    store.prune()
    store.close()
    return path


def test_a_good_store_keeps_every_promise_and_each_was_checked(path: Path) -> None:
    report = verify(path)
    assert report.ok, report.as_dict()
    assert {name for name, rule in report.invariants.items() if rule.checked} == set(INVARIANTS) - {"S11"}
    assert (report.wards, report.series, report.samples, report.events) == (1, 1, 102, 50)
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True


def test_summaries_are_checked(summarised: Path) -> None:
    report = verify(summarised)
    assert report.ok, report.as_dict()
    assert report.samples == 240
    assert report.invariants["S11"].checked > 0


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("UPDATE summaries SET data = x'0102' WHERE level = 1", "S11"),
        ("UPDATE summaries SET samples = samples + 1 WHERE level = 2", "S11"),
        ("UPDATE summaries SET span = span + 1 WHERE level = 2", "S11"),
        ("UPDATE summaries SET level = 9 WHERE level = 2", "S11"),
        ("UPDATE series SET full_from_us = full_from_us + 86400000000", "S12"),
        ("UPDATE series SET minutes_from_us = minutes_from_us + 86400000000", "S12"),
        ("UPDATE series SET full_from_us = full_from_us - 86400000000", "S12"),
        ("DELETE FROM summaries WHERE level = 2", "S6"),
        ("UPDATE summaries SET series = 9", "S10"),
    ],
)
def test_a_broken_promise_of_summaries_is_named(summarised: Path, damage: str, broken: str) -> None:
    test_a_broken_promise_is_named(summarised, damage, broken)


def test_a_store_in_use_can_be_verified(path: Path) -> None:
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    store.commit([commit(*charges((80, 1)), positions=[(80, 80)])])
    assert verify(path).samples == 103
    store.close()


def test_verifying_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    verify(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("UPDATE chunks SET data = x'0102' WHERE start_us = (SELECT min(start_us) FROM chunks)", "S2"),
        ("UPDATE chunks SET count = count + 1 WHERE start_us = (SELECT min(start_us) FROM chunks)", "S2"),
        ("UPDATE chunks SET end_us = end_us + 60000000 WHERE start_us = (SELECT min(start_us) FROM chunks)", "S3"),
        ("UPDATE tail SET data = x'0102'", "S4"),
        ("UPDATE series SET last_us = last_us - 1", "S5"),
        ("UPDATE series SET last_value = x'0000000000000000'", "S5"),
        ("UPDATE wards SET samples_committed = samples_committed + 1", "S6"),
        ("DELETE FROM chunks WHERE start_us = (SELECT min(start_us) FROM chunks)", "S6"),
        ("DELETE FROM tail", "S6"),
        ("UPDATE positions SET last = 59 WHERE first = 0", "S7"),
        ("UPDATE positions SET last = first - 1 WHERE first = 60", "S7"),
        ("UPDATE events SET position = 70 WHERE position = 7", "S8"),
        ("UPDATE events SET position = 8 WHERE position = 7", "S8"),
        ("UPDATE events SET ward = 2 WHERE position = 7", "S8"),
        ("DELETE FROM events WHERE position = 7", "S9"),
        ("UPDATE events SET incarnation = 9", "S10"),
        ("DELETE FROM series", "S10"),
    ],
)
def test_a_broken_promise_is_named(path: Path, damage: str, broken: str) -> None:
    raw = sqlite3.connect(path)
    raw.execute(damage)
    raw.commit()
    raw.close()
    report = verify(path)
    assert not report.ok
    assert broken in {name for name, rule in report.invariants.items() if not rule.ok}
    assert report.invariants[broken].violations


def test_a_torn_page_is_told_by_the_first_promise(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 8192):
        content[page * 8192 + 8 : page * 8192 + 40] = bytes(32)
    path.write_bytes(content)
    try:
        report = verify(path)
    except StoreError as error:
        assert error.fault is StoreFault.DAMAGED
    else:
        assert not report.invariants["S1"].ok


def test_what_is_no_store_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        verify(tmp_path / "nothing.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError) as caught:
        verify(tmp_path / "empty.db")
    assert caught.value.fault is StoreFault.NOT_A_STORE


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_promise_and_every_fault_has_its_words(language: str) -> None:
    texts = json.loads((ROOT / "telemetry" / "texts" / f"{language}.json").read_text(encoding="utf-8"))["store"]
    assert set(texts.pop("invariant")) == set(INVARIANTS)
    assert set(texts) == {str(fault) for fault in StoreFault}


def test_history_of_a_verified_store_is_what_was_committed(path: Path) -> None:
    store = EmbeddedStore.open(path, clock=FakeClock(), settings=SMALL)
    series = store.history(CHARGE, START_US, START_US + 4_000_000)
    assert series.values == [0, 0, 1, 1, 2, 2, 99, 3]
    store.close()
