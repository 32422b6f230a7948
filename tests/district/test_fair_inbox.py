"""Between the broker and the ingest: new before old, wards in turns, groups of a moment, floods dropped and told."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from district import floods
from district.commit_pace import GROUP_SECONDS, LEAST_GROUP, MOST_GROUP, MOST_WINDOW, CommitPace
from district.fair_queue import QUANTUM_BYTES, FairQueue
from district.floods import CALM_SECONDS, EXCESS, FIRST_DEAF_SECONDS, STRANGERS, Floods
from district.inbox import MOST_BYTES, MOST_BYTES_OF_A_WARD, Inbox
from district.message import Message
from telemetry.clock import FakeClock

WARDS = ("a", "b", "c")


def topic(ward: str, what: str) -> str:
    return f"wardwatch/1/hai-chau/{ward}/{what}"


def said(message: Message) -> tuple[str, str]:
    parts = message.topic.split("/")
    return parts[3], parts[4]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_us=1)


@pytest.fixture
def inbox(clock: FakeClock) -> Inbox:
    return Inbox(clock, WARDS, CommitPace())


# ---- turns ---------------------------------------------------------------------------------------------------------


def test_lanes_get_equal_bytes_whatever_the_size_of_what_they_send(seed: int) -> None:
    chance = random.Random(seed)
    queue: FairQueue[str] = FairQueue()
    for lane, size in (("small", 300), ("large", 200_000), ("mixed", 0)):
        for _ in range(4_000_000 // (size or 100_000)):
            queue.put(lane, lane, size or chance.randrange(1, 200_000))
    sizes = {"small": 300, "large": 200_000}
    before = {lane: queue.waiting(lane) for lane in ("small", "large", "mixed")}
    taken = 0
    while taken < 3_000_000:
        taken += sum(sizes.get(lane, 100_000) for lane in queue.take(250_000))
    got = [before[lane] - queue.waiting(lane) for lane in before]
    assert max(got) - min(got) <= 2 * 200_000 + QUANTUM_BYTES, got


def test_a_lane_keeps_its_order_and_nothing_is_lost_or_doubled(seed: int) -> None:
    chance = random.Random(seed)
    queue: FairQueue[tuple[str, int]] = FairQueue()
    put: Counter[str] = Counter()
    got: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    for _ in range(2_000):
        for lane in chance.sample("abc", chance.randrange(4)):
            queue.put(lane, (lane, put[lane]), chance.randrange(100_000))
            put[lane] += 1
        for lane, number in queue.take(chance.randrange(1, 200_000)) if queue else []:
            got[lane].append(number)
    while queue:
        for lane, number in queue.take(100_000):
            got[lane].append(number)
    assert got == {lane: list(range(put[lane])) for lane in "abc"}
    assert queue.bytes == 0


# ---- groups --------------------------------------------------------------------------------------------------------


def test_what_is_new_goes_before_what_was_asked_for_again(inbox: Inbox) -> None:
    for _ in range(20):
        inbox.put(Message(topic("a", "replay"), bytes(100_000)))
    inbox.put(Message(topic("a", "replies"), b"done"))
    inbox.put(Message(topic("b", "entries"), b"new"))
    inbox.put(Message(topic("a", "status"), b"new"))
    assert [said(message) for message in inbox.take(0).messages] == [("b", "entries"), ("a", "status")]
    old = [said(message) for message in inbox.take(0).messages]
    assert old in ([("a", "replay")], [("a", "replay")] * 2)  # only as much as takes a moment
    inbox.put(Message(topic("c", "entries"), b"new"))
    assert [said(message) for message in inbox.take(0).messages] == [("c", "entries")]
    for _ in range(2_000):
        inbox.put(Message(topic("b", "entries"), bytes(2_000)))
    turns = [{said(message)[1] for message in inbox.take(0).messages} for _ in range(4)]
    assert turns == [{"replay"}, {"entries"}, {"replay"}, {"entries"}]  # nor is the old kept waiting for ever
    rest = []
    while group := inbox.take(0).messages:
        rest += [said(message) for message in group if said(message)[0] == "a"]
    assert rest[-1] == ("a", "replies")  # which ends a replay, so it comes after it


def test_three_wards_that_come_back_at_once_are_served_in_turns(inbox: Inbox) -> None:
    for ward, size in (("a", 4_000), ("b", 60_000), ("c", 250_000)):
        for _ in range(3_000_000 // size):
            inbox.put(Message(topic(ward, "replay"), bytes(size)))
    served: Counter[str] = Counter()
    while min(3_000_000 - served[ward] for ward in WARDS) > 500_000:
        for message in inbox.take(0).messages:
            served[said(message)[0]] += len(message.payload)
    assert max(served.values()) - min(served.values()) < 600_000, served


def test_a_group_shrinks_on_a_slow_machine_and_grows_on_a_fast_one() -> None:
    pace = CommitPace()
    for _ in range(20):
        pace.handled(pace.group_bytes, pace.group_bytes / 300_000)  # 300 kB a second
    assert pace.group_bytes == pytest.approx(300_000 * GROUP_SECONDS, rel=0.1)
    assert pace.window_bytes == pytest.approx(900_000, rel=0.1)
    for _ in range(20):
        pace.handled(40_000, 40.0)
    assert pace.group_bytes == LEAST_GROUP
    for _ in range(500):
        pace.handled(1_000_000, 0.01)
    assert (pace.group_bytes, pace.window_bytes) == (MOST_GROUP, MOST_WINDOW)
    assert pace.request_bytes(100, 2) == MOST_WINDOW // 200  # a hundred wards share it
    before = pace.group_bytes
    pace.handled(100, 5.0)  # what a commit of next to nothing took says nothing of bytes
    assert pace.group_bytes == before


# ---- floods --------------------------------------------------------------------------------------------------------


def test_a_flood_drops_its_own_messages_only_and_the_others_wait_for_no_more_than_their_turn(inbox: Inbox) -> None:
    for number in range(50_000):
        inbox.put(Message(topic("a", "entries"), bytes(500)))
        if number % 10_000 == 0:
            inbox.put(Message(topic("b", "entries"), b"new"))
            inbox.put(Message(topic("c", "replay"), bytes(50_000)))
    group = inbox.take(0)
    assert Counter(said(message)[0] for message in group.messages)["b"] == 5
    assert {said(message)[0] for message in inbox.take(0).messages} == {"c"}
    assert group.traffic.flooding == {"a"}
    assert set(group.traffic.dropped) == {"a"}
    assert group.traffic.dropped["a"] == 50_000 - floods.MOST_MESSAGES


def test_the_inbox_is_bounded_and_the_ward_with_most_waiting_gives_way(inbox: Inbox) -> None:
    wards = [f"w{number}" for number in range(20)]
    inbox = Inbox(FakeClock(wall_us=1), wards, CommitPace())
    for ward in wards[:8]:
        for _ in range(20):
            inbox.put(Message(topic(ward, "replay"), bytes(1_000_000)))
            assert inbox._again.waiting(ward) <= MOST_BYTES_OF_A_WARD
    for ward in wards[8:]:
        for _ in range(3):
            inbox.put(Message(topic(ward, "replay"), bytes(1_000_000)))
    assert inbox._bytes <= MOST_BYTES
    assert all(inbox._again.waiting(ward) >= 2_000_000 for ward in wards[8:])
    assert inbox.take(0).traffic.busy


def test_a_payload_bomb_does_not_enter_and_counts_as_a_flood(inbox: Inbox) -> None:
    inbox.put(Message(topic("a", "entries"), bytes(100_000_000)))
    inbox.put(Message(topic("b", "entries"), b"new"))
    group = inbox.take(0)
    assert [said(message)[0] for message in group.messages] == ["b"]
    assert (group.traffic.flooding, group.traffic.dropped) == ({"a"}, {"a": 1})


def test_who_goes_on_flooding_is_not_listened_to_for_ever_longer_and_is_forgiven_when_calm(clock: FakeClock) -> None:
    watch = Floods(clock, WARDS)

    def flood() -> None:
        for _ in range(round(floods.MOST_MESSAGES) + EXCESS):
            watch.admit("a", 100)

    deaf = []
    for _ in range(4):
        flood()
        assert watch.traffic(False).deaf == {"a"}
        waited = 0.0
        while watch.traffic(False).deaf:
            clock.advance(1.0)
            waited += 1.0
            watch.tick()
        deaf.append(waited)
    assert deaf == [FIRST_DEAF_SECONDS, 2 * FIRST_DEAF_SECONDS, 4 * FIRST_DEAF_SECONDS, 8 * FIRST_DEAF_SECONDS]
    clock.advance(CALM_SECONDS - 1)
    watch.tick()
    assert watch.traffic(False).flooding == {"a"}
    clock.advance(1)
    watch.tick()
    assert watch.traffic(False).flooding == frozenset()
    flood()
    clock.advance(FIRST_DEAF_SECONDS)  # and its sins are forgotten
    watch.tick()
    assert watch.traffic(False).deaf == frozenset()


def test_what_an_agent_sends_is_never_a_flood(clock: FakeClock) -> None:
    """A batch a second, conditions in between, and a replay at the agent's own rate, for an hour."""
    watch = Floods(clock, WARDS)
    for _ in range(3600):
        clock.advance(1.0)
        assert all(watch.admit("a", 40_000) for _ in range(6))
        assert all(watch.admit("a", 4_096) for _ in range(244))
    assert watch.traffic(False).dropped == {}


def test_strangers_share_one_lane(inbox: Inbox) -> None:
    for number in range(3_000):
        inbox.put(Message(topic(f"nobody-{number}", "entries"), b"x"))
        inbox.put(Message("something/else", b"x"))
    inbox.put(Message(topic("b", "entries"), b"new"))
    traffic = inbox.take(0).traffic
    assert traffic.flooding == {STRANGERS}
    assert traffic.deaf == {STRANGERS}
