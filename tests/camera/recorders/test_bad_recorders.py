"""Recorders that answer nonsense, send us elsewhere, or name their channels oddly: each ends in words, soon."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from camera.device_address import DeviceAddress
from camera.http_client import CameraHttp
from camera.recorders.client import Channel, RecorderClient, assigned, find
from camera.recorders.collector import RecorderCollector
from camera.recorders.dahua import DahuaRecorder
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.means import Means
from camera.recorders.onvif_numbers import numbers
from camera.recorders.survey import Camera, Surveyor
from camera.refusals import Refusals
from camera.retention.judge import Settings
from telemetry.clock import SystemClock
from telemetry.evidence import Verdict
from telemetry.readings import PollResult
from tests.camera.recorders.conftest import EVERY_HOUR, Dress
from tests.camera.recorders.footage import Holdings, month
from tests.camera.recorders.http_recorders import PASSWORD, HttpRecorder

CLIENTS: dict[str, Callable[[CameraHttp, SystemClock], RecorderClient]] = {
    "isapi": IsapiRecorder,
    "dahua": DahuaRecorder,
}
HTML = "<!DOCTYPE html><html><body>Sign in</body></html>"


def surveyed(client: str, answer: Callable[[str, str, str], tuple[int, str] | None]) -> tuple[Verdict, str]:
    server = HttpRecorder(answer)
    clock = SystemClock()
    refusals = Refusals(clock)
    http = CameraHttp(DeviceAddress.of("127.0.0.1", server.port, "watch", PASSWORD), 3.0, refusals)
    means = Means(clock, refusals, EVERY_HOUR, Settings(), random.Random(1))

    async def run() -> Any:
        asked = CLIENTS[client](http, clock)
        try:
            return await Surveyor(asked, means).run([Camera("cam-1", "1")], lambda *_: None)
        finally:
            await asked.close()

    try:
        [one] = asyncio.run(run()).cameras
        return one.judged.verdict, str(one.judged.reason)
    finally:
        server.close()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (lambda *_: (200, HTML), {"garbled_answer"}),
        (lambda *_: (500, "no"), {"error_answer"}),
        (lambda *_: None, {"unsupported", "error_answer"}),
        (lambda *_: (403, ""), {"no_permission"}),
        (lambda *_: (200, ""), {"garbled_answer"}),
        (lambda *_: (200, "\0" * 5000), {"garbled_answer"}),
    ],
    ids=["html", "500", "404", "403", "nothing", "zeros"],
)
def test_what_is_no_answer_is_unknown_with_its_reason(client: str, answer: Any, reasons: set[str]) -> None:
    verdict, reason = surveyed(client, answer)
    assert verdict is Verdict.UNKNOWN
    assert reason in reasons


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        ((403, ""), "no_permission"),
        ((500, "Error\r\n"), "error_answer"),
        ((503, "busy"), "error_answer"),
        ((400, "Too many requests"), "error_answer"),
        ((200, HTML), "garbled_answer"),
    ],
    ids=["403", "500", "503", "400", "html"],
)
def test_a_dahua_search_that_fails_is_no_word_about_its_files(
    dress: Dress, refused: tuple[int, str], reason: str
) -> None:
    dressed = dress("dahua", month())
    answer = dressed.server.answer
    dressed.server.answer = lambda method, path, body: refused if "findFile" in path else answer(method, path, body)
    [one] = dressed.survey().cameras
    assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, reason)
    found = asyncio.run(polled(dressed.client()))
    assert [each for each in found.readings if each.metric == "recording"] == []
    assert found.reason is not None and found.reason.code == reason
    assert not dressed.server.finders  # given back


async def polled(client: RecorderClient) -> PollResult:
    collector = RecorderCollector(client, [Camera("cam-1", "1")], tuple, SystemClock())
    try:
        return await collector.poll()
    finally:
        await collector.close()


def test_a_dahua_recorder_that_refuses_to_search_a_month_is_not_taken_for_empty(dress: Dress) -> None:
    dressed = dress("dahua", month())
    answer = dressed.server.answer

    def short(method: str, path: str, body: str) -> tuple[int, str] | None:
        """It says of a search over more than a week what it says of one without a file."""
        query = parse_qs(urlsplit(path).query)
        ends = [query.get(f"condition.{edge}Time", [""])[0] for edge in ("Start", "End")]
        if all(ends) and datetime.fromisoformat(ends[1]) - datetime.fromisoformat(ends[0]) > timedelta(days=7):
            return 400, "Error\r\nBad Request!\r\n"
        return answer(method, path, body)

    dressed.server.answer = short
    [one] = dressed.survey().cameras
    assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "error_answer")


def test_a_dahua_recorder_that_has_nothing_is_not_met(dress: Dress) -> None:
    [one] = dress("dahua", Holdings({1: []})).survey().cameras
    assert (one.judged.verdict, one.judged.reason, one.judged.open_percent) == (Verdict.NOT_MET, "", 0.0)


LISTED = [
    Channel(1, ("urn:a", "Sảnh chờ"), "http://192.168.10.31/onvif", tokens=("rec-a",)),
    Channel(2, ("urn:b", "2"), "192.168.10.32", tokens=("rec-b",)),
]


@pytest.mark.parametrize(
    ("wanted", "address", "number"),
    [
        ("1", "", 1),
        ("2", "", 2),
        ("sảnh chờ", "", 1),
        ("urn:b", "", 2),
        (None, "192.168.10.31", 1),
        (None, "192.168.10.32", 2),
        (None, "192.168.10.39", None),
        ("3", "", None),
        ("0", "", None),
        ("Sân", "", None),
        ("1", "192.168.10.31", 1),
        ("1", "192.168.10.39", None),  # the recorder says that its channel 1 is of another camera
        ("1", "cam-1.ward.lan", 1),  # a name may stand for any address
        ("sảnh chờ", "192.168.10.39", 1),  # called by what the recorder calls it
    ],
)
def test_a_camera_finds_its_channel_by_number_name_or_address(
    wanted: str | None, address: str, number: int | None
) -> None:
    found = find(LISTED, wanted, address)
    assert (found.number if found else None) == number


def test_a_recorder_that_lists_no_channels_is_asked_by_number() -> None:
    assert find([], "7") == Channel(7)
    assert find([], "0") is None
    assert find([], None) is None


@pytest.mark.parametrize(
    ("told", "wanted", "address", "is_found"),
    [
        ("", None, "192.168.10.32", True),
        ("192.168.10.32", None, "192.168.10.32", True),
        ("192.168.10.31", None, "192.168.10.32", False),
        ("192.168.10.31", None, "cam-2.ward.lan", False),
        ("192.168.254.3", "1", "", True),  # on the recorder's own ports, whose network nobody else sees
        ("192.168.254.3", None, "", True),
        ("127.0.0.1", "1", "192.168.10.32", True),  # no camera's address
        ("0.0.0.0", "1", "192.168.10.32", True),
    ],
)
def test_the_only_channel_is_anybodys_only_while_nothing_says_whose_it_is(
    told: str, wanted: str | None, address: str, is_found: bool
) -> None:
    assert (find([Channel(1, address=told)], wanted, address) is not None) is is_found


def test_of_two_cameras_that_mean_one_channel_it_is_the_ones_whose_address_it_has() -> None:
    found = assigned(LISTED, [("1", ""), ("urn:a", "192.168.10.31"), ("2", "")])
    assert [each and each.number for each in found] == [None, 1, 2]
    assert assigned([Channel(1)], [(None, "192.168.10.31"), (None, "192.168.10.32")]) == [None, None]


def test_a_number_that_is_only_a_place_in_a_list_is_no_ones() -> None:
    listed = [Channel(1, ("a",), "192.168.10.31", is_numbered=False), Channel(2, ("b",), is_numbered=False)]
    assert [find(listed, "1", address) for address in ("192.168.10.31", "192.168.10.32", "")] == [listed[0], None, None]
    assert find(listed, "b") == listed[1]


@pytest.mark.parametrize(
    ("names", "configured", "expected"),
    [
        ([("urn:cam:1", "x", ""), ("urn:cam:3", "y", "")], [], [1, 3]),
        ([("a", "rec_000", ""), ("b", "rec_002", "")], [], [1, 3]),  # counted from 0
        ([("a:1", "rec", "Cam 4"), ("b:1", "rec", "Cam 5")], [], [4, 5]),
        ([("192.168.10.31", "a", ""), ("192.168.10.33", "b", "")], [], []),  # an address is no number
        ([("6f1e0a34-0000-4000-8000-00000000a001", "a", ""), ("b2", "b", "")], [], []),
        ([("lobby", "a", ""), ("yard", "b", "")], ["lobby", "hall", "yard"], [1, 3]),
        ([("lobby", "a", ""), ("yard", "b", "")], ["lobby"], []),
    ],
)
def test_an_onvif_channel_is_numbered_by_what_stays(
    names: list[tuple[str, str, str]], configured: list[str], expected: list[int]
) -> None:
    found = numbers({each[0]: each for each in names}, configured)
    assert [number for source, number in found.items() if source in {each[0] for each in names}] == expected
