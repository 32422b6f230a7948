"""TLS and passwords towards Debian's mosquitto."""

from __future__ import annotations

import logging
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.uplink.link import Broker
from edge_agent.uplink.settings import UplinkSettings
from edge_agent.uplink.worker import Uplink
from journal.journal import Journal
from telemetry.clock import SystemClock
from tests.certificates import make_certificate
from tests.edge_agent.conftest import DISTRICT, SECONDS, WARD, Mosquitto

USER, PASSWORD = "hai-chau-1", "một mật khẩu"


@pytest.fixture
def secure(peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Mosquitto]:
    make_certificate(tmp_path)
    passwords = tmp_path / "passwords"
    subprocess.run([peer("mosquitto_passwd"), "-b", "-c", str(passwords), USER, PASSWORD], check=True)
    for file in (passwords, tmp_path / "key.pem"):
        file.chmod(0o644)  # mosquitto may give up root before it reads them
    broker = Mosquitto(peer("mosquitto"), tmp_path, free_port())
    (tmp_path / "mosquitto.conf").write_text(
        f"listener {broker.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"cafile {tmp_path}/ca.pem\ncertfile {tmp_path}/ca.pem\nkeyfile {tmp_path}/key.pem\nuser root\n",
        encoding="utf-8",
    )
    broker.start()
    yield broker
    broker.kill()


def attempt(broker: Broker, journal: Journal, done: Callable[[Uplink], bool]) -> None:
    """Run an uplink until `done`."""
    settings = UplinkSettings(DISTRICT, WARD, broker, "1", retry_seconds=(0.1, 0.2))
    uplink = Uplink(settings, journal, lambda device: False, SystemClock(), random.Random(7))
    uplink.start()
    try:
        deadline = time.monotonic() + SECONDS
        while not done(uplink):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        uplink.stop()


def test_a_ward_connects_over_tls_with_its_password(secure: Mosquitto, journal: Journal, tmp_path: Path) -> None:
    url = f"mqtts://127.0.0.1:{secure.port}"
    broker = Broker.from_url(url, ca_file=tmp_path / "ca.pem", username=USER, password=PASSWORD)
    attempt(broker, journal, lambda uplink: uplink.counts.connections == 1)


def told(caplog: pytest.LogCaptureFixture, what: str) -> bool:
    return any(what in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    ("ca", "password", "says"),
    [
        ("ca.pem", "wrong", "the broker refused: Not authorized"),
        (None, PASSWORD, "certificate verify failed"),
        ("gone.pem", PASSWORD, "No such file"),
    ],
)
def test_why_there_is_no_connection_is_in_the_log_without_the_password(
    secure: Mosquitto,
    journal: Journal,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    ca: str | None,
    password: str,
    says: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"mqtts://127.0.0.1:{secure.port}"
    broker = Broker.from_url(url, ca_file=tmp_path / ca if ca else None, username=USER, password=password)
    attempt(broker, journal, lambda uplink: told(caplog, says))
    assert not told(caplog, password)
    assert sum(says in record.getMessage() for record in caplog.records) == 1  # once, not at each attempt


def test_a_port_that_is_missing_is_that_of_the_scheme() -> None:
    assert Broker.from_url("mqtt://hub").port == 1883
    assert Broker.from_url("mqtts://hub").port == 8883
    assert str(Broker.from_url("mqtts://hub:1", password="geheim")) == "mqtts://hub:1"
    assert "geheim" not in repr(Broker.from_url("mqtts://hub:1", password="geheim"))
