"""The hub as it runs: a process, a real broker (mosquitto and the embedded one), a ward on a bad line, SIGKILL."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.district.fakes import ScriptedWard, many_polls
from tests.district.processes import (
    HubProcess,
    WardOnTheLine,
    embedded,
    listens,
    mosquitto,
    process,
    wait_until,
)


@pytest.fixture(params=["mosquitto", "embedded"])
def broker_port(
    request: pytest.FixtureRequest, peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path
) -> Iterator[int]:
    port = free_port()
    command = mosquitto(peer("mosquitto"), tmp_path, port) if request.param == "mosquitto" else embedded(port)
    with process(*command, log=tmp_path / "broker.log"):
        wait_until(lambda: listens(port), 20, "the broker listens")
        yield port


@pytest.fixture
def hub(broker_port: int, free_port: Callable[[], int], tmp_path: Path) -> Iterator[HubProcess]:
    hub = HubProcess(tmp_path, broker_port, free_port())
    hub.add_user()
    try:
        yield hub
    finally:
        hub.close()


@pytest.fixture
def ward() -> ScriptedWard:
    return ScriptedWard(wall_us=time.time_ns() // 1000 - 3_600_000_000).started()


def test_nothing_is_lost_or_doubled_when_the_hub_is_killed_and_the_line_is_bad(
    hub: HubProcess, broker_port: int, ward: ScriptedWard, seed: int
) -> None:
    chance = random.Random(seed)
    hub.start()
    line = WardOnTheLine(ward, broker_port, chance)
    try:
        line.tell_status()
        for turn in range(60):
            first = len(ward.entries) + 1
            many_polls(ward, chance.randrange(1, 30), chance)
            line.tell(first)
            if turn in (15, 40):
                hub.end(signal.SIGKILL)
                hub.start()
            if turn % 10 == 0:
                line.tell_status()
            time.sleep(0.05)
        line.heal()
        line.tell_status()
        everything = [(1, len(ward.entries))]
        wait_until(lambda: list(line.committed) == everything, 60, f"all is confirmed: {everything}")
        assert hub.get("/api/wards/hai-chau-1")["ward"]["missing_positions"] == 0
    finally:
        line.close()
    assert hub.end(signal.SIGTERM) == 0
    counts = hub.counts()
    assert counts["positions"] == {ward.incarnation.hex(): [list(each) for each in everything]}
    assert counts["readings_committed"] == 2 * (len(ward.entries) - 2)
    assert (counts["duplicate_positions"], counts["holes"], counts["named_losses"]) == (0, 0, 0)
    verified = hub.invoke("verify")
    assert verified.exit_code == 0, verified.stdout


def test_garbage_from_the_broker_is_refused_counted_told_and_the_hub_goes_on(
    hub: HubProcess, broker_port: int, ward: ScriptedWard
) -> None:
    hub.start()
    line = WardOnTheLine(ward, broker_port, random.Random(1), bad_line=False)
    try:
        line.publish(ward.topic("entries"), b"\xff\xff\xff garbage")
        line.publish(ward.topic("status"), b"\x12\x01x")
        line.publish("wardwatch/1/hai-chau/nowhere/entries", ward.batch(1))
        line.publish("wardwatch/1/son-tra/hai-chau-1/entries", ward.batch(1))
        line.tell_status()
        line.tell(1)
        wait_until(lambda: list(line.committed) == [(1, 2)], 20, "the good entries are confirmed")
        (statistics,) = hub.get("/api/statistics")["wards"]
        assert statistics["refused_entries"] == 2
        assert "refused from ward hai-chau-1" in hub.log.read_text(encoding="utf-8")
        assert "nowhere" in hub.log.read_text(encoding="utf-8")
    finally:
        line.close()


def test_a_ward_that_dies_is_offline_by_its_will_and_stays_so_for_a_hub_that_starts_later(
    hub: HubProcess, broker_port: int, ward: ScriptedWard
) -> None:
    hub.start()
    line = WardOnTheLine(ward, broker_port, random.Random(1), bad_line=False)
    line.tell_status()
    line.tell(1)

    def state() -> dict[str, object]:
        found: dict[str, object] = hub.get("/api/wards/hai-chau-1")["ward"]
        return found

    wait_until(lambda: state()["presence"] == "online", 10, "online")
    line.die()
    wait_until(lambda: state()["presence"] == "offline", 10, "offline by the will")
    wait_until(lambda: bool(state()["conditions"]), 10, "a condition after the hold")
    assert [each["rule"] for each in state()["conditions"]] == ["ward_silent"]  # type: ignore[attr-defined]
    hub.end(signal.SIGKILL)
    hub.start()
    assert state()["presence"] == "offline"
    assert [each["rule"] for each in state()["conditions"]] == ["ward_silent"]  # type: ignore[attr-defined]
    line.close()


def test_the_hub_starts_without_its_broker_and_finds_it_later(
    peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path, ward: ScriptedWard
) -> None:
    port = free_port()
    hub = HubProcess(tmp_path, port, free_port())
    hub.add_user()
    hub.start()
    try:
        assert hub.get("/api/wards/hai-chau-1")["ward"]["presence"] == "never"
        with process(*mosquitto(peer("mosquitto"), tmp_path, port), log=tmp_path / "broker.log"):
            wait_until(lambda: listens(port), 20, "the broker listens")
            line = WardOnTheLine(ward, port, random.Random(1), bad_line=False)
            line.tell_status()
            line.tell(1)
            wait_until(lambda: list(line.committed) == [(1, 2)], 30, "the entries are confirmed")
            line.close()
    finally:
        hub.close()
