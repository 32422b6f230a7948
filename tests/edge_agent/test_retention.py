"""The ward's recorders in the agent: the command that inspects one, the daily survey, its collector and rules."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from camera.device_address import DeviceAddress
from camera.http_client import CameraHttp
from camera.recorders.client import Channel, Moment, RecorderClient, Told
from camera.recorders.collector import RecorderCollector
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.means import Means
from camera.recorders.survey import Camera
from camera.refusals import Refusals
from camera.retention.judge import Settings
from camera.retention.spans import HOUR_US
from edge_agent.config import load
from edge_agent.retention import recorders
from edge_agent.retention.daily import DailySurvey
from edge_agent.retention.memory import FILE, RetentionMemory
from telemetry.clock import FakeClock, SystemClock
from telemetry.entry import Payload
from telemetry.evidence import Coverage, Evidence, ReplayProof, Verdict, unpack
from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading
from tests.camera.recorders import http_recorders
from tests.camera.recorders.conftest import EVERY_HOUR, Dress, dress  # noqa: F401
from tests.camera.recorders.footage import hours, month
from tests.camera.recorders.rtsp_recorder import Playing
from tests.edge_agent.rule_cases import Case, at, instances, judge, poll, short

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+07:00")


def configuration(folder: Path, port: int, more: str = "") -> Path:
    (folder / "nvr").write_text(http_recorders.PASSWORD, encoding="utf-8")
    file = folder / "ward.toml"
    file.write_text(
        '[ward]\nid = "hai-chau-1"\nname = "Hải Châu 1"\ndistrict = "hai-chau"\n'
        'opening_hours = "Mon-Sun 00:00-24:00"\n[retention]\nsamples = 2\n'
        f'[[device]]\nid = "nvr-1"\nkind = "recorder"\nprotocol = "isapi"\nhost = "127.0.0.1"\nport = {port}\n'
        'username = "watch"\npassword_file = "nvr"\n'
        '[[device]]\nid = "cam-1"\nkind = "camera"\nprotocol = "rtsp"\nurl = "rtsp://127.0.0.1:9/"\n'
        f'recorder = "nvr-1"\nchannel = 1\n{more}',
        encoding="utf-8",
    )
    return file


def inspect(file: Path, *more: str) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "edge_agent.cli", "recorder", "inspect", "-c", str(file), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout, done.stderr


def test_inspect_prints_one_document_and_ends_well_where_all_is_met(dress: Dress, tmp_path: Path) -> None:  # noqa: F811
    dressed = dress("isapi", month())
    status, found, told = inspect(configuration(tmp_path, dressed.server.port), "nvr-1", "--json")
    assert status == 0
    [channel] = found["channels"]
    assert (channel["camera"], channel["verdict"], channel["coverage_percent"]) == ("cam-1", "met", 100.0)
    assert channel["gaps"] == []
    assert RFC_3339.fullmatch(channel["oldest"])
    assert len(channel["proofs"]) == 2
    for proof in channel["proofs"]:
        assert RFC_3339.fullmatch(proof["asked"]) and RFC_3339.fullmatch(proof["shown"])
        assert proof["decoded"] is True and re.fullmatch("[0-9a-f]{64}", proof["sha256"])
    assert "cam-1" in told and "{" not in told


def test_inspect_ends_with_one_where_something_is_missing(dress: Dress, tmp_path: Path) -> None:  # noqa: F811
    holdings = month()
    begin, end = holdings.before(4), holdings.before(3)
    holdings.channels[1] = hours(holdings.before(40), begin) + hours(end, holdings.now_us)
    file = configuration(tmp_path, dress("isapi", holdings).server.port)
    status, found, _ = inspect(file, "nvr-1", "--json")
    assert (status, found["channels"][0]["verdict"]) == (1, "not_met")
    [gap] = found["channels"][0]["gaps"]
    assert RFC_3339.fullmatch(gap["from"]) and RFC_3339.fullmatch(gap["to"])
    status, found, _ = inspect(file, "nvr-1", "--json", "--days", "2")
    assert (status, found["channels"][0]["verdict"]) == (0, "met")
    status, said, _ = inspect(file, "nvr-1", "--lang", "vi")
    assert status == 1 and "không đủ" in said and "thiếu hình từ" in said


def test_inspect_lists_all_channels_of_a_recorder_that_no_camera_names(dress: Dress, tmp_path: Path) -> None:  # noqa: F811
    file = configuration(tmp_path, dress("isapi", month(channels=2)).server.port)
    file.write_text(file.read_text(encoding="utf-8").replace('recorder = "nvr-1"\nchannel = 1\n', ""), encoding="utf-8")
    _, found, _ = inspect(file, "nvr-1", "--json")
    assert [each["camera"] for each in found["channels"]] == ["channel-1", "channel-2"]


def test_inspect_refuses_what_is_no_recorder(tmp_path: Path) -> None:
    file = configuration(tmp_path, 9)
    assert inspect(file, "cam-1")[0] == 2
    assert inspect(file, "nvr-9")[0] == 2


@dataclass
class Written:
    """A journal that remembers, and pictures by their hash."""

    entries: list[tuple[str, str, Payload]] = field(default_factory=list)
    pictures: dict[bytes, bytes] = field(default_factory=dict)

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None:
        self.entries.append((kind, device, payload))

    def put(self, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        self.pictures[digest] = data
        return digest

    def bodies(self) -> list[Coverage | ReplayProof]:
        found = [payload for _, _, payload in self.entries if isinstance(payload, Evidence)]
        return [body for body in map(unpack, found) if isinstance(body, (Coverage, ReplayProof))]


KNOWN, UNKNOWN = Reading("retention_known", 1.0, "cam-1"), Reading("retention_known", 0.0, "cam-1")


def figures(folder: Path, *, later_hours: float = 0.0, knows_the_hour: bool = True) -> list[Reading]:
    """What is told with each poll, as an agent tells it that has just started."""
    clock = FakeClock(SystemClock().wall_us() + round(later_hours * HOUR_US))
    clock.knows_the_hour = knows_the_hour
    return list(RetentionMemory(folder / FILE).figures("nvr-1", clock))


@pytest.fixture
def written() -> Iterator[Written]:
    yield Written()


def daily(
    dressed: Any,
    folder: Path,
    written: Written,
    *cameras: Camera,
    client: Callable[[str], RecorderClient] | None = None,
) -> DailySurvey:
    clock = SystemClock()
    means = Means(clock, dressed.refusals, EVERY_HOUR, Settings(samples=2), random.Random(1))
    memory = RetentionMemory(folder / FILE)
    asked = {"nvr-1": cameras or (Camera("cam-1", "1"),)}
    return DailySurvey(asked, client or (lambda name: dressed.client()), means, memory, written, written)


def test_the_daily_survey_writes_coverage_and_proofs_with_their_pictures(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    survey = daily(dress("isapi", month()), tmp_path, written)
    assert survey.is_due("nvr-1")
    asyncio.run(survey.survey("nvr-1"))
    assert {(kind, device) for kind, device, _ in written.entries} == {("camera", "cam-1")}
    bodies = written.bodies()
    [coverage] = [body for body in bodies if isinstance(body, Coverage)]
    assert (coverage.recorder, coverage.camera, coverage.verdict) == ("nvr-1", "cam-1", Verdict.MET)
    assert len(coverage.days) == 31 and coverage.kept_days is not None
    proofs = [body for body in bodies if isinstance(body, ReplayProof)]
    assert [(proof.is_oldest, proof.proves) for proof in proofs] == [(True, True), (False, True)]
    named = [payload.blobs for _, _, payload in written.entries if isinstance(payload, Evidence) and payload.blobs]
    assert [set(blobs) <= set(written.pictures) for blobs in named] == [True, True]
    assert {Reading("retention_met", 1.0, "cam-1"), KNOWN} <= set(figures(tmp_path))
    assert not daily(dress("isapi", month()), tmp_path, written).is_due("nvr-1")


def test_a_survey_that_was_cut_short_does_not_ask_again_for_the_moments_that_it_has(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    playing = Playing()
    dressed = dress("isapi", month(channels=2), playing)
    RetentionMemory(tmp_path / FILE).note_proved("cam-1", SystemClock().wall_us() - 3_600_000_000)
    survey = daily(dressed, tmp_path, written, Camera("cam-1", "1"), Camera("cam-2", "2"))
    assert survey.is_due("nvr-1")
    asyncio.run(survey.survey("nvr-1"))
    assert {body.camera for body in written.bodies() if isinstance(body, ReplayProof)} == {"cam-2"}
    assert {body.camera for body in written.bodies() if isinstance(body, Coverage)} == {"cam-1", "cam-2"}


def test_a_survey_that_was_cut_short_comes_to_what_it_would_have_come_to(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    """A moment that did not replay before a restart is not met after it."""
    playing = Playing(holds=lambda at_us: False)
    dressed = dress("isapi", month(channels=2), playing)
    cameras = Camera("cam-1", "1"), Camera("cam-2", "2")
    asked: list[str] = []

    def stop_before_the_second(name: str) -> RecorderClient:
        client = dressed.client()
        inner = client.moment

        async def moment(channel: Channel, at_us: int) -> Moment:
            if channel.number == 2:
                raise asyncio.CancelledError
            asked.append(name)
            return await inner(channel, at_us)

        client.moment = moment  # type: ignore[method-assign]
        return client

    survey = daily(dressed, tmp_path, written, *cameras, client=stop_before_the_second)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(survey.survey("nvr-1"))
    assert asked and not [body for body in written.bodies() if isinstance(body, Coverage)]
    asyncio.run(daily(dressed, tmp_path, written, *cameras).survey("nvr-1"))
    found = [(body.verdict, body.reason) for body in written.bodies() if isinstance(body, Coverage)]
    assert found == [(Verdict.NOT_MET, "replay_empty")] * 2
    assert Reading("retention_met", 0.0, "cam-1") in figures(tmp_path)


def test_what_is_no_longer_known_is_not_told_as_it_was_yesterday(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    asyncio.run(daily(dress("isapi", month()), tmp_path, written).survey("nvr-1"))
    assert {Reading("retention_met", 1.0, "cam-1"), Reading("coverage_percent", 100.0, "cam-1")} <= set(
        figures(tmp_path)
    )
    asyncio.run(daily(dress("isapi", month(), endless=True), tmp_path, written).survey("nvr-1"))
    assert figures(tmp_path) == [UNKNOWN]
    found = [(body.verdict, body.reason) for body in written.bodies() if isinstance(body, Coverage)]
    assert found == [(Verdict.MET, ""), (Verdict.UNKNOWN, "index_unreadable")]


def test_a_survey_that_fails_by_our_own_defect_leaves_nothing_known(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    class Defective(IsapiRecorder):
        async def open(self) -> Told:
            raise ZeroDivisionError

    http = CameraHttp(DeviceAddress("http://127.0.0.1:9"), 1.0, Refusals(SystemClock()))
    client = Defective(http, SystemClock())
    survey = daily(dress("isapi", month()), tmp_path, written, client=lambda name: client)
    assert asyncio.run(survey.survey("nvr-1")) is None
    assert figures(tmp_path) == [UNKNOWN]


def test_figures_that_no_survey_has_renewed_are_told_for_a_day_and_a_half(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    asyncio.run(daily(dress("dahua", month()), tmp_path, written).survey("nvr-1"))
    whole = figures(tmp_path)
    assert KNOWN in whole and len(whole) > 3
    assert figures(tmp_path, later_hours=35) == whole
    assert figures(tmp_path, later_hours=37) == figures(tmp_path, later_hours=-37) == [UNKNOWN]
    assert figures(tmp_path, knows_the_hour=False) == []  # how old they are cannot be told


def test_footage_that_was_seen_and_is_gone_shows_that_the_recorder_forgets(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    """An ONVIF recorder tells nothing of its disks: on the first day a camera of twelve days may be new."""
    holdings = month(days=14)
    asyncio.run(daily(dress("onvif", holdings), tmp_path, written).survey("nvr-1"))
    holdings.channels[1] = hours(holdings.before(12), holdings.now_us)
    asyncio.run(daily(dress("onvif", holdings), tmp_path, written).survey("nvr-1"))
    found = [body.verdict for body in written.bodies() if isinstance(body, Coverage)]
    assert found == [Verdict.NOT_YET_PROVABLE, Verdict.NOT_MET]


def test_a_recorder_that_is_silent_is_written_down_as_unknown_and_tried_again(
    dress: Dress,  # noqa: F811
    tmp_path: Path,
    written: Written,
) -> None:
    dressed = dress("isapi", month())
    dressed.server.close()
    survey = daily(dressed, tmp_path, written)
    asyncio.run(survey.survey("nvr-1"))
    [coverage] = written.bodies()
    assert isinstance(coverage, Coverage)
    assert (coverage.verdict, coverage.reason) == (Verdict.UNKNOWN, "port_closed")
    assert RetentionMemory(tmp_path / FILE).surveyed_us("nvr-1") == 0
    assert figures(tmp_path) == [UNKNOWN]
    assert not survey.is_due("nvr-1")  # an hour's rest


def collected(dressed: Any, *cameras: Camera) -> PollResult:
    async def run() -> PollResult:
        figures = [Reading("coverage_percent", 99.5, "cam-1")]
        collector = RecorderCollector(dressed.client(), cameras, lambda: figures, SystemClock())
        try:
            return await collector.poll()
        finally:
            await collector.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["onvif", "isapi", "dahua"])
def test_a_poll_tells_what_is_recorded_the_disks_and_the_clock(dress: Dress, name: str) -> None:  # noqa: F811
    holdings = month(channels=2)
    holdings.ahead, holdings.disk_ok = 40.0, False
    holdings.channels[2] = hours(holdings.before(40), holdings.before(1))
    found = collected(dress(name, holdings), Camera("cam-1", "1"), Camera("cam-2", "2"))
    assert found.reachable and found.reason is None
    values = {(each.metric, each.instance): each.value for each in found.readings}
    assert values["recording", "cam-1"] == 1.0
    assert values["clock_offset_seconds", ""] == pytest.approx(40, abs=2)
    assert values["coverage_percent", "cam-1"] == 99.5
    if name != "onvif":  # which tells of no disks; its second recording says that it runs
        assert values["recording", "cam-2"] == 0.0
        assert 0.0 in [value for (metric, _), value in values.items() if metric == "disk_healthy"]
        assert 100.0 in [value for (metric, _), value in values.items() if metric == "disk_used_percent"]


def test_a_poll_of_a_recorder_that_refuses_says_so(dress: Dress) -> None:  # noqa: F811
    dressed = dress("isapi", month())
    dressed.server.password = "another"
    found = collected(dressed, Camera("cam-1", "1"))
    assert (found.reachable, found.reason.code if found.reason else "") == (False, "wrong_credentials")


def test_a_recorders_settings_and_cameras_come_from_the_configuration(tmp_path: Path) -> None:
    file = configuration(tmp_path, 80, "recorded_since = 2026-11-01\n")
    found = load(file, {})
    assert found.retention.settings() == Settings(samples=2)
    assert found.retention.settings(days=12).days == 12
    [camera] = recorders.cameras_of("nvr-1", found.devices, recorders.office_of(found))
    assert (camera.id, camera.channel, camera.address) == ("cam-1", "1", "")  # the recorder's own, on whose ports it is
    assert camera.since_us == 1_793_466_000_000_000  # midnight in the ward
    file.write_text(file.read_text(encoding="utf-8").replace("//127.0.0.1:9/", "//192.168.10.31/"), encoding="utf-8")
    elsewhere = load(file, {})
    [camera] = recorders.cameras_of("nvr-1", elsewhere.devices, recorders.office_of(elsewhere))
    assert camera.address == "192.168.10.31"


def test_memory_that_makes_no_sense_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{]", encoding="utf-8")
    memory = RetentionMemory(tmp_path / FILE)
    assert memory.surveyed_us("nvr-1") == 0
    memory.note_proved("cam-1", 5)
    assert RetentionMemory(tmp_path / FILE).proved_us("cam-1") == 5


RECORDER = Kind.RECORDER
CASES = [
    Case(
        "a recorder that records a camera no more",
        RECORDER,
        [
            (0, instances("recording", a=1, b=1), ""),
            (30, instances("recording", a=0, b=1), ""),
            (60, instances("recording", a=0, b=1), ""),
            (95, instances("recording", a=0, b=1), "+recorder_stopped/a!"),
            (120, instances("recording", a=1, b=1), "-recorder_stopped/a!"),
        ],
    ),
    Case(
        "a disk that fails; one that is full is as it should be",
        RECORDER,
        [
            (0, instances("disk_used_percent", one=100), ""),
            (30, instances("disk_healthy", one=0), "+disk_failing/one!"),
        ],
    ),
    Case(
        "retention that is not met",
        RECORDER,
        [
            (0, instances("retention_met", a=1), ""),
            (30, instances("retention_met", a=0), "+retention_short/a!"),
            (60, instances("retention_met", a=1), "-retention_short/a!"),
        ],
    ),
    Case(
        "a camera that is recorded on motion only has its own condition",
        RECORDER,
        [
            (
                0,
                PollResult(True, (Reading("motion_only", 1.0, "a"), Reading("retention_met", 0.0, "a"))),
                "+recorded_on_motion/a?",
            )
        ],
    ),
    Case(
        "retention that is not known for ten minutes; what was short before stays so while nobody knows",
        RECORDER,
        [
            (0, instances("retention_met", a=0), "+retention_short/a!"),
            (30, instances("retention_known", a=0, b=1), ""),
            (600, instances("retention_known", a=0, b=1), ""),
            (630, instances("retention_known", a=0, b=1), "+retention_unproven/a?"),
            (660, instances("retention_known", a=1, b=1), "-retention_unproven/a?"),
            (690, instances("retention_met", a=1), "-retention_short/a!"),
        ],
    ),
    Case("a disk that fills too fast", RECORDER, [(0, poll(days_until_short_days=12), "+retention_falling?")]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_when_a_recorders_conditions_are_raised_and_cleared(case: Case) -> None:
    rules = judge(case.kind)
    assert [short(rules.observe(result, at(second))) for second, result, _ in case.steps] == [
        expected for _, _, expected in case.steps
    ]


def test_a_collector_is_made_for_each_interface() -> None:
    from collectors.config import device_from
    from edge_agent import devices

    clock = FakeClock()
    for protocol in ("onvif", "isapi", "dahua"):
        device = device_from({"id": "nvr-1", "kind": "recorder", "protocol": protocol, "host": "127.0.0.1"})
        assert isinstance(devices.schedule(device, clock, Refusals(clock)).collector, RecorderCollector)
