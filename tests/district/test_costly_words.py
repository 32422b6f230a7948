"""Words that are small and proper, and made to cost the hub much: what one ward may take of its only ingest thread."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from district import holdings
from district.commit_pace import CommitPace
from district.holdings import Incarnation
from district.inbox import Inbox
from district.message import Message
from district.tables import NamedLoss
from telemetry import wire_pb2 as wire
from telemetry.clock import FakeClock
from telemetry.entry import Tombstone
from tests.district.conftest import WARDS, Desk
from tests.district.fakes import ScriptedWard


def _held(count: int, start: int) -> list[wire.Held]:
    return [
        wire.Held(incarnation=(start + n + 1).to_bytes(16, "big"), first_position=1, last_position=5)
        for n in range(count)
    ]


def _seconds(desk: Desk, *messages: tuple[str, bytes]) -> float:
    """Of this thread's processor time."""
    began = time.thread_time()
    desk.hear(*messages)
    return time.thread_time() - began


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Which incarnations were gone through, each time one was."""
    found: list[bytes] = []
    for name in ("given_up", "missing", "lost_count"):
        before = getattr(Incarnation, name)

        def look(self: Incarnation, *args: int, before=before) -> object:  # type: ignore[no-untyped-def]
            found.append(self.id)
            return before(self, *args)

        monkeypatch.setattr(Incarnation, name, look)
    yield found


def test_a_status_costs_what_it_names_not_what_is_known(desk: Desk, ward: ScriptedWard, looked_at: list[bytes]) -> None:
    for turn in range(3):
        desk.hear((ward.topic("status"), ward.status(held=_held(1000, turn * 1000))))
    for _ in range(2):  # the last thousand are gone, too, and named as lost
        desk.hear((ward.topic("status"), ward.status()))
    desk.wait(10.0)
    looked_at.clear()
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    desk.wait(10.0)
    assert len(desk.holdings.ward(ward.ward)) == 3001
    assert 0 < len(looked_at) < 100


def test_a_status_of_thousands_costs_about_the_same_however_many_are_known(desk: Desk, ward: ScriptedWard) -> None:
    first = _seconds(desk, (ward.topic("status"), ward.status(held=_held(5000, 0))))
    for turn in (1, 2):
        last = _seconds(desk, (ward.topic("status"), ward.status(held=_held(5000, turn * 5000))))
    assert last < 10 * first  # each also lets go of the five thousand before it; it was 30 times as much


def test_of_large_statuses_a_ward_may_send_fewer_than_of_entries(ward: ScriptedWard) -> None:
    inbox = Inbox(FakeClock(), WARDS, CommitPace())
    large = ward.status(held=_held(8000, 0))
    for _ in range(50):
        inbox.put(Message(ward.topic("status"), large))
    taken = 0
    while messages := inbox.take(0.0).messages:
        taken += len(messages)
    assert 1 <= taken <= 8
    inbox.put(Message(f"wardwatch/1/hai-chau/{sorted(WARDS)[1]}/status", ward.status()))
    assert len(inbox.take(0.0).messages) == 1


def test_entries_of_ever_new_incarnations_fill_no_memory_and_ask_no_endless_questions(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_INCARNATIONS", 30)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    for number in range(200):
        other = ScriptedWard(incarnation=(number + 1000).to_bytes(16, "big"), entries=[b"x"])
        desk.hear((other.topic("entries"), other.batch(1)), (other.topic("status"), other.status()))
    assert len(desk.holdings.ward(ward.ward)) == 30
    confirmed = desk.ingest._identity._confirmed._wards[ward.ward]
    assert len(confirmed.asked) <= 30 and len(confirmed.ask_at) <= 30
    assert sum(request.WhichOneof("what") == "tell_committed" for _, request in desk.sent) <= 60
    assert desk.situation.numbers[ward.ward].refused_entries >= 2 * 171
    ward.poll(load_percent=1.0)
    desk.hear((ward.topic("entries"), ward.batch(3)))
    assert desk.held(ward) == [(1, 3)]


def test_what_was_confirmed_of_ever_new_incarnations_fills_no_memory(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_INCARNATIONS", 30)
    desk.hear((ward.topic("entries"), ward.batch(1)))
    status = wire.Status.FromString(ward.status())
    for number in range(100):
        told = status.committed.add(incarnation=(number + 1000).to_bytes(16, "big"))
        told.ranges.add(first=1, last=3)
    desk.hear((ward.topic("status"), status.SerializeToString()))
    assert len(desk.holdings.ward(ward.ward)) == 30


def test_tombstones_name_no_more_than_is_remembered_are_kept_themselves_and_counted(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_LOST_INTERVALS", 250)
    monkeypatch.setattr(holdings, "MOST_NAMED", 400)
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    for incarnation in (b"\x07" * 16, b"\x08" * 16):
        for turn in range(4):
            ranges = [(turn * 1000 + 2 * n + 1,) * 2 for n in range(100)]
            position = ward.write(Tombstone(incarnation, ranges, "journal_full"))
            desk.hear((ward.topic("entries"), ward.batch(position)))
    assert desk.holdings.of(ward.ward, b"\x07" * 16).lost.intervals == 250
    assert desk.holdings.of(ward.ward, b"\x08" * 16).lost.intervals == 150
    assert sum(lost.intervals for lost in desk.records.losses().values()) == 400
    assert desk.held(ward) == [(1, 10)]
    assert desk.situation.numbers[ward.ward].refused_entries == 5  # two tombstones of the one, three of the other
    assert desk.site.ward(ward.ward).named_losses == 400


def test_what_is_lost_already_is_written_down_once(desk: Desk, ward: ScriptedWard) -> None:
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    ranges = [(1, 5000), *((n, n) for n in range(1, 2000))]
    desk.hear((ward.topic("entries"), ward.batch(ward.write(Tombstone(b"\x07" * 16, ranges, "journal_full")))))
    with desk.records._reading() as session:
        assert session.query(NamedLoss).count() == 1
    assert desk.site.ward(ward.ward).named_losses == 5000


def test_a_tombstone_of_thousands_beyond_the_limit_costs_little_more_than_to_read_it(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hear((ward.topic("status"), ward.status()), (ward.topic("entries"), ward.batch(1)))
    spent = []
    for turn in range(6):
        if turn == 1:
            monkeypatch.setattr(holdings, "MOST_LOST_INTERVALS", 5000)
        ranges = [(turn * 10_000 + 2 * n + 1,) * 2 for n in range(5000)]
        position = ward.write(Tombstone(b"\x07" * 16, ranges, "journal_full"))
        spent.append(_seconds(desk, (ward.topic("entries"), ward.batch(position))))
    assert min(spent[1:]) < spent[0] / 2
    assert desk.holdings.of(ward.ward, b"\x07" * 16).lost.intervals == 5000


def test_incarnations_that_come_and_go_in_turns_cost_little_more_each_time(desk: Desk, ward: ScriptedWard) -> None:
    """Named as lost by the one status, and found again by the next."""
    spent = [
        _seconds(desk, (ward.topic("status"), ward.status(held=_held(2000, turn % 2 * 2000)))) for turn in range(6)
    ]
    assert desk.site.ward(ward.ward).named_losses == 10_000
    assert min(spent[2:]) < 5 * spent[0] + 0.2  # it was a second, and thirty times as much
