"""A picture across the real hub: asked for over MQTT, published by a ward, watched with a signed-in socket."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dashboards.console.site import Presence
from district.live import MOST_REMEMBERED, MqttStreamRequests
from telemetry import wire_pb2 as wire
from telemetry.clock import FakeClock
from telemetry.entry import Lifecycle, LifecycleEvent
from telemetry.live import LiveNoteType, StreamName, decode_frames, decode_note, encode_ack
from telemetry.readings import DeviceInfo, Inventory, Reason, ReasonCode
from tests.dashboards.live.camera import film
from tests.district.conftest import Desk
from tests.district.fakes import ScriptedWard
from tests.district.processes import HubProcess, listens, mosquitto, process, wait_until

WARD, CAMERA = "hai-chau-1", "cam-1"


class Asked:
    """What was sent, and how it ended."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, wire.Request]] = []
        self.refused: list[tuple[str, str, StreamName, Reason]] = []
        self.broker_there = True
        self.presence = Presence.ONLINE
        self.requests = MqttStreamRequests(FakeClock(), self.send, lambda ward: self.presence)
        self.requests.listen(lambda *each: self.refused.append(each))

    def send(self, ward: str, request: wire.Request) -> bool:
        if self.broker_there:
            self.sent.append((ward, request))
        return self.broker_there

    def start(self) -> Reason | None:
        return self.requests.start(WARD, CAMERA, StreamName.MAIN, "a-ticket", "/live/publish")


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_a_ward_is_asked_with_the_ticket_and_told_to_stop(asked: Asked) -> None:
    assert asked.start() is None
    asked.requests.stop(WARD, CAMERA, StreamName.SUB)
    (to, start), (_, stop) = asked.sent
    question = start.start_stream
    assert (to, question.device, question.stream, question.ticket, question.url) == (
        *(WARD, CAMERA, "main", "a-ticket"),
        "/live/publish",
    )
    assert (stop.stop_stream.device, stop.stop_stream.stream) == (CAMERA, "sub")
    assert start.id != stop.id


def test_a_ward_that_is_away_is_asked_all_the_same_and_the_viewer_told(asked: Asked) -> None:
    asked.presence = Presence.OFFLINE
    assert asked.start() == Reason(ReasonCode.WARD_SILENT, "the ward is not online")
    assert len(asked.sent) == 1
    asked.broker_there = False
    assert asked.start() == Reason(ReasonCode.WARD_SILENT, "the district's broker is not there")
    asked.requests.stop(WARD, CAMERA, StreamName.MAIN)


def test_a_refusal_reaches_those_who_asked_with_its_reason(asked: Asked) -> None:
    asked.start()
    reply = wire.Reply(request_id=asked.sent[0][1].id, ok=False)
    reply.reason.code, reply.reason.detail = "unsupported", "the camera sends hevc"
    asked.requests.reply("thach-thang", reply)  # not the one that was asked
    assert asked.refused == []
    asked.start()
    reply.request_id = asked.sent[1][1].id
    for _ in range(2):  # the second time nobody waits any more
        asked.requests.reply(WARD, reply)
    reason = Reason(ReasonCode.UNSUPPORTED, "the camera sends hevc")
    assert asked.refused == [(WARD, CAMERA, StreamName.MAIN, reason)]


def test_a_reason_of_a_newer_agent_is_told_as_a_fault_with_its_words(asked: Asked) -> None:
    asked.start()
    reply = wire.Reply(request_id=asked.sent[0][1].id, ok=False)
    reply.reason.code, reply.reason.detail = "moon_phase", "x" * 5000
    asked.requests.reply(WARD, reply)
    ((*_, reason),) = asked.refused
    assert reason.code is ReasonCode.AGENT_FAULT
    assert reason.detail.startswith("moon_phase: x")
    assert len(reason.detail) == 300


def test_good_answers_and_those_to_other_questions_are_no_refusals(asked: Asked) -> None:
    asked.start()
    asked.requests.reply(WARD, wire.Reply(request_id=asked.sent[0][1].id, ok=True))
    asked.requests.reply(WARD, wire.Reply(request_id="1a2b", ok=False))
    assert asked.refused == []


def test_questions_that_are_never_answered_are_forgotten(asked: Asked) -> None:
    for _ in range(MOST_REMEMBERED + 50):
        asked.start()
    reply = wire.Reply(request_id=asked.sent[0][1].id, ok=False)
    asked.requests.reply(WARD, reply)
    assert asked.refused == []
    assert len(asked.requests._asked) == MOST_REMEMBERED


