"""One ward cannot harm another: floods and bombs against the real hub behind a real mosquitto, while others live on."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.catch_up import Delays
from bench.catch_up_stage import MOSQUITTO, Stage, WellWards
from telemetry import wire_pb2 as wire
from tests.district.fakes import ScriptedWard, many_polls
from tests.district.floods import Flood
from tests.district.processes import listens, process, wait_until

WELL = ("well-1", "well-2")
FLOODING = ("fresh", "garbage", "old", "bomb")
MOST_DELAY_MS = 1000.0  # the target of a live entry, whatever others do
MOST_RSS_MB = 450.0  # paho holds a packet three times while it takes it apart: 300 of these are the bomb of 100 MB


def topic(ward: str, what: str = "entries") -> str:
    return f"wardwatch/1/bench/{ward}/{what}"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, peer: Callable[[str], str]) -> Iterator[Stage]:
    peer("mosquitto")
    # Without the limit of a message's size that docs/durability.md asks of the broker: the hub stands by itself, too.
    unlimited = MOSQUITTO.replace("max_packet_size 1048576\n", "")
    assert unlimited != MOSQUITTO
    stage = Stage(tmp_path_factory.mktemp("floods"), (*WELL, *FLOODING), broker=unlimited)
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture(scope="module")
def well(stage: Stage) -> Iterator[WellWards]:
    wards = WellWards(stage.port, WELL)
    time.sleep(2.0)
    yield wards
    wards.stop()


@pytest.fixture(scope="module")
def usual_ms(stage: Stage, well: WellWards) -> float:
    """The longest that a live entry takes while nobody does any harm; what its way waits for a processor, because this
    machine has other work, counts here no more than below."""
    delays, crowding = Delays(stage, WELL), stage.crowding(well)
    time.sleep(3.0)
    return delays.longest_ms(crowding)


def peak_rss_mb(stage: Stage) -> float:
    status = Path(f"/proc/{stage.hub.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def fresh() -> Iterator[bytes]:
    """Valid entries, a batch each, positions that never come twice."""
    ward = ScriptedWard(ward="fresh", district="bench", wall_us=time.time_ns() // 1000 - 86_400_000_000).started()
    chance = random.Random(1)
    for _ in itertools.count():
        many_polls(ward, 5, chance)
        yield ward.batch(len(ward.entries) - 4)
        if len(ward.entries) > 2_000:  # positions go on; what went before is forgotten here
            ward.entries[:-100] = [b""] * (len(ward.entries) - 100)


def old() -> Iterator[bytes]:
    """The same batch again and again."""
    ward = ScriptedWard(ward="old", district="bench").started()
    many_polls(ward, 50, random.Random(1))
    return itertools.repeat(ward.batch(1))


def conditions(stage: Stage, ward: str) -> list[str]:
    found = stage._client.get(f"/api/wards/{ward}").raise_for_status().json()
    return [each["rule"] for each in found["ward"]["conditions"]]


def test_three_wards_flood_at_once_and_the_others_do_not_notice(stage: Stage, well: WellWards, usual_ms: float) -> None:
    before = peak_rss_mb(stage)
    sources = {"fresh": fresh(), "garbage": itertools.repeat(bytes(range(256))), "old": old()}
    delays, crowding = Delays(stage, WELL), stage.crowding(well)
    floods = [Flood(stage.port, topic(ward), payloads, 1_500) for ward, payloads in sources.items()]
    for flood in floods:
        flood.start()
    everybody = (*sources, *WELL)
    wait_until(
        lambda: [ward for ward in everybody if "ward_floods" in conditions(stage, ward)] == [*sources],
        30,
        "it is told of those who flood, and of nobody else",
    )
    time.sleep(1.0)
    for flood in floods:
        flood.stop()
    time.sleep(1.0)
    longest_ms = delays.longest_ms(crowding)
    rss = f"rss {before:.0f} -> {peak_rss_mb(stage):.0f} MB"
    print(delays.figures("others"), longest_ms, usual_ms, rss, [flood.sent for flood in floods])  # noqa: T201
    counted = stage.wards()
    assert all(counted[ward]["flood_messages"] > 0 for ward in sources)
    assert counted["garbage"]["refused_entries"] > 0
    assert counted["old"]["dropped_duplicates"] > 0
    assert all(counted[ward]["flood_messages"] == 0 for ward in WELL)
    assert longest_ms <= MOST_DELAY_MS + usual_ms
    assert well.asked == 0, "something of the other wards was lost on the way"
    assert peak_rss_mb(stage) < MOST_RSS_MB


def million_readings() -> bytes:
    """In one batch of proper entries."""
    ward = ScriptedWard(ward="bomb", district="bench").started()
    many_polls(ward, 500, random.Random(1))
    batch = wire.Batch(incarnation=ward.incarnation, first_position=1, entries=ward.entries * 1000)
    return batch.SerializeToString()


@pytest.mark.parametrize(
    "payload", [million_readings, lambda: bytes(100_000_000)], ids=["a million readings", "100 MB"]
)
def test_a_payload_bomb_is_dropped_at_the_door_and_told(
    stage: Stage, well: WellWards, usual_ms: float, payload: Callable[[], bytes]
) -> None:
    before = stage.wards()["bomb"]["flood_messages"]
    bomb = payload()  # first: making it keeps the threads of this process waiting, and those are the other wards
    delays, crowding = Delays(stage, WELL), stage.crowding(well)
    flood = Flood(stage.port, topic("bomb"), itertools.repeat(bomb), 1)
    flood.start()
    wait_until(lambda: stage.wards()["bomb"]["flood_messages"] > before, 20, "it is dropped and counted")
    flood.stop()
    time.sleep(1.0)
    longest_ms = delays.longest_ms(crowding)
    print(delays.figures("others"), longest_ms, usual_ms, f"rss {peak_rss_mb(stage):.0f} MB")  # noqa: T201
    assert "ward_floods" in conditions(stage, "bomb")
    assert stage.wards()["bomb"]["missing_positions"] == 0
    # While its 100 MB come in, nothing else does: that is what the broker's limit (the next test) is for.
    assert longest_ms <= 4 * MOST_DELAY_MS + usual_ms
    assert peak_rss_mb(stage) < MOST_RSS_MB


def test_the_broker_as_it_should_be_configured_ends_whoever_sends_a_bomb(
    peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path
) -> None:
    port = free_port()
    file = tmp_path / "mosquitto.conf"
    file.write_text(MOSQUITTO.format(port=port), encoding="utf-8")
    with process(peer("mosquitto"), "-c", file, log=tmp_path / "mosquitto.log"):
        wait_until(lambda: listens(port), 20, "the broker listens")
        flood = Flood(port, topic("bomb"), itertools.repeat(bytes(2_000_000)), 1)
        flood.start()
        wait_until(lambda: flood.refused, 10, "the broker refuses it")
        flood.stop()
        assert listens(port)  # to everybody else
