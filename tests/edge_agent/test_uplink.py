"""Replication as a district sees it, over Debian's mosquitto."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.uplink.batches import MAX_BATCH_BYTES, Replay, batches
from edge_agent.uplink.link import Broker
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry import wire_pb2 as wire
from telemetry.clock import SystemClock
from telemetry.deflate import Dictionary, inflate, names_dictionary
from telemetry.entry import Facts, Readings, decode
from telemetry.intervals import IntervalSet
from telemetry.readings import Fact, Reading, Reason
from tests.edge_agent.conftest import DISTRICT, SECONDS, WARD, Hub, Mosquitto
from tests.edge_agent.line import Line

Start = Callable[..., Uplink]


@pytest.fixture
def start(broker: Mosquitto, journal: Journal) -> Iterator[Start]:
    """start(heartbeat_seconds=1): an uplink of `journal` to `broker`."""
    started: list[Uplink] = []

    def make(
        asked: list[str] | None = None, of: Journal | None = None, url: str = broker.url, **settings: float
    ) -> Uplink:
        def poll_now(device: str) -> bool:
            (asked if asked is not None else []).append(device)
            return device == "ups-1"

        retry = {"retry_seconds": (0.2, 0.5), **settings}
        settings_ = UplinkSettings(DISTRICT, WARD, Broker.from_url(url), "1.2.3", **retry)  # type: ignore[arg-type]
        source = of or journal
        uplink = Uplink(settings_, source, poll_now, SystemClock(), random.Random(7))
        source.subscribe(uplink.offer)
        uplink.start()
        started.append(uplink)
        return uplink

    yield make
    for uplink in started:
        uplink.stop()


def write(journal: Journal, count: int, size: int = 1) -> int:
    """Make so many entries durable; the newest position."""
    for number in range(count):
        readings = tuple(Reading("port_up", 1.0, f"port number {n} of {number}") for n in range(size))
        journal.append(Readings(readings), kind="switch", device="switch-1")
    assert journal.flush()
    return journal.head()


def replay(journal: Journal, first: int, last: int, name: str = "r1") -> wire.Request:
    asked = wire.ReplayRange(incarnation=journal.incarnation, first=first, last=last)
    return wire.Request(id=name, replay=asked)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_status_tells_what_the_journal_holds(start: Start, hub: Hub, journal: Journal) -> None:
    head = write(journal, 5)
    start()
    status = hub.online()
    assert (status.incarnation, status.first_position, status.head_position) == (journal.incarnation, 1, head)
    assert (status.agent_version, status.trouble) == ("1.2.3", "")
    assert status.wall_time_us == pytest.approx(time.time() * 1e6, abs=60e6)


def test_earlier_incarnations_are_told_too(start: Start, hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "two.db"
    before = Journal.open(file, clock=SystemClock(), agent_version="1")
    before.close()
    with_past = Journal.open(file, clock=SystemClock(), agent_version="1")
    try:
        uplink = start(of=with_past)
        status = hub.online()
        uplink.stop()
        assert [bytes(held.incarnation) for held in status.held] == [before.incarnation]
        assert (status.held[0].first_position, status.held[0].last_position) == (1, before.head())
    finally:
        with_past.close()


def test_what_becomes_durable_is_sent_verbatim_and_in_order(start: Start, hub: Hub, journal: Journal) -> None:
    start()
    first = hub.online().head_position + 1
    last = write(journal, 30)
    sent: list[bytes] = []
    while len(sent) < last - first + 1:
        batch = hub.live.get(timeout=SECONDS)
        assert batch.first_position == first + len(sent)
        sent += batch.entries
    assert sent == [entry for _, entry in journal.read(journal.incarnation, first, last)]
    assert [decode(entry).position for entry in sent] == list(range(first, last + 1))


def test_nothing_is_sent_that_is_not_durable(
    start: Start, hub: Hub, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(heartbeat_seconds=0.1)
    hub.online()

    def refuse(*_: object) -> None:
        raise OSError("the disk is away")

    monkeypatch.setattr(journal._ledger, "commit", refuse)
    journal.append(Facts((Fact("vendor", "x"),)), urgent=True)
    trouble = hub.status(lambda status: bool(status.trouble))
    assert hub.live.empty()
    assert trouble.online
    monkeypatch.undo()
    hub.status(lambda status: not status.trouble)
    assert hub.live.get(timeout=SECONDS).entries


def test_a_range_that_was_asked_for_comes_whole_with_its_request(start: Start, hub: Hub, journal: Journal) -> None:
    last = write(journal, 50)
    start()
    hub.online()
    hub.ask(replay(journal, 3, last, "again"))
    assert hub.positions(hub.replayed, last) == list(range(3, last + 1))
    reply = hub.replies.get(timeout=SECONDS)
    assert (reply.request_id, reply.ok, list(reply.unavailable)) == ("again", True, [])


def test_a_large_range_comes_in_batches_that_a_broker_takes(start: Start, hub: Hub, journal: Journal) -> None:
    last = write(journal, 40, size=1000)
    start(replay_bytes_per_second=1e9)
    hub.online()
    hub.ask(replay(journal, 1, last))
    hub.replies.get(timeout=SECONDS)
    sizes = [sum(map(len, batch.entries)) for batch in hub.replayed.queue]
    assert len(sizes) > 3
    assert max(sizes) <= MAX_BATCH_BYTES


def test_live_entries_go_before_a_long_replay(start: Start, hub: Hub, journal: Journal) -> None:
    last = write(journal, 60, size=1000)
    start(replay_bytes_per_second=500_000)
    hub.online()
    hub.ask(replay(journal, 1, last))
    hub.replayed.get(timeout=SECONDS)
    newest = write(journal, 1)
    assert newest in hub.positions(hub.live, newest)
    assert hub.replies.empty()


def test_what_is_not_held_is_told_and_what_is_not_written_yet_is_not_called_gone(
    start: Start, hub: Hub, journal: Journal
) -> None:
    last = write(journal, 3)
    start()
    hub.online()
    hub.ask(replay(journal, last + 1, last + 100, "future"))
    assert list(hub.replies.get(timeout=SECONDS).unavailable) == []
    foreign = wire.ReplayRange(incarnation=b"\x07" * 16, first=1, last=9)
    hub.ask(wire.Request(id="foreign", replay=foreign))
    reply = hub.replies.get(timeout=SECONDS)
    assert reply.ok
    assert [(each.first, each.last) for each in reply.unavailable] == [(1, 9)]


def test_the_journal_is_told_what_the_district_holds(start: Start, hub: Hub, journal: Journal) -> None:
    last = write(journal, 5)
    uplink = start()
    hub.online()
    assert not uplink.wait_until_committed(0)
    ranges = [wire.Range(first=1, last=2), wire.Range(first=3, last=last)]
    hub.ask(wire.Request(committed=wire.Committed(incarnation=journal.incarnation, ranges=ranges)))
    assert uplink.wait_until_committed(SECONDS)


def tell(hub: Hub, uplink: Uplink, journal: Journal, last: int, remembered: wire.Range | None) -> None:
    """Confirm all up to `last`, and what may be used as a dictionary."""
    committed = wire.Committed(incarnation=journal.incarnation, ranges=[wire.Range(first=1, last=last)])
    if remembered is not None:
        committed.remembered.CopyFrom(remembered)
    hub.ask(wire.Request(committed=committed))
    assert uplink.wait_until_committed(SECONDS)


def entries_of(batch: wire.Batch, dictionary: Dictionary | None = None) -> list[bytes]:
    assert batch.deflated and not batch.entries
    assert names_dictionary(batch) == (None if dictionary is None else (dictionary.first, dictionary.last))
    return list(inflate(batch, dictionary).entries)


def test_batches_are_deflated_when_the_district_reads_that_and_with_what_it_remembers(
    start: Start, hub: Hub, journal: Journal
) -> None:
    uplink = start()
    hub.online()

    def send(count: int) -> tuple[wire.Batch, list[bytes]]:
        last = write(journal, count)
        batch = hub.live.get(timeout=SECONDS)
        return batch, [entry for _, entry in journal.read(journal.incarnation, last - count + 1, last)]

    batch, written = send(3)
    assert list(batch.entries) == written  # nobody said that it reads anything else
    tell(hub, uplink, journal, journal.head(), wire.Range())
    batch, written = send(3)
    assert entries_of(batch) == written
    used = Dictionary.of(journal.incarnation, 2, [entry for _, entry in journal.read(journal.incarnation, 2, 7)])
    tell(hub, uplink, journal, journal.head(), wire.Range(first=used.first, last=used.last))
    batch, written = send(3)
    assert entries_of(batch, used) == written
    tell(hub, uplink, journal, journal.head(), wire.Range(first=5, last=500))  # it cannot be
    batch, written = send(3)
    assert entries_of(batch) == written
    tell(hub, uplink, journal, journal.head(), None)  # an earlier version took the district's place
    batch, written = send(3)
    assert list(batch.entries) == written


def test_a_replay_is_deflated_without_a_dictionary(start: Start, hub: Hub, journal: Journal) -> None:
    uplink = start()
    hub.online()
    last = write(journal, 50)
    tell(hub, uplink, journal, last, wire.Range(first=2, last=9))
    asked = replay(journal, 10, last)
    asked.replay.deflated = True
    hub.ask(asked)
    batch = hub.replayed.get(timeout=SECONDS)
    assert entries_of(batch) == [entry for _, entry in journal.read(journal.incarnation, 10, last)]
    assert batch.request_id == asked.id


def test_a_district_that_hears_the_live_batches_needs_few_statuses(start: Start, hub: Hub, journal: Journal) -> None:
    start(heartbeat_seconds=1.0, news_seconds=0.5)
    hub.online()
    time.sleep(2.0)  # the first statuses come often
    while not hub.statuses.empty():
        hub.statuses.get()
    began = time.monotonic()
    while time.monotonic() - began < 2.0:
        write(journal, 1)
        time.sleep(0.2)
    assert hub.live.qsize() > 5
    assert hub.statuses.qsize() <= 1  # on a machine that is too busy to send at once
    assert hub.status(lambda status: status.head_position == journal.head())  # silent, it says that it is there


def test_a_device_is_polled_when_the_district_asks(start: Start, hub: Hub) -> None:
    asked: list[str] = []
    start(asked)
    hub.online()
    hub.ask(wire.Request(id="p1", poll=wire.PollNow(device="ups-1")))
    hub.ask(wire.Request(id="p2", poll=wire.PollNow(device="nobody")))
    replies = [hub.replies.get(timeout=SECONDS) for _ in range(2)]
    assert [(reply.request_id, reply.ok) for reply in replies] == [("p1", True), ("p2", False)]
    assert asked == ["ups-1", "nobody"]


def test_a_live_picture_is_politely_refused_for_now(start: Start, hub: Hub) -> None:
    start()
    hub.online()
    hub.ask(wire.Request(id="s1", start_stream=wire.StartStream(device="cam-1")))
    reply = hub.replies.get(timeout=SECONDS)
    assert (reply.ok, reply.reason.code) == (False, "unsupported")


BAD_REQUESTS = {
    "garbage": b"\xff\xfe\x00garbage",
    "empty": b"",
    "too long": b"\x0a" + b"x" * 300_000,
    "no incarnation": wire.Request(id="a", replay=wire.ReplayRange(first=1, last=2)).SerializeToString(),
    "backwards": wire.Request(replay=wire.ReplayRange(incarnation=b"1" * 16, first=5, last=2)).SerializeToString(),
    "from zero": wire.Request(
        committed=wire.Committed(incarnation=b"1" * 16, ranges=[wire.Range(first=0, last=2)])
    ).SerializeToString(),
    "long id": wire.Request(id="x" * 500, poll=wire.PollNow(device="ups-1")).SerializeToString(),
}


def test_requests_that_make_no_sense_are_counted_and_ignored(start: Start, hub: Hub) -> None:
    uplink = start()
    hub.online()
    for data in BAD_REQUESTS.values():
        hub.ask(data)
    hub.ask(wire.Request(id="good", poll=wire.PollNow(device="ups-1")))
    assert hub.replies.get(timeout=SECONDS).request_id == "good"
    assert uplink.counts.bad_requests == len(BAD_REQUESTS)


def test_a_clean_stop_says_goodbye_and_it_stays_for_those_who_come_later(
    start: Start, hub: Hub, journal: Journal
) -> None:
    head = write(journal, 2)
    uplink = start()
    hub.online()
    uplink.stop()
    goodbye = hub.status(lambda status: not status.online)
    assert (goodbye.incarnation, goodbye.head_position) == (journal.incarnation, head)


def test_the_broker_speaks_for_a_ward_that_fell_silent(start: Start, hub: Hub, journal: Journal) -> None:
    uplink = start()
    hub.online()
    link = uplink._link
    assert link is not None
    connection = link._client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)  # as when the process dies: no DISCONNECT is sent
    assert hub.status(lambda status: not status.online).incarnation == journal.incarnation
    hub.online()


def test_after_the_broker_died_the_ward_comes_back_and_the_district_sees_what_it_lacks(
    start: Start, hub: Hub, broker: Mosquitto, journal: Journal
) -> None:
    uplink = start()
    hub.online()
    seen = hub.positions(hub.live, write(journal, 3))
    broker.kill()
    wait_for(lambda: uplink._link is None)
    while_away = write(journal, 20)
    assert uplink._live.bytes == 0  # nothing is kept in memory for later
    broker.start()
    status = hub.status(lambda status: status.online and status.head_position >= while_away)
    hub.ask(replay(journal, seen[-1] + 1, status.head_position))
    assert hub.positions(hub.replayed, while_away) == list(range(seen[-1] + 1, while_away + 1))
    assert while_away + 1 in hub.positions(hub.live, write(journal, 1))
    assert uplink.counts.connections == 2


@pytest.fixture
def line(broker: Mosquitto) -> Iterator[Line]:
    made = Line(broker.port)
    yield made
    made.thaw()
    made.close()


def test_a_line_that_died_without_a_word_is_noticed_and_used_again_when_it_is_back(
    start: Start, hub: Hub, line: Line, journal: Journal
) -> None:
    uplink = start(url=line.url, keepalive_seconds=1, ready_seconds=1.0)
    hub.online()
    line.freeze()
    write(journal, 3)
    wait_for(lambda: uplink._link is None)
    line.thaw()
    wait_for(lambda: uplink.counts.connections == 2)
    newest = write(journal, 1)
    assert newest in hub.positions(hub.live, newest)


def test_a_stop_does_not_wait_for_a_dead_line(start: Start, hub: Hub, line: Line, journal: Journal) -> None:
    uplink = start(url=line.url, keepalive_seconds=60)
    hub.online()
    line.freeze()
    write(journal, 3)
    began = time.monotonic()
    uplink.stop()
    assert time.monotonic() - began < 6


def test_an_uplink_that_finds_no_broker_can_be_stopped_at_once(start: Start, broker: Mosquitto) -> None:
    broker.kill()
    uplink = start(retry_seconds=(30.0, 30.0))
    began = time.monotonic()
    uplink.stop()
    assert time.monotonic() - began < 3


def test_the_heartbeat_goes_on(start: Start, hub: Hub, journal: Journal) -> None:
    start(heartbeat_seconds=0.2)
    assert hub.online().head_position == 1
    write(journal, 4)
    assert hub.status(lambda status: status.head_position == 5).online


def test_when_the_line_is_too_slow_live_entries_are_dropped_not_heaped_up(
    broker: Mosquitto, journal: Journal, start: Start, hub: Hub
) -> None:
    uplink = start(max_in_flight=0, max_live_bytes=10_000)
    hub.online()
    head = write(journal, 50, size=20)
    wait_for(lambda: uplink.counts.live_dropped > 0)
    assert uplink._live.bytes <= 10_000
    assert head == journal.head()


# ---- without a broker ----------------------------------------------------------------------------------------------


def test_batches_cover_all_entries_in_order_and_keep_the_limit(seed: int) -> None:
    chance = random.Random(seed)
    entries = [chance.randbytes(chance.choice((10, 1000, 100_000, 260_000))) for _ in range(100)]
    found = [wire.Batch.FromString(data) for data in batches(b"i" * 16, 7, entries)]
    assert [entry for batch in found for entry in batch.entries] == entries
    at = 7
    for batch in found:
        assert batch.first_position == at
        assert len(batch.entries) == 1 or sum(map(len, batch.entries)) <= MAX_BATCH_BYTES
        at += len(batch.entries)


class Holey:
    """A journal of which some entries were pruned."""

    incarnation = b"i" * 16

    def __init__(self, positions: list[int]) -> None:
        self.positions = positions

    def head(self) -> int:
        return 1000

    def held(self) -> list[object]:
        return []

    def is_whole(self) -> bool:
        return True

    def read(self, incarnation: bytes, first: int, last: int, max_bytes: int) -> list[tuple[int, bytes]]:
        return [(at, b"%d" % at) for at in self.positions if first <= at <= last][:7]

    def mark_committed(self, incarnation: bytes, positions: IntervalSet) -> None: ...

    def take_back(self, incarnation: bytes, positions: IntervalSet) -> None: ...

    def committed(self) -> dict[bytes, IntervalSet]:
        return {}

    def trouble(self) -> Reason | None:
        return None


def test_a_replay_gives_what_is_held_and_names_the_rest(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        held = sorted(chance.sample(range(1, 60), chance.randrange(60)))
        job = Replay(Holey(held), "r", b"x" * 16, 10, 50)  # type: ignore[arg-type]
        given: list[int] = []
        while (data := job.next()) is not None:
            batch = wire.Batch.FromString(data)
            given += range(batch.first_position, batch.first_position + len(batch.entries))
            assert list(batch.entries) == [b"%d" % at for at in given[-len(batch.entries) :]]
        assert given == [at for at in held if 10 <= at <= 50]
        wanted = IntervalSet((at, at) for at in range(10, 51) if at not in held)
        assert job.unavailable == wanted
