"""What a camera or recorder says of itself by ONVIF events is read at each poll, and does the poll no harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from camera.device_address import DeviceAddress
from camera.interfaces.onvif_camera import OnvifCamera
from camera.onvif.events import MOST_ANSWERS, MOST_MESSAGES, TRY_AGAIN_SECONDS, DeviceEvents
from camera.onvif.library import Service
from camera.onvif.session import OnvifSession
from camera.recorders.onvif import OnvifRecorder
from camera.refusals import Refusals
from edge_agent.cameras import InterfacePoll
from simulator import faults
from simulator.onvif.events import MOST_SUBSCRIPTIONS
from telemetry.clock import SystemClock
from telemetry.live import StreamName
from telemetry.readings import Reading
from tests.camera.onvif_server import PASSWORD, USERNAME, HttpReply, OnvifServer, envelope, fault
from tests.simulator.conftest import Lived
from tests.simulator.conftest import start as start
from tests.simulator.test_onvif import small as small

_SERVICES = (
    "<tds:GetServicesResponse>{}</tds:GetServicesResponse>",
    "<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{}/wsdl</tds:Namespace><tds:XAddr>http://127.0.0.1:{}/{}"
    "</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>",
)
_NAMES = 'xmlns:tev="http://www.onvif.org/ver10/events/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2"'
_TIMES = (
    "<{0}:CurrentTime>2026-01-01T00:00:00Z</{0}:CurrentTime>"
    "<{0}:TerminationTime>2026-01-01T00:05:00Z</{0}:TerminationTime>"
)


class Clock(SystemClock):
    """The system's, with steps."""

    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.later


def subscribed(port: int) -> HttpReply:
    return HttpReply(
        body=envelope(
            f'<tev:CreatePullPointSubscriptionResponse {_NAMES} xmlns:wsa="http://www.w3.org/2005/08/addressing">'
            f"<tev:SubscriptionReference><wsa:Address>http://127.0.0.1:{port}/sub/1</wsa:Address></tev:SubscriptionReference>"
            f"{_TIMES.format('wsnt')}</tev:CreatePullPointSubscriptionResponse>"
        )
    )


