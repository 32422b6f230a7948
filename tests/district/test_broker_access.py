"""The access list that docs/broker has: a real mosquitto keeps wards off each other's topics, and off the hub's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from district.config import BrokerSection
from district.link import Link
from telemetry import wire_pb2 as wire
from telemetry.clock import SystemClock
from telemetry.topics import FROM_WARD, What
from tests.district.processes import listens, process, wait_until

DOCS = Path(__file__).resolve().parents[2] / "docs" / "broker"
WARD, OTHER, HUB = "hai-chau-1", "thach-thang", "district"
PASSWORD = "mat-khau-thu"
ALL = "wardwatch/1/hai-chau"


@pytest.fixture
def broker(tmp_path: Path, peer: Callable[[str], str], free_port: Callable[[], int]) -> Iterator[int]:
    """As docs/broker says, with its files and its port moved here."""
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    for user in (HUB, WARD, OTHER):
        subprocess.run([peer("mosquitto_passwd"), "-b", passwords, user, PASSWORD], check=True, capture_output=True)
    access = tmp_path / "wardwatch.acl"
    access.write_bytes((DOCS / "wardwatch.acl").read_bytes())
    port = free_port()
    settings = (DOCS / "mosquitto.conf").read_text(encoding="utf-8")
    for told, here in (
        ("listener 1883", f"user root\nlistener {port} 127.0.0.1"),
        ("password_file /etc/mosquitto/wardwatch.passwords", f"password_file {passwords}"),
        ("acl_file /etc/mosquitto/wardwatch.acl", f"acl_file {access}"),
    ):
        assert told in settings
        settings = settings.replace(told, here)
    file = tmp_path / "mosquitto.conf"
    file.write_text(settings, encoding="utf-8")
    with process(peer("mosquitto"), "-c", file, log=tmp_path / "broker.log"):
        wait_until(lambda: listens(port), 10, "the broker listens")
        yield port


class Speaker:
    """Any MQTT client with a ward's password; it tries to hear everything."""

    def __init__(self, user: str, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, f"speaker-{user}")
        self.client.username_pw_set(user, PASSWORD)
        self.client.on_message = self._hear
        self.subscribed = 0
        self.client.on_subscribe = lambda *_: setattr(self, "subscribed", self.subscribed + 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe([("#", 1), (f"{ALL}/+/requests", 1)])
        wait_until(lambda: self.subscribed == 1, 10, f"{user} is answered")

    def _hear(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload))

    def say(self, ward: str, what: What, payload: bytes) -> None:
        self.client.publish(f"{ALL}/{ward}/{what}", payload, qos=1).wait_for_publish(10)

    def end(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def speakers(broker: int) -> Iterator[dict[str, Speaker]]:
    made = {user: Speaker(user, broker) for user in (WARD, OTHER)}
    yield made
    for speaker in made.values():
        speaker.end()


@pytest.fixture
def hub(broker: int) -> Iterator[tuple[Link, list[tuple[str, bytes]]]]:
    heard: list[tuple[str, bytes]] = []
    section = BrokerSection(url=f"mqtt://127.0.0.1:{broker}", username=HUB, password=PASSWORD)
    link = Link(section, "hai-chau", [WARD, OTHER], SystemClock(), lambda topic, data, _: heard.append((topic, data)))
    link.start()
    wait_until(lambda: link.hearing_since is not None, 10, "the hub hears")
    yield link, heard
    link.stop()


def test_nobody_is_let_in_without_a_password(broker: int, caplog: pytest.LogCaptureFixture) -> None:
    section = BrokerSection(url=f"mqtt://127.0.0.1:{broker}", username=HUB, password="another")
    link = Link(section, "hai-chau", [WARD], SystemClock(), lambda *_: None)
    link.start()
    wait_until(lambda: link.refusals > 1, 15, "it was tried again")
    link.stop()
    assert link.hearing_since is None
    assert [record.message.partition(": ")[2] for record in caplog.records] == ["Not authorized"]  # told once


def test_a_ward_is_heard_under_its_own_topics_and_under_no_other(
    hub: tuple[Link, list[tuple[str, bytes]]], speakers: dict[str, Speaker]
) -> None:
    _, heard = hub
    for what in FROM_WARD:
        speakers[OTHER].say(WARD, what, b"forged")
        speakers[WARD].say(WARD, what, b"own")
        speakers[OTHER].say(OTHER, what, b"own")
    last = [(f"{ALL}/{ward}/{FROM_WARD[-1]}", b"own") for ward in (WARD, OTHER)]
    wait_until(lambda: all(each in heard for each in last), 10, "each ward's own last word has come")
    assert sorted(heard) == sorted((f"{ALL}/{ward}/{what}", b"own") for ward in (WARD, OTHER) for what in FROM_WARD)


def test_only_the_hub_asks_and_confirms_and_only_the_ward_that_is_meant_hears_it(
    hub: tuple[Link, list[tuple[str, bytes]]], speakers: dict[str, Speaker]
) -> None:
    link, _ = hub
    for forger, meant in ((OTHER, WARD), (WARD, WARD), (WARD, OTHER), (OTHER, OTHER)):
        speakers[forger].say(meant, What.REQUESTS, b"all of it is committed")
    request = wire.Request(poll=wire.PollNow(device="ups-1"))
    assert link.send(WARD, request)
    assert link.send(OTHER, request)
    for ward in (WARD, OTHER):
        wait_until(lambda ward=ward: bool(speakers[ward].heard), 10, f"{ward} is asked")  # type: ignore[misc]
    told = request.SerializeToString()
    assert {ward: speaker.heard for ward, speaker in speakers.items()} == {
        ward: [(f"{ALL}/{ward}/requests", told)] for ward in (WARD, OTHER)
    }
