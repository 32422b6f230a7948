"""The same recorder as Hikvision's and Dahua's answer: one index, their words, their times, their addresses."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree

from simulator import faults
from simulator.recorder.book import Book
from simulator.recorder.tape import HOUR, SECOND, VIETNAM, Span
from simulator.services.recorder import RecorderService
from telemetry.clock import SystemClock
from tests.simulator.cameras import Client
from tests.simulator.conftest import Lived
from tests.simulator.test_onvif import RECORDERS
from tests.simulator.test_recorder import ms_of_day, replayed

_HIK = {"h": "http://www.hikvision.com/ver20/XMLSchema"}


@pytest.fixture
async def dressed(start: Callable[..., Awaitable[Lived]]) -> Lived:
    """Recorders in each dress, on the day of today."""
    lived = await start(ward=RECORDERS)
    lived.clock.step_wall(SystemClock().wall_us() / 1e6 - lived.clock.wall_us() / 1e6)
    lived.simulation.show()
    return lived


def recorder(lived: Lived, device: str) -> RecorderService:
    found = lived.simulation.devices[device].service
    assert isinstance(found, RecorderService)
    return found


def book(lived: Lived, device: str) -> Book:
    return recorder(lived, device).book


class Asker:
    """By HTTP digest."""

    def __init__(self, lived: Lived, device: str) -> None:
        self._base = f"http://127.0.0.1:{lived.port(device)}"
        password = lived.running.secrets.password(device)
        self._client = httpx.AsyncClient(auth=httpx.DigestAuth("wardwatch", password), timeout=10.0)

    async def xml(self, path: str, body: str | None = None) -> etree._Element:
        answer = await self._client.request("POST" if body else "GET", self._base + path, content=body)
        assert answer.status_code == 200, answer.text
        return etree.fromstring(answer.content)

    async def lines(self, question: str) -> dict[str, str]:
        answer = await self._client.get(f"{self._base}/cgi-bin/{question}")
        assert answer.status_code == 200, answer.text
        return dict(line.split("=", 1) if "=" in line else (line, "") for line in answer.text.split("\r\n") if line)

    async def status(self, path: str, body: str | None = None) -> int:
        return (await self._client.request("POST" if body else "GET", self._base + path, content=body)).status_code


def texts(root: etree._Element, name: str) -> list[str]:
    return [str(one.text) for one in root.iterfind(f".//h:{name}", _HIK)]


def search(begin: datetime, end: datetime, first: int = 0, most: int = 100) -> str:
    return (
        "<CMSearchDescription><searchID>1</searchID><trackList><trackID>101</trackID></trackList><timeSpanList><timeSpan>"
        f"<startTime>{begin:%Y-%m-%dT%H:%M:%SZ}</startTime><endTime>{end:%Y-%m-%dT%H:%M:%SZ}</endTime>"
        f"</timeSpan></timeSpanList><maxResults>{most}</maxResults><searchResultPostion>{first}</searchResultPostion>"
        "</CMSearchDescription>"
    )


async def all_of_isapi(asker: Asker, zone: tzinfo) -> tuple[list[Span], list[str]]:
    """Everything of the last 50 days, page after page; and where it is replayed."""
    now = datetime.now(zone)
    found, addresses = [], []
    while True:
        page = await asker.xml("/ISAPI/ContentMgmt/search", search(now - timedelta(days=50), now, len(found)))
        times = [
            round(datetime.strptime(one, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=zone).timestamp()) * SECOND
            for name in ("startTime", "endTime")
            for one in texts(page, name)
        ]
        half = len(times) // 2
        assert texts(page, "numOfMatches") == [str(half)]
        found += [Span(*both) for both in zip(times[:half], times[half:], strict=True)]
        addresses += texts(page, "playbackURI")
        if texts(page, "responseStatusStrg") != ["MORE"]:
            return found, addresses


def joined(files: list[Span]) -> list[Span]:
    """Files that touch are one span."""
    made: list[Span] = []
    for one in files:
        if made and made[-1].end_us == one.begin_us:
            made[-1] = Span(made[-1].begin_us, one.end_us)
        else:
            made.append(one)
    return made


def whole_seconds(spans: list[Span]) -> list[Span]:
    return [Span(one.begin_us // SECOND * SECOND, one.end_us // SECOND * SECOND) for one in spans]


@pytest.mark.parametrize(("device", "zone"), [("nvr-2", UTC), ("nvr-4", VIETNAM)])
async def test_hikvisions_search_pages_through_the_whole_index(dressed: Lived, device: str, zone: tzinfo) -> None:
    asker = Asker(dressed, device)
    faults.switch(dressed.ward, "recorder-gap", device, True)
    expected = whole_seconds(book(dressed, device).spans(1))
    files, addresses = await all_of_isapi(asker, zone)
    assert joined(files) == expected
    assert len(addresses) == len(files) > 34 * 24 - 12
    assert all(one.end_us - one.begin_us <= HOUR for one in files)
    told = await asker.xml("/ISAPI/System/time")
    assert datetime.fromisoformat(texts(told, "localTime")[0]).utcoffset() == timedelta(hours=7)


async def test_hikvisions_days_and_disks(dressed: Lived) -> None:
    asker = Asker(dressed, "nvr-2")
    faults.switch(dressed.ward, "recorder-short", "nvr-2", True)
    now = datetime.now(VIETNAM)
    days: dict[str, bool] = {}
    for month in (now, now.replace(day=1) - timedelta(days=1)):
        asked = f"<trackDailyParam><year>{month.year}</year><monthOfYear>{month.month}</monthOfYear></trackDailyParam>"
        told = await asker.xml("/ISAPI/ContentMgmt/record/tracks/101/dailyDistribution", asked)
        names, recorded = texts(told, "dayOfMonth"), texts(told, "record")
        days |= {f"{month:%Y-%m}-{int(name):02}": one == "true" for name, one in zip(names, recorded, strict=True)}
    expected = {f"{now - timedelta(days=number):%Y-%m-%d}" for number in range(13)}
    assert {day for day, recorded in days.items() if recorded} == expected & days.keys()
    assert texts(await asker.xml("/ISAPI/ContentMgmt/Storage"), "status") == ["ok", "ok"]
    faults.switch(dressed.ward, "disk-fail", "nvr-2", True)
    assert texts(await asker.xml("/ISAPI/ContentMgmt/Storage"), "status") == ["error", "ok"]
    assert texts(await asker.xml("/ISAPI/ContentMgmt/InputProxy/channels"), "name") == ["Camera cửa ra vào"]
    faults.switch(dressed.ward, "camera-offline", "cam-3", True)
    assert texts(await asker.xml("/ISAPI/ContentMgmt/InputProxy/channels/status"), "online") == ["false"]
    assert texts(await asker.xml("/ISAPI/System/deviceInfo"), "model") == ["DS-7604NI-K1"]
    assert texts(await asker.xml("/ISAPI/ContentMgmt/record/tracks"), "Duration") == ["P12DT0H"]
    ports = await asker.xml("/ISAPI/Security/adminAccesses")
    rtsp = recorder(dressed, "nvr-2").rtsp
    assert rtsp is not None
    assert texts(ports, "portNo") == [str(dressed.port("nvr-2")), str(rtsp.port)]


async def find_dahua(asker: Asker, begin: datetime, end: datetime) -> list[Span]:
    finder = (await asker.lines("mediaFileFind.cgi?action=factory.create"))["result"]
    form = "%Y-%m-%d%%20%H:%M:%S"
    condition = f"condition.Channel=1&condition.StartTime={begin:{form}}&condition.EndTime={end:{form}}"
    assert "OK" in await asker.lines(f"mediaFileFind.cgi?action=findFile&object={finder}&{condition}")
    found: list[Span] = []
    while True:
        page = await asker.lines(f"mediaFileFind.cgi?action=findNextFile&object={finder}&count=100")
        for at in range(int(page["found"])):
            times = [page[f"items[{at}].{name}Time"] for name in ("Start", "End")]
            read = [datetime.fromisoformat(one).replace(tzinfo=VIETNAM) for one in times]
            found.append(Span(*(round(one.timestamp()) * SECOND for one in read)))
        if page["found"] == "0":
            break
    for action in ("close", "destroy"):
        assert "OK" in await asker.lines(f"mediaFileFind.cgi?action={action}&object={finder}")
    return found


async def test_dahuas_finder_finds_the_whole_index_in_the_recorders_own_time(dressed: Lived) -> None:
    asker = Asker(dressed, "nvr-3")
    faults.switch(dressed.ward, "recorder-locked-clip", "nvr-3", True)
    expected = whole_seconds(book(dressed, "nvr-3").spans(1))
    now = datetime.now(VIETNAM)
    assert joined(await find_dahua(asker, now - timedelta(days=50), now)) == expected
    time = datetime.fromisoformat((await asker.lines("global.cgi?action=getCurrentTime"))["result"])
    assert abs(time - now.replace(tzinfo=None)) < timedelta(seconds=10)
    assert (await asker.lines("magicBox.cgi?action=getSystemInfo"))["deviceType"] == "NVR4104HS-4KS2"
    assert (await asker.lines("magicBox.cgi?action=getSoftwareVersion"))["version"].startswith("ward-sim")
    titles = await asker.lines("configManager.cgi?action=getConfig&name=ChannelTitle")
    assert titles == {"table.ChannelTitle[0].Name": "Camera phòng họp"}
    disks = "storageDevice.cgi?action=getDeviceAllInfo"
    assert (await asker.lines(disks))["list.info[0].State"] == "Success"
    faults.switch(dressed.ward, "disk-fail", "nvr-3", True)
    told = await asker.lines(disks)
    assert [told[f"list.info[{at}].State"] for at in (0, 1)] == ["Error", "Success"]
    assert told["list.info[0].Detail[0].IsError"] == "true"


@pytest.mark.parametrize(
    ("device", "address"),
    [
        ("nvr-2", "Streaming/tracks/101?starttime={0:%Y%m%dT%H%M%SZ}&endtime={1:%Y%m%dT%H%M%SZ}"),
        ("nvr-4", "Streaming/tracks/101?starttime={2:%Y%m%dT%H%M%SZ}"),
        ("nvr-3", "cam/playback?channel=1&subtype=0&starttime={2:%Y_%m_%d_%H_%M_%S}&endtime={3:%Y_%m_%d_%H_%M_%S}"),
    ],
)
async def test_the_moment_in_the_address_is_the_one_that_is_shown(dressed: Lived, device: str, address: str) -> None:
    asked = datetime.now(UTC).replace(microsecond=0) - timedelta(days=17)
    until, local = asked + timedelta(seconds=2), asked.astimezone(VIETNAM)
    path = address.format(asked, until, local, local + timedelta(seconds=2))
    rtsp = recorder(dressed, device).rtsp
    assert rtsp is not None
    client = await Client.to(rtsp.port)
    client.password, client.realm = dressed.running.secrets.password(device), rtsp.gate.realm
    _, pictures = await replayed(client, path, "Rate-Control: no", "Frames: intra", most=2)
    client.close()
    asked_us = round(asked.timestamp()) * SECOND
    assert [one.taken_us for one in pictures] == [asked_us, asked_us + SECOND]
    assert [one.clock_ms for one in pictures] == [ms_of_day(one.taken_us) for one in pictures]


@pytest.mark.parametrize(
    ("device", "path", "body", "status"),
    [
        ("nvr-2", "/ISAPI/System/reboot", None, 404),
        ("nvr-2", "/ISAPI/ContentMgmt/search", "<x>", 400),
        ("nvr-2", "/ISAPI/ContentMgmt/search", "<x/>", 400),
        ("nvr-2", "/ISAPI/System/time", "<x/>", 405),
        ("cam-3", "/ISAPI/ContentMgmt/Storage", None, 404),
        ("nvr-3", "/cgi-bin/magicBox.cgi?action=reboot", None, 400),
        ("nvr-3", "/cgi-bin/mediaFileFind.cgi?action=findNextFile&object=1&count=1", None, 400),
        ("cam-4", "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo", None, 400),
    ],
)
async def test_what_it_cannot_do_is_refused(
    dressed: Lived, device: str, path: str, body: str | None, status: int
) -> None:
    assert await Asker(dressed, device).status(path, body) == status
    unknown = httpx.AsyncClient(auth=httpx.DigestAuth("wardwatch", "other"))
    assert (await unknown.get(f"http://127.0.0.1:{dressed.port(device)}{path}")).status_code == 401
    await unknown.aclose()


async def test_cameras_wear_the_dresses_too(dressed: Lived) -> None:
    hikvision, dahua = Asker(dressed, "cam-3"), Asker(dressed, "cam-4")
    assert texts(await hikvision.xml("/ISAPI/System/deviceInfo"), "deviceType") == ["IPCamera"]
    assert texts(await hikvision.xml("/ISAPI/Streaming/channels"), "videoResolutionWidth") == ["1280", "640"]
    encode = await dahua.lines("configManager.cgi?action=getConfig&name=Encode")
    assert encode["table.Encode[0].ExtraFormat[0].Video.Width"] == "640"
    for device, path in (("cam-3", "Streaming/Channels/102"), ("cam-4", "cam/realmonitor?channel=1&subtype=1")):
        service = dressed.simulation.devices[device].service
        url = urlsplit(service.live("sub"))  # type: ignore[attr-defined]
        assert path == re.sub("^/", "", url.path) + (f"?{url.query}" if url.query else "")
        client = await Client.to(url.port or 0)
        client.password, client.realm = dressed.running.secrets.password(device), service.camera.gate.realm  # type: ignore[attr-defined]
        await client.ask("DESCRIBE", path)
        assert (await client.ask("DESCRIBE", path))[0] == 200
        client.close()
