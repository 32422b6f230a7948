"""Versions of MQTT: topics by their numbers where the broker knows MQTT 5, and 3.1.1 where it does not."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import pytest

from edge_agent.uplink.aliases import Name, TopicAliases
from edge_agent.uplink.link import Broker
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry.clock import SystemClock
from telemetry.entry import Readings
from telemetry.readings import Reading
from tests.edge_agent.conftest import DISTRICT, WARD, Hub, Mosquitto, listening
from tests.edge_agent.line import Door, carry, carry_beside

_LEVEL_AT = 8  # of a short CONNECT: type, length, "MQTT" with its length, then the protocol level
_CONNACK_UNACCEPTABLE_VERSION = b"\x20\x02\x00\x01"  # MQTT 3.1.1 section 3.2
_TOPIC = f"wardwatch/1/{DISTRICT}/{WARD}/entries".encode()


class Answer(Enum):
    """What a broker that knows 3.1.1 only does with a CONNECT of MQTT 5."""

    REFUSES = "answers as the standard asks"
    HANGS_UP = "hangs up"
    IS_SILENT = "waits for ever"


class Wire:
    """A way to a broker that keeps what wards send; with an `answer`, the broker at its end knows 3.1.1 only."""

    def __init__(self, broker: int, answer: Answer | None = None) -> None:
        self._broker, self._answer = broker, answer
        self.sent = bytearray()
        self.levels: list[int] = []  # protocol levels that connections began with
        self._door = Door(self._join)
        self.url, self.close = self._door.url, self._door.close

    def _join(self, near: socket.socket) -> None:
        first = near.recv(65536)
        self.levels.append(first[_LEVEL_AT + (first[1] > 0x7F)])
        if self._answer is not None and self.levels[-1] != 4:
            self._turn_away(near)
            return
        far = socket.create_connection(("127.0.0.1", self._broker))
        far.sendall(first)
        carry_beside(far, near, lambda _: None)
        carry(near, far, self.sent.extend)

    def _turn_away(self, near: socket.socket) -> None:
        if self._answer is Answer.REFUSES:
            near.sendall(_CONNACK_UNACCEPTABLE_VERSION)
        if self._answer is Answer.IS_SILENT:
            while near.recv(65536):
                pass
        near.close()


@contextlib.contextmanager
def uplink(journal: Journal, url: str) -> Iterator[Uplink]:
    settings = UplinkSettings(
        DISTRICT, WARD, Broker.from_url(url), "1.2.3", ready_seconds=1.0, retry_seconds=(600.0, 600.0)
    )
    running = Uplink(settings, journal, lambda _: False, SystemClock(), random.Random(7))
    journal.subscribe(running.offer)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def wire_to(broker: Mosquitto) -> Iterator[Callable[..., Wire]]:
    made: list[Wire] = []

    def make(answer: Answer | None = None) -> Wire:
        made.append(Wire(broker.port, answer))
        return made[-1]

    yield make
    for each in made:
        each.close()


def write(journal: Journal, number: int) -> int:
    journal.append(Readings((Reading("port_up", 1.0, f"port {number}"),)), kind="switch", device="switch-1")
    assert journal.flush()
    return journal.head()


def test_a_topic_is_said_once_and_then_by_its_number(wire_to: Callable[..., Wire], hub: Hub, journal: Journal) -> None:
    line = wire_to()
    with uplink(journal, line.url):
        hub.online()
        said, alone = 0, 0
        for number in range(200):  # the district may hear of some messages before the ward of their receipt
            last = write(journal, number)
            assert hub.positions(hub.live, last) == [last]
            alone = alone + 1 if line.sent.count(_TOPIC) == said else 0
            said = line.sent.count(_TOPIC)
            if alone == 10:
                break
    assert line.levels == [5]
    assert said >= 1 and alone == 10


def test_many_messages_at_once_arrive_under_their_topics_and_in_order(
    wire_to: Callable[..., Wire], hub: Hub, journal: Journal
) -> None:
    with uplink(journal, wire_to().url):
        hub.online()
        before = journal.head()
        for number in range(300):
            journal.append(Readings((Reading("port_up", 1.0, f"port {number}"),)), kind="switch", device="switch-1")
            if number % 3 == 0:
                journal.flush()
        assert journal.flush()
        assert hub.positions(hub.live, journal.head()) == list(range(before + 1, journal.head() + 1))


@pytest.mark.parametrize("answer", Answer, ids=lambda answer: answer.name.lower())
def test_a_broker_that_knows_the_older_version_only_is_spoken_to_in_that(
    answer: Answer, wire_to: Callable[..., Wire], hub: Hub, journal: Journal
) -> None:
    line = wire_to(answer)
    with uplink(journal, line.url):  # which would wait ten minutes before it tried again by itself
        hub.online()
        last = write(journal, 1)
        assert hub.positions(hub.live, last) == [last]
    assert line.levels == [5, 4]
    assert line.sent.count(_TOPIC) == 1


@pytest.mark.parametrize(
    ("limit", "levels"),
    [("max_topic_alias 0", [5]), ("max_inflight_messages 3", [5, 4])],
    ids=["remembers no numbers", "takes few messages at once"],
)
def test_what_a_broker_says_of_its_limits_is_kept(
    limit: str,
    levels: list[int],
    peer: Callable[[str], str],
    tmp_path: Path,
    free_port: Callable[[], int],
    journal: Journal,
) -> None:
    broker = Mosquitto(peer("mosquitto"), tmp_path, free_port(), limit)
    broker.start()
    line = Wire(broker.port)
    try:
        with listening(broker) as hub, uplink(journal, line.url):
            hub.online()
            for number in range(5):  # one after the other
                last = write(journal, number)
                assert hub.positions(hub.live, last) == [last]
            for number in range(20):  # and many at once
                newest = write(journal, number)
            assert hub.positions(hub.live, newest) == list(range(last + 1, newest + 1))
    finally:
        line.close()
        broker.kill()
    assert line.levels == levels
    assert line.sent.count(_TOPIC) >= 5


def test_a_number_stands_for_its_topic_only_after_the_broker_acknowledged_both() -> None:
    aliases = TopicAliases()
    aliases.allow(2)
    assert [aliases.name(each) for each in ("a", "a", "b")] == [Name("a", 1), Name("a", 1), Name("b", 2)]
    aliases.all_acknowledged()
    assert [aliases.name(each) for each in ("b", "a", "c")] == [Name("", 2), Name("", 1), Name("c")]
