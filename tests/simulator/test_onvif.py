"""The virtual ward by ONVIF: every answer held against the schemas of ONVIF, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree
from onvif import ONVIFCamera

from simulator import faults
from simulator.onvif.server import OnvifServer
from simulator.onvif.xml import PREFIXES
from simulator.services.recorder import RecorderService
from simulator.services.web_camera import WebCamera
from telemetry.clock import SystemClock
from tests.simulator.conftest import Lived
from tests.simulator.onvif_peer import Soap, schema, text, texts

RECORDERS = Path(__file__).parents[2] / "simulator" / "wards" / "recorders.toml"
_SETUP = "<tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>"
_FIND = "<tse:Scope/><tse:KeepAliveTime>PT60S</tse:KeepAliveTime>"

_DEVICE = """GetSystemDateAndTime GetServiceCapabilities GetDeviceInformation GetScopes GetHostname GetUsers GetDNS
    GetNetworkInterfaces GetNetworkProtocols GetNetworkDefaultGateway GetNTP GetDiscoveryMode GetCapabilities"""
_MEDIA = """GetServiceCapabilities GetProfiles GetVideoSources GetVideoSourceConfigurations GetAudioSources
    GetVideoEncoderConfigurations GetVideoEncoderConfigurationOptions GetAudioEncoderConfigurations"""
PLAIN = {
    "tds": _DEVICE.split(),
    "trt": _MEDIA.split(),
    "tev": ["GetServiceCapabilities", "GetEventProperties"],
}
OF_RECORDERS = {
    "trc": ["GetServiceCapabilities", "GetRecordings", "GetRecordingJobs"],
    "tse": ["GetServiceCapabilities", "GetRecordingSummary"],
    "trp": ["GetServiceCapabilities", "GetReplayConfiguration"],
}


@pytest.fixture
async def small(start: Callable[..., Awaitable[Lived]]) -> Lived:
    """Two cameras and their recorder, on the day of today."""
    lived = await start(ward=RECORDERS)
    lived.clock.step_wall(SystemClock().wall_us() / 1e6 - lived.clock.wall_us() / 1e6)
    return lived


def soap(lived: Lived, device: str) -> Soap:
    return Soap(lived.port(device), "wardwatch", lived.running.secrets.password(device))


def server(lived: Lived, device: str) -> OnvifServer:
    service = lived.simulation.devices[device].service
    assert isinstance(service, (WebCamera, RecorderService))
    assert isinstance(service.web, OnvifServer)
    return service.web


async def ask_all(asker: Soap, plain: dict[str, list[str]], token: str) -> None:
    for prefix, names in plain.items():
        for name in names:
            await asker.ask(f"<{prefix}:{name}/>")
    for asked in (
        "<tds:GetServices><tds:IncludeCapability>true</tds:IncludeCapability></tds:GetServices>",
        f"<trt:GetProfile><trt:ProfileToken>{token}</trt:ProfileToken></trt:GetProfile>",
        f"<trt:GetSnapshotUri><trt:ProfileToken>{token}</trt:ProfileToken></trt:GetSnapshotUri>",
        f"<trt:GetStreamUri><trt:StreamSetup>{_SETUP}</trt:StreamSetup><trt:ProfileToken>{token}</trt:ProfileToken>"
        "</trt:GetStreamUri>",
        f"<trt:GetVideoEncoderConfiguration><trt:ConfigurationToken>{token}-encoder</trt:ConfigurationToken>"
        "</trt:GetVideoEncoderConfiguration>",
    ):
        await asker.ask(asked)
    made = await asker.ask(
        "<tev:CreatePullPointSubscription><tev:InitialTerminationTime>PT60S</tev:InitialTerminationTime>"
        "</tev:CreatePullPointSubscription>"
    )
    path = "/" + text(made, "tev:SubscriptionReference/wsa:Address").split("/", 3)[3]
    pull = "<tev:PullMessages><tev:Timeout>PT5S</tev:Timeout><tev:MessageLimit>10</tev:MessageLimit></tev:PullMessages>"
    assert len(texts(await asker.ask(pull, path), "wsnt:NotificationMessage")) > 0
    await asker.ask("<tev:SetSynchronizationPoint/>", path)
    await asker.ask("<wsnt:Renew><wsnt:TerminationTime>PT60S</wsnt:TerminationTime></wsnt:Renew>", path)
    await asker.ask("<wsnt:Unsubscribe/>", path)


async def test_each_answer_of_a_camera_is_as_the_schemas_say(small: Lived) -> None:
    asker = soap(small, "cam-1")
    await ask_all(asker, PLAIN, "main")
    assert asker.seen == set(server(small, "cam-1").operations)


async def test_each_answer_of_a_recorder_is_as_the_schemas_say(small: Lived) -> None:
    asker = soap(small, "nvr-1")
    await ask_all(asker, PLAIN | OF_RECORDERS, "channel-1-main")
    one = "<{0}:RecordingToken>recording-1</{0}:RecordingToken>"
    job = "<trc:JobToken>job-1</trc:JobToken>"
    for asked in (
        f"<trc:GetRecordingConfiguration>{one.format('trc')}</trc:GetRecordingConfiguration>",
        f"<trc:GetTrackConfiguration>{one.format('trc')}<trc:TrackToken>video-1</trc:TrackToken>"
        "</trc:GetTrackConfiguration>",
        f"<trc:GetRecordingJobConfiguration>{job}</trc:GetRecordingJobConfiguration>",
        f"<trc:GetRecordingJobState>{job}</trc:GetRecordingJobState>",
        f"<tse:GetRecordingInformation>{one.format('tse')}</tse:GetRecordingInformation>",
        "<tse:GetMediaAttributes><tse:Time>2020-01-01T00:00:00Z</tse:Time></tse:GetMediaAttributes>",
        f"<trp:GetReplayUri><trp:StreamSetup>{_SETUP}</trp:StreamSetup>{one.format('trp')}</trp:GetReplayUri>",
    ):
        await asker.ask(asked)
    found = await asker.ask(f"<tse:FindRecordings>{_FIND}</tse:FindRecordings>")
    token = f"<tse:SearchToken>{text(found, 'tse:SearchToken')}</tse:SearchToken>"
    listed = await asker.ask(f"<tse:GetRecordingSearchResults>{token}</tse:GetRecordingSearchResults>")
    recordings = texts(listed, "tse:ResultList/tt:RecordingInformation/tt:RecordingToken")
    assert recordings == ["recording-1", "recording-2"]
    assert text(await asker.ask(f"<tse:GetSearchState>{token}</tse:GetSearchState>"), "tse:State") == "Completed"
    await asker.ask(f"<tse:EndSearch>{token}</tse:EndSearch>")
    events = await asker.ask(find_events("2020-01-01T00:00:00Z"))
    token = f"<tse:SearchToken>{text(events, 'tse:SearchToken')}</tse:SearchToken>"
    await asker.ask(f"<tse:GetEventSearchResults>{token}</tse:GetEventSearchResults>")
    assert asker.seen == set(server(small, "nvr-1").operations)


def find_events(begin: str, end: str = "", topic: str = "tns1:RecordingHistory/Track/State") -> str:
    dialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
    filtered = f'<wsnt:TopicExpression Dialect="{dialect}">{topic}</wsnt:TopicExpression>' if topic else ""
    until = f"<tse:EndPoint>{end}</tse:EndPoint>" if end else ""
    return (
        f"<tse:FindEvents><tse:StartPoint>{begin}</tse:StartPoint>{until}<tse:Scope/><tse:SearchFilter>{filtered}"
        "</tse:SearchFilter><tse:IncludeStartState>true</tse:IncludeStartState>"
        "<tse:KeepAliveTime>PT60S</tse:KeepAliveTime></tse:FindEvents>"
    )


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = (
        f'<tse:EndSearchResponse xmlns:tse="{PREFIXES["tse"]}"><tse:Endpoint>now</tse:Endpoint></tse:EndSearchResponse>'
    )
    with pytest.raises(etree.DocumentInvalid, match="Endpoint"):
        schema().assertValid(etree.fromstring(wrong))


def fault(response: httpx.Response) -> str:
    return text(etree.fromstring(response.content), "env:Body/env:Fault/env:Code/env:Subcode/env:Value")


@pytest.mark.parametrize("device", ["cam-1", "nvr-1"])
async def test_nobody_asks_without_the_password(small: Lived, device: str) -> None:
    asker = soap(small, device)
    asked = "<tds:GetDeviceInformation/>"
    assert (await asker.raw("<tds:GetSystemDateAndTime/>", header="")).status_code == 200
    bare = await asker.raw(asked, header="")
    assert (bare.status_code, fault(bare)) == (401, "ter:NotAuthorized")
    wrong = await asker.raw(asked, header=asker.header(password="other"))
    assert (wrong.status_code, fault(wrong)) == (400, "ter:NotAuthorized")
    assert (await asker.raw(asked)).status_code == 200
    for off, status in ((timedelta(minutes=4), 200), (timedelta(minutes=6), 400), (-timedelta(minutes=6), 400)):
        asker.clock_off = off
        assert (await asker.raw(asked)).status_code == status, off
    digest = httpx.DigestAuth("wardwatch", asker.password)
    assert (await asker.raw(asked, header="", auth=digest)).status_code == 200
    assert (await asker.raw(asked, header="", auth=httpx.DigestAuth("wardwatch", "other"))).status_code == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<tds:Reboot/>", "ter:ActionNotSupported"),
        ("<trt:GetProfile><trt:ProfileToken>x</trt:ProfileToken></trt:GetProfile>", "ter:InvalidArgVal"),
        ("<tse:EndSearch><tse:SearchToken>x</tse:SearchToken></tse:EndSearch>", "ter:InvalidArgVal"),
        ("", "ter:WellFormed"),
    ],
)
async def test_what_it_cannot_do_is_a_fault(small: Lived, body: str, reason: str) -> None:
    refused = await soap(small, "nvr-1").raw(body)
    assert (refused.status_code, fault(refused)) == (400, reason)


async def test_a_snapshot_is_a_jpeg_for_those_who_know_the_password(small: Lived) -> None:
    asker = soap(small, "cam-1")
    asked = "<trt:GetSnapshotUri><trt:ProfileToken>main</trt:ProfileToken></trt:GetSnapshotUri>"
    uri = text(await asker.ask(asked), "trt:MediaUri/tt:Uri")
    async with httpx.AsyncClient(timeout=10.0) as client:
        assert (await client.get(uri)).status_code == 401
        given = await client.get(uri, auth=httpx.DigestAuth("wardwatch", asker.password))
    assert (given.status_code, given.content[:2], given.content[-2:]) == (200, b"\xff\xd8", b"\xff\xd9")


async def test_a_failed_disk_and_a_lost_camera_are_told_to_who_subscribed(small: Lived) -> None:
    asker = soap(small, "nvr-1")
    made = await asker.ask("<tev:CreatePullPointSubscription/>")
    path = "/" + text(made, "tev:SubscriptionReference/wsa:Address").split("/", 3)[3]
    pull = "<tev:PullMessages><tev:Timeout>PT5S</tev:Timeout><tev:MessageLimit>9</tev:MessageLimit></tev:PullMessages>"
    value = "wsnt:NotificationMessage/wsnt:Message/tt:Message"
    first = await asker.ask(pull, path)
    assert [one.get("PropertyOperation") for one in first.findall(value, PREFIXES)] == ["Initialized"] * 4
    faults.switch(small.ward, "disk-fail", "nvr-1", True)
    faults.switch(small.ward, "camera-offline", "cam-2", True)
    told = await asker.ask(pull, path)
    names = [one.get("Value") for one in told.findall(f"{value}/tt:Source/tt:SimpleItem", PREFIXES)]
    states = [one.get("Value") for one in told.findall(f"{value}/tt:Data/tt:SimpleItem", PREFIXES)]
    assert (names, states) == (["disk-1", "source-2"], ["true", "true"])


async def test_the_client_that_home_assistant_uses_reads_recorder_and_camera(small: Lived) -> None:
    """onvif-zeep-async: strict deserialisation by zeep, by names that GetServices tells."""
    faults.switch(small.ward, "clock-drift", "nvr-1", True)  # it signs by the device's clock
    peer = ONVIFCamera("127.0.0.1", small.port("nvr-1"), "wardwatch", soap(small, "nvr-1").password, adjust_time=True)
    try:
        await peer.update_xaddrs()
        media = await peer.create_media_service()
        profiles = await media.GetProfiles()
        assert [one.token for one in profiles] == [
            f"channel-{number}-{stream}" for number in (1, 2) for stream in ("main", "sub")
        ]
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        uri = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": profiles[0].token})
        assert uri.Uri.endswith("/live/1/main")
        search = await peer.create_onvif_service("search")
        summary = await search.GetRecordingSummary()
        assert (summary.DataUntil - summary.DataFrom).days == 34
        recording = await peer.create_onvif_service("recording")
        held = await recording.GetRecordings()
        assert [one.Configuration.MaximumRetentionTime.days for one in held] == [60, 60]
        replay = await peer.create_onvif_service("replay")
        asked = {"StreamSetup": setup, "RecordingToken": held[1].RecordingToken}
        assert (await replay.GetReplayUri(asked)).endswith("/replay/2")
    finally:
        await peer.close()