def test_the_ingest_hands_every_reply_on(desk: Desk, ward: ScriptedWard) -> None:
    heard: list[tuple[str, str]] = []
    desk.ingest._answered = lambda name, reply: heard.append((name, reply.request_id))
    desk.hear((ward.topic("replies"), wire.Reply(request_id="live-1", ok=True).SerializeToString()))
    assert heard == [(WARD, "live-1")]


# ---- the hub as a process -------------------------------------------------------------------------------------------


class CameraWard:
    """A ward with a camera behind real MQTT, which answers questions for a picture as a test says."""

    def __init__(self, port: int, hub: HubProcess) -> None:
        self.hub = hub
        self.refusal: str | None = None
        self.questions: list[wire.StartStream] = []
        self.stops: list[wire.StopStream] = []
        self.ended: list[int] = []  # with which codes the hub ended publishers
        self.ward = ScriptedWard()
        self.ward.write(Lifecycle(LifecycleEvent.STARTED, "0.1"))
        self.ward.write(Inventory("Phường Hải Châu 1", (DeviceInfo(CAMERA, "camera", protocol="rtsp"),)))
        self._client = Client(CallbackAPIVersion.VERSION2, "the-ward")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(self.ward.topic("requests"), qos=1)
        self._client.loop_start()
        self._client.publish(self.ward.topic("status"), self.ward.status(), qos=1, retain=True)
        self._client.publish(self.ward.topic("entries"), self.ward.batch(1), qos=1)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        request = wire.Request.FromString(message.payload)
        if request.WhichOneof("what") == "stop_stream":
            self.stops.append(request.stop_stream)
        if request.WhichOneof("what") != "start_stream":
            return
        self.questions.append(request.start_stream)
        reply = wire.Reply(request_id=request.id, ok=self.refusal is None)
        reply.reason.code = self.refusal or ""
        self._client.publish(self.ward.topic("replies"), reply.SerializeToString(), qos=1)
        if self.refusal is None:
            threading.Thread(target=self._publish, args=(request.start_stream,), daemon=True).start()

    def _publish(self, question: wire.StartStream) -> None:
        shown = film()
        address = f"ws://127.0.0.1:{self.hub.console_port}{question.url}?ticket={question.ticket}"
        with connect(f"{address}&ward={WARD}&device={question.device}&stream={question.stream}") as hub:
            hub.send(shown.note)
            for number in range(30):
                hub.send(shown.record(number))
                hub.recv(10)
            with pytest.raises(ConnectionClosed) as end:
                hub.recv()  # until the hub ends it
            assert end.value.rcvd is not None
            self.ended.append(end.value.rcvd.code)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def place(peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path) -> Iterator[CameraWard]:
    port = free_port()
    hub = HubProcess(tmp_path, port, free_port())
    hub.add_user()
    with process(*mosquitto(peer("mosquitto"), tmp_path, port), log=tmp_path / "broker.log"):
        wait_until(lambda: listens(port), 20, "the broker listens")
        hub.start()
        ward = CameraWard(port, hub)
        try:
            wait_until(lambda: bool(hub.get(f"/api/wards/{WARD}")["devices"]), 20, "the hub knows the camera")
            yield ward
        finally:
            ward.close()
            hub.close()


def watch(hub: HubProcess) -> ClientConnection:
    hub.get("/api/session")
    assert hub._client is not None
    cookie = f"wardwatch_session={hub._client.cookies['wardwatch_session']}"
    address = f"ws://127.0.0.1:{hub.console_port}/api/live/{WARD}/{CAMERA}/main"
    return connect(address, additional_headers={"Cookie": cookie}, compression=None)


def test_whoever_watches_makes_the_ward_publish_and_whoever_leaves_makes_it_stop(place: CameraWard) -> None:
    seen: list[int] = []
    with watch(place.hub) as viewer:
        while len(seen) < 30:
            message = viewer.recv(20)
            if isinstance(message, str):
                assert decode_note(message).type is LiveNoteType.STREAM
                continue
            seen += [each.sequence for each in decode_frames(message)]
            viewer.send(encode_ack(seen[-1]))
    assert seen == list(range(30))
    assert len(place.questions) == 1
    (channel,) = place.hub.get("/api/live/statistics")["channels"]
    assert (channel["publishers"], channel["frames_in"]) == (1, 30)
    wait_until(lambda: len(place.stops) == 1, 15, "the ward is told to stop")
    wait_until(lambda: place.ended == [4410], 15, "its publisher is told that nobody watches")


def test_a_ward_that_cannot_show_the_camera_says_why(place: CameraWard) -> None:
    place.refusal = "wrong_credentials"
    with watch(place.hub) as viewer:
        note = decode_note(viewer.recv(20))
    assert (note.type, note.reason) == (LiveNoteType.TROUBLE, "wrong_credentials")
