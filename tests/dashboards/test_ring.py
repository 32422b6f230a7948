"""The ring of events: nothing lost, nothing doubled, nothing kept for ever."""

from __future__ import annotations

import random

import pytest

from dashboards.console.changes import Changes
from dashboards.console.interest import Interest
from dashboards.console.ring import Ring, Scope
from dashboards.console.site import Change, Topic
from telemetry.clock import FakeClock

EVERYTHING = Scope(None, None)


def numbers(wire: bytes) -> list[int]:
    return [int(line.split(b":")[2]) for line in wire.split(b"\n") if line.startswith(b"id: ")]


def test_a_reader_gets_each_event_once_wherever_it_breaks_off(seed: int) -> None:
    rng = random.Random(seed)
    ring = Ring("abcd", 1000, 10**7)
    got: dict[str, list[int]] = {"a": [], "b": []}
    sent: dict[str, list[int]] = {"a": [], "b": []}
    at = {"a": 0, "b": 0}
    for _ in range(3000):
        if rng.random() < 0.5:
            ward, own = rng.choice("abc"), rng.random() < 0.5
            ring.add("device" if own else "ward", b"{}", ward=ward, only_watchers=own)
            for reader in sent:
                if not own or ward == reader:
                    sent[reader].append(ring.head)
        else:
            reader = rng.choice("ab")
            news = ring.news(at[reader], Scope(reader, None))
            assert news is not None
            at[reader], wire = news
            got[reader] += numbers(wire)
    for reader in sent:
        news = ring.news(at[reader], Scope(reader, None))
        assert news is not None
        assert got[reader] + numbers(news[1]) == sent[reader]


def test_a_reader_who_was_away_too_long_is_told_so() -> None:
    ring = Ring("abcd", 10, 10**6)
    for _ in range(25):
        ring.add("ward", b"{}", ward="a")
    assert ring.news(14, EVERYTHING) is None
    news = ring.news(15, EVERYTHING)
    assert news is not None and numbers(news[1]) == list(range(16, 26))
    assert ring.news(26, EVERYTHING) is None  # from the future: another ring's


def test_the_ring_is_bounded_in_bytes_too() -> None:
    ring = Ring("abcd", 1000, 100_000)
    for _ in range(50):
        ring.add("ward", b"x" * 10_000, ward="a")
    assert ring.news(39, EVERYTHING) is None
    assert ring.news(ring.head - 5, EVERYTHING) is not None


def test_a_long_absence_is_made_up_for_in_pieces() -> None:
    ring = Ring("abcd", 1000, 10**7)
    for _ in range(100):
        ring.add("ward", b"x" * 10_000, ward="a")
    at, got, most = 0, [], 0
    while True:
        news = ring.news(at, EVERYTHING)
        assert news is not None
        at, wire = news
        if not wire:
            break
        got += numbers(wire)
        most = max(most, len(wire))
    assert got == list(range(1, 101)) and most < 150_000


def test_what_was_passed_over_for_one_ward_concerns_its_watchers_alone() -> None:
    ring = Ring("abcd", 1000, 10**7)
    ring.add("ward", b"{}", ward="a")
    ring.skip("a")
    assert ring.news(1, Scope("a", None)) is None
    assert ring.news(1, Scope("b", None)) == (2, b"")
    ring.skip()
    assert ring.news(2, Scope("b", None)) is None


def test_a_user_of_one_ward_hears_of_no_other() -> None:
    ring = Ring("abcd", 1000, 10**7)
    ring.add("ward", b'"a"', ward="a")
    ring.add("ward", b'"b"', ward="b")
    ring.add("device", b'"b-device"', ward="b", only_watchers=True)
    ring.add("reset", b"{}")
    news = ring.news(0, Scope("a", frozenset({"a"})))
    assert news is not None and numbers(news[1]) == [1, 4]


@pytest.mark.parametrize(
    "text", ["", "abcd", "abcd:", "abcd:-1", "abcd:1x", "dcba:1", "abcd:1\n", "abcd:٣", "abcd:" + "9" * 30]
)
def test_an_id_of_another_ring_or_none_is_not_understood(text: str) -> None:
    assert Ring("abcd", 10, 1000).number_of(text) is None
    assert Ring("abcd", 10, 1000).number_of("abcd:7") == 7


def test_a_burst_of_changes_becomes_one_piece_of_work() -> None:
    changes = Changes()
    assert changes.note(Change(Topic.DEVICE, "a", "ups-1")) is True
    for _ in range(1000):
        assert changes.note(Change(Topic.DEVICE, "a", "ups-1")) is False
    changes.note(Change(Topic.DEVICE, "a", "ups-2"))
    changes.note(Change(Topic.WARD, "b"))
    work = {each.ward: each for each in changes.take()}
    assert (work["a"].devices, work["a"].urgent) == ({"ups-1", "ups-2"}, False)
    assert (work["b"].devices, work["b"].urgent) == (set(), True)
    assert changes.take() == []


def test_work_that_could_not_be_done_joins_what_came_since() -> None:
    changes = Changes()
    changes.note(Change(Topic.CONDITION, "a", "ups-1"))
    work = changes.take()
    changes.note(Change(Topic.DEVICE, "a", "ups-2"))
    changes.put_back(work)
    (again,) = changes.take()
    assert (again.devices, again.urgent) == ({"ups-2"}, True)


def test_interest_ends_some_time_after_the_last_page_closed() -> None:
    clock = FakeClock()
    interest = Interest(120, clock.monotonic)
    assert not interest.in_anything()
    interest.opened("a")
    clock.advance(10_000)
    assert interest.in_anything() and interest.in_ward("a") and not interest.in_ward("b")
    interest.closed("a")
    clock.advance(119)
    assert interest.in_ward("a")
    clock.advance(2)
    assert not interest.in_ward("a") and not interest.in_anything()