def message(topic: str, source: str, flag: str, value: str, operation: str = "Changed") -> str:
    return (
        f'<wsnt:NotificationMessage><wsnt:Topic Dialect="d">{topic}</wsnt:Topic><wsnt:Message><tt:Message '
        f'UtcTime="2026-01-01T00:00:00Z" PropertyOperation="{operation}"><tt:Source><tt:SimpleItem Name="Source" '
        f'Value="{source}"/></tt:Source><tt:Data><tt:SimpleItem Name="{flag}" Value="{value}"/></tt:Data>'
        "</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


def pulled(*messages: str) -> HttpReply:
    told = f"<tev:PullMessagesResponse {_NAMES}>{_TIMES.format('tev')}{''.join(messages)}</tev:PullMessagesResponse>"
    return HttpReply(body=envelope(told))


class Telling:
    """A camera with an event service: `next` is what it answers to PullMessages, `made` to who subscribes."""

    def __init__(self) -> None:
        self.next = pulled()
        self.made: HttpReply | None = None
        self.unsubscribed: Callable[[], HttpReply | None] = lambda: None

    def __call__(self, server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if operation == "GetServices":
            named = (("device", "onvif/device_service"), ("media", "onvif/media_service"), ("events", "onvif/events"))
            services = "".join(_SERVICES[1].format(each[0], server.port, each[1]) for each in named)
            return HttpReply(body=envelope(_SERVICES[0].format(services)))
        if operation == "Unsubscribe":
            return self.unsubscribed()
        made = self.made or subscribed(server.port)
        return {"CreatePullPointSubscription": made, "PullMessages": self.next}.get(operation)


@pytest.fixture
def telling() -> Iterator[tuple[Telling, OnvifServer]]:
    answer = Telling()
    server = OnvifServer(answer)
    yield answer, server
    server.close()


def session_at(port: int, clock: Clock, password: str = PASSWORD, user: str = USERNAME) -> OnvifSession:
    return OnvifSession(DeviceAddress(f"http://127.0.0.1:{port}", user, password), 5.0, clock, Refusals(clock))


def virtual(lived: Lived, device: str, clock: Clock) -> OnvifSession:
    return session_at(lived.port(device), clock, lived.running.secrets.password(device), "wardwatch")


async def said(camera: OnvifCamera) -> tuple[dict[str, float], bool]:
    told = await camera.ask()
    assert told.reason is None and set(told.streams) == {StreamName.MAIN, StreamName.SUB}
    return {name: value for name, value, *_ in told.readings if name.startswith("camera_says_")}, told.says_news


async def test_a_recorders_failed_disk_and_lost_camera_are_read_from_its_events(small: Lived) -> None:
    clock = Clock()
    recorder = OnvifRecorder(virtual(small, "nvr-1", clock), clock)
    second = OnvifCamera(virtual(small, "nvr-1", clock), clock, channel=2)
    await recorder.open()
    before = await recorder.disks()
    assert before and all(disk.healthy for disk in before)
    assert await said(second) == ({"camera_says_signal_lost": 0.0}, False)
    faults.switch(small.ward, "disk-fail", "nvr-1", True)
    faults.switch(small.ward, "camera-offline", "cam-1", True)
    assert {disk.name: disk.healthy for disk in await recorder.disks()}["disk-1"] is False
    assert await said(second) == ({"camera_says_signal_lost": 0.0}, False)  # it is another channel's
    faults.switch(small.ward, "camera-offline", "cam-2", True)
    assert await said(second) == ({"camera_says_signal_lost": 1.0}, True)
    assert await said(second) == ({"camera_says_signal_lost": 1.0}, False)
    await recorder.close()
    await second.close()


async def test_a_subscription_that_ended_at_the_device_is_made_anew_in_the_same_poll(small: Lived) -> None:
    clock = Clock()
    session = virtual(small, "nvr-1", clock)
    await session.open()
    events = DeviceEvents(session, clock)
    await events.pull()
    small.pass_time(400.0)
    small.clock.step_wall(-400.0)
    faults.switch(small.ward, "disk-fail", "nvr-1", True)
    await events.pull()
    assert events.failed_disks()["disk-1"]
    await session.close()


class Noting(OnvifSession):
    """Notes what is asked."""

    asked: list[str]

    async def call(self, service: Service, operation: str, *given: Any, **named: Any) -> Any:
        self.asked.append(operation)
        return await super().call(service, operation, *given, **named)


async def test_a_subscription_is_renewed_before_it_ends(small: Lived) -> None:
    clock = Clock()
    address = DeviceAddress(
        f"http://127.0.0.1:{small.port('nvr-1')}", "wardwatch", small.running.secrets.password("nvr-1")
    )
    session = Noting(address, 5.0, clock, Refusals(clock))
    session.asked = []
    await session.open()
    events = DeviceEvents(session, clock)
    for _ in range(4):
        await events.pull()
        assert events.failed_disks()
        small.pass_time(200.0)
        small.clock.step_wall(-200.0)
        clock.later += 200.0
    assert session.asked.count("CreatePullPointSubscription") == 1
    assert session.asked.count("Renew") == 3
    await session.close()


async def test_what_a_camera_says_is_taken_back_and_motion_is_passed_over(
    telling: tuple[Telling, OnvifServer],
) -> None:
    answer, server = telling
    clock = Clock()
    camera = OnvifCamera(session_at(server.port, clock), clock)
    scene = "tns1:VideoSource/tns1:GlobalSceneChange/ImagingService"
    answer.next = pulled(
        message(scene, "vs1", "State", "true"),
        message("tns1:VideoSource/ImageTooDark/ImagingService", "vs1", "State", "0", "Initialized"),
        message("tns1:VideoSource/MotionAlarm", "vs1", "State", "true"),
        message("tns1:RuleEngine/CellMotionDetector/Motion", "vs1", "IsMotion", "true"),
        message("tns1:VideoSource/ImageTooBright", "vs1", "State", "perhaps"),
        message("tns1:VideoSource/ImageTooBlurryIndeed", "vs1", "State", "true"),
    )
    assert await said(camera) == ({"camera_says_tampered": 1.0, "camera_says_too_dark": 0.0}, True)
    answer.next = pulled(message(scene, "vs1", "State", "false"))
    assert await said(camera) == ({"camera_says_tampered": 0.0, "camera_says_too_dark": 0.0}, True)
    answer.next = pulled(message(scene, "vs1", "State", "false", "Deleted"))
    assert await said(camera) == ({"camera_says_too_dark": 0.0}, False)
    assert server.asked.count("CreatePullPointSubscription") == 1
    await camera.close()


HOSTILE = {
    "a page": HttpReply(body=b"<html><body>Login</body></html>", headers={"Content-Type": "text/html"}),
    "half": HttpReply(body=pulled().body[:200]),
    "refused": HttpReply(500, fault("ter:ActionNotSupported", "not here")),
    "may not": HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized")),
    "gone": HttpReply(404, b""),
    "another's": HttpReply(body=envelope("<tds:GetHostnameResponse/>")),
    "entities": HttpReply(body=b'<!DOCTYPE a [<!ENTITY b "c">]><Envelope>&b;</Envelope>'),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("where", ["made", "next"])
async def test_a_bad_answer_harms_no_poll_and_is_tried_again_later(
    telling: tuple[Telling, OnvifServer], caplog: pytest.LogCaptureFixture, what: str, where: str
) -> None:
    answer, server = telling
    clock = Clock()
    camera = OnvifCamera(session_at(server.port, clock), clock)
    setattr(answer, where, HOSTILE[what])
    assert await said(camera) == ({}, False)
    asked = server.asked.count("CreatePullPointSubscription")
    assert await said(camera) == ({}, False)
    assert server.asked.count("CreatePullPointSubscription") == asked == 1
    assert len([each for each in caplog.records if "no events" in each.message]) == 1
    if what == "may not":
        return  # what this account may not ask is not asked again
    answer.made, answer.next = None, pulled(message("tns1:VideoSource/SignalLoss", "vs1", "State", "true"))
    clock.later += TRY_AGAIN_SECONDS + 1
    assert await said(camera) == ({"camera_says_signal_lost": 1.0}, True)
    await camera.close()


async def test_a_subscription_that_is_refused_later_on_is_no_refused_password(
    telling: tuple[Telling, OnvifServer],
) -> None:
    answer, server = telling
    clock = Clock()
    camera = OnvifCamera(session_at(server.port, clock), clock)
    await said(camera)
    answer.next = HttpReply(401, b"")
    await said(camera)
    clock.later += TRY_AGAIN_SECONDS + 1  # all is asked anew
    answer.next = pulled(message("tns1:VideoSource/SignalLoss", "vs1", "State", "true"))
    assert await said(camera) == ({"camera_says_signal_lost": 1.0}, True)
    assert server.wrong_logins == 0
    await camera.close()


async def test_a_subscription_is_given_back_at_the_end(small: Lived) -> None:
    clock = Clock()
    for _ in range(2 * MOST_SUBSCRIPTIONS):  # the virtual devices have no more than that
        camera = OnvifCamera(virtual(small, "cam-1", clock), clock)
        recorder = OnvifRecorder(virtual(small, "nvr-1", clock), clock)
        assert (await said(camera))[0] == {
            "camera_says_signal_lost": 0.0,
            "camera_says_tampered": 0.0,
            "camera_says_too_dark": 0.0,
            "camera_says_blurred": 0.0,
        }
        await recorder.open()
        assert await recorder.disks()
        await camera.close()
        await recorder.close()


@pytest.mark.parametrize("refused", [True, False])
async def test_a_device_that_takes_no_unsubscribe_holds_the_end_up_for_two_seconds_at_most(
    telling: tuple[Telling, OnvifServer], refused: bool
) -> None:
    answer, server = telling
    clock = Clock()
    camera = OnvifCamera(session_at(server.port, clock), clock)
    await said(camera)
    answer.unsubscribed = (lambda: HOSTILE["refused"]) if refused else (lambda: time.sleep(5) or HOSTILE["refused"])
    began = time.monotonic()
    await camera.close()
    assert server.asked.count("Unsubscribe") == 1
    assert time.monotonic() - began < 2.0


async def test_what_a_camera_says_makes_the_agent_look_once(telling: tuple[Telling, OnvifServer]) -> None:
    answer, server = telling
    clock = Clock()
    poll = InterfacePoll(OnvifCamera(session_at(server.port, clock), clock))
    looks: list[str] = []
    poll.look = lambda: looks.append("look")
    await poll.poll()
    assert looks == []
    answer.next = pulled(message("tns1:VideoSource/ImageTooBlurry", "vs1", "State", "true"))
    result = await poll.poll()
    assert result.reachable and Reading("camera_says_blurred", 1.0) in result.readings
    await poll.poll()
    assert looks == ["look"]
    await poll.close()


async def test_a_device_that_never_stops_telling_is_left_after_a_few_answers(
    telling: tuple[Telling, OnvifServer],
) -> None:
    answer, server = telling
    clock = Clock()
    camera = OnvifCamera(session_at(server.port, clock), clock)
    answer.next = pulled(
        *(message("tns1:VideoSource/SignalLoss", f"s{n}", "State", "true") for n in range(MOST_MESSAGES + 50))
    )
    assert await said(camera) == ({"camera_says_signal_lost": 1.0}, True)
    assert server.asked.count("PullMessages") == MOST_ANSWERS
    await camera.close()
