"""What is asked for again never keeps what is new waiting, however narrow the line; what is asked is bounded."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from edge_agent.uplink.batches import MAX_HOLES, Replay
from edge_agent.uplink.link import Broker
from edge_agent.uplink.pace import LEAST_WINDOW, MOST_BATCH, Pace
from edge_agent.uplink.requests import MAX_BYTES, MAX_WAITING_BYTES, Inbox
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.status import Status
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from journal.model import Held
from telemetry import wire_pb2 as wire
from telemetry.clock import FakeClock, SystemClock
from telemetry.entry import Readings
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading, Reason
from tests.edge_agent.conftest import DISTRICT, SECONDS, WARD, Hub, Mosquitto
from tests.edge_agent.line import Line

NARROW = 150_000  # bytes per second


def carry(pace: Pace, bytes_per_second: float, delay: float, seconds: float) -> tuple[list[float], float]:
    """A line of that width and delay on which a replay sends whatever it may: how long each message took, and which
    share of the line was used."""
    now, free_at, carried = 0.0, 0.0, 0
    under_way: list[tuple[float, float]] = []
    took: list[float] = []
    while now < seconds:
        while pace.may_replay:
            free_at = max(free_at, now) + pace.batch / bytes_per_second
            carried += pace.batch
            pace.sent(pace.batch, now, replay=True)
            under_way.append((free_at + delay, now))
        arrives, sent_at = under_way.pop(0)
        now = arrives
        pace.acknowledged(now)
        took.append(now - sent_at)
    return took, carried / bytes_per_second / seconds


@pytest.mark.parametrize("bytes_per_second", [64_000, 250_000, 1_250_000, 12_500_000])
@pytest.mark.parametrize("delay", [0.001, 0.05])
def test_what_is_replayed_takes_a_quarter_of_a_second_of_the_line_at_most(bytes_per_second: int, delay: float) -> None:
    took, used = carry(Pace(0.25), bytes_per_second, delay, 20.0)
    settled = took[len(took) // 2 :]
    assert max(took) < 0.75 + delay
    assert max(settled) < 0.4 + delay
    assert used > 0.6  # and the line does not fall idle for it


def test_a_wide_line_is_filled_and_a_narrow_one_gets_small_batches() -> None:
    wide, narrow = Pace(0.25), Pace(0.25)
    carry(wide, 12_500_000, 0.01, 10.0)
    carry(narrow, 20_000, 0.01, 10.0)
    assert wide.batch == MOST_BATCH
    assert narrow.window == LEAST_WINDOW
    assert len(narrow) <= 2


@pytest.fixture
def narrow(broker: Mosquitto) -> Iterator[Line]:
    line = Line(broker.port, NARROW)
    yield line
    line.close()


def test_over_a_narrow_line_a_new_entry_waits_less_than_a_second_while_megabytes_are_replayed(
    narrow: Line, hub: Hub, journal: Journal
) -> None:
    for number in range(100):
        readings = [Reading("port_up", 1.0, f"port number {n} of {number}") for n in range(500)]
        journal.append(Readings(readings), kind="switch", device="switch-1")
    assert journal.flush()
    last = journal.head()
    settings = UplinkSettings(DISTRICT, WARD, Broker("127.0.0.1", narrow.port), "1.2.3")
    uplink = Uplink(settings, journal, lambda _: True, SystemClock(), random.Random(7))
    journal.subscribe(uplink.offer)
    uplink.start()
    try:
        hub.online()
        asked = wire.ReplayRange(incarnation=journal.incarnation, first=1, last=last)
        hub.ask(wire.Request(id="all", replay=asked))
        hub.replayed.get(timeout=SECONDS)
        waited = []
        for _ in range(6):
            began = time.monotonic()
            journal.append(Readings([Reading("port_up", 1.0)]), kind="switch", device="switch-1", urgent=True)
            hub.live.get(timeout=SECONDS)
            waited.append(time.monotonic() - began)
            time.sleep(0.2)
        assert hub.replies.empty(), "the replay was over too soon to keep anything waiting"
        # At 150 kB/s the old window of 16 messages of 256 kB would have kept it waiting for half a minute.
        assert max(waited) < 1.0, waited
    finally:
        uplink.stop()


class Sieve:
    """A journal that holds every second entry, and ten million of them."""

    incarnation = b"i" * 16

    def head(self) -> int:
        return 10_000_000

    def held(self) -> list[object]:
        return []

    def is_whole(self) -> bool:
        return True

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> list[tuple[int, bytes]]:
        start = first + first % 2
        return [(at, b"entry") for at in range(start, min(last, start + 2000) + 1, 2)]

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None: ...

    def trouble(self) -> Reason | None:
        return None


def test_a_replay_of_all_that_can_be_named_ends_with_a_reply_of_bounded_size() -> None:
    job = Replay(Sieve(), "r", b"x" * 16, 1, 2**60)  # type: ignore[arg-type]
    batches = 0
    while job.next() is not None:
        batches += 1
    assert MAX_HOLES <= len(list(job.unavailable)) <= MAX_HOLES + 1001
    assert batches <= MAX_HOLES + 1001


def test_requests_of_hostile_size_wait_in_bounded_room() -> None:
    inbox = Inbox()
    taken = sum(inbox.put(bytes(MAX_BYTES)) for _ in range(1000))
    assert taken == MAX_WAITING_BYTES // MAX_BYTES
    while inbox.take() is not None:
        pass
    assert inbox.put(bytes(MAX_BYTES))


def test_a_ward_of_ten_thousand_starts_tells_of_all_in_messages_of_bounded_size() -> None:
    held = [Held(number.to_bytes(16, "big"), 1, 9) for number in range(10_000)]

    class Old(Sieve):
        def held(self) -> list[object]:
            return [*held, Held(self.incarnation, 1, 9)]

    status = Status(Old(), FakeClock(wall_us=1), "1.2.3", 15.0, 5.0)  # type: ignore[arg-type]
    named: set[bytes] = set()
    for _ in range(60):
        message = status.message(online=True)
        assert len(message) < 16_000
        told = wire.Status.FromString(message)
        assert told.held_in_part
        named |= {each.incarnation for each in told.held}
        assert told.held[-1].incarnation == held[-1].incarnation
    assert named == {each.incarnation for each in held}
