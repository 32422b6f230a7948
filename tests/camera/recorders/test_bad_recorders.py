"""Recorders that answer nonsense, send us elsewhere, or name their channels oddly: each ends in words, soon."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from camera.device_address import DeviceAddress
from camera.http_client import CameraHttp
from camera.recorders.client import Channel, RecorderClient, find
from camera.recorders.dahua import DahuaRecorder
from camera.recorders.isapi import IsapiRecorder
from camera.recorders.means import Means
from camera.recorders.survey import Camera, Surveyor
from camera.refusals import Refusals
from camera.retention.judge import Settings
from telemetry.clock import SystemClock
from telemetry.evidence import Verdict
from tests.camera.recorders.conftest import EVERY_HOUR
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
