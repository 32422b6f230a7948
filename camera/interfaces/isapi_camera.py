"""A camera, or a recorder's channel, by Hikvision's ISAPI: System/deviceInfo, System/time, Streaming/channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree import ElementTree

from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpAnswer, HttpRequest
from camera.interfaces.told import StreamSettings, Told, codec_name, main_and_sub
from telemetry.clock import Clock
from telemetry.readings import Fact, Reading, Reason, ReasonCode

_FACTS = {"model": "model", "serial": "serialNumber", "firmware": "firmwareVersion", "name": "deviceName"}
_MOST_TEXT = 200


class IsapiCamera:
    """See CameraInterface. Streams of channel n are n01 (main) and n02 (sub)."""

    def __init__(self, http: CameraHttp, clock: Clock, channel: int = 1, rtsp_port: int = 554) -> None:
        self._http = http
        self._clock = clock
        self._channel = channel
        self._rtsp_port = rtsp_port

    async def ask(self) -> Told:
        device = await self._get("/ISAPI/System/deviceInfo")
        texts = {name: _text(device, theirs)[:_MOST_TEXT] for name, theirs in _FACTS.items()}
        facts = [Fact("vendor", _text(device, "manufacturer")[:_MOST_TEXT] or "Hikvision")]
        facts += [Fact(name, text) for name, text in texts.items() if text]
        readings, reason = [], None
        streams: Sequence[StreamSettings] = ()
        try:
            readings = [Reading("clock_offset_seconds", offset) for offset in await self._clock_offset()]
            streams = list(self._streams(await self._get("/ISAPI/Streaming/channels")))
            if not streams:
                reason = Reason(ReasonCode.UNSUPPORTED, f"no streams of channel {self._channel}")
        except DeviceFault as fault:
            reason = fault.reason
        return Told(facts, readings, main_and_sub(streams), reason)

    async def close(self) -> None:
        await self._http.close()

    async def _clock_offset(self) -> list[float]:
        before = self._clock.wall_us()
        try:
            told = await self._get("/ISAPI/System/time")
            at = datetime.fromisoformat(_text(told, "localTime").replace("Z", "+00:00"))
        except (ValueError, DeviceFault):
            return []  # not every device tells it to every user
        if at.tzinfo is None:
            return []
        ours = (before + self._clock.wall_us()) / 2e6
        return [float(round(at.timestamp() + 0.5 - ours))]

    def _streams(self, told: ElementTree.Element) -> Iterator[StreamSettings]:
        host = self._http.address.shown_host
        found = {}
        for each in told.iter():
            if _name(each) == "StreamingChannel":
                found[_text(each, "id")] = each
        for stream in (1, 2):
            number = f"{self._channel}{stream:02d}"
            if number not in found:
                continue
            width, height = (_number(_text(found[number], f"videoResolution{side}")) for side in ("Width", "Height"))
            url = f"rtsp://{host}:{self._rtsp_port}/ISAPI/Streaming/channels/{number}"
            yield StreamSettings(url, codec_name(_text(found[number], "videoCodecType")), width, height)

    async def _get(self, path: str) -> ElementTree.Element:
        return parse(await self._http.ask(HttpRequest(path)))


def parse(answer: HttpAnswer) -> ElementTree.Element:
    """The XML of an answer. Raises DeviceFault for what is none, and for statuses that say no."""
    answer.well()
    if b"<!DOCTYPE" in answer.body or b"<!ENTITY" in answer.body or b"<html" in answer.body[:1000].lower():
        raise DeviceFault(ReasonCode.GARBLED_ANSWER, "a page instead of ISAPI", answered=True)
    try:
        return ElementTree.fromstring(answer.body)
    except ElementTree.ParseError as error:
        raise DeviceFault(ReasonCode.GARBLED_ANSWER, str(error), answered=True) from error


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ElementTree.Element, name: str) -> str:
    """Of the first element of that name, whatever its namespace: devices differ in it."""
    found = next((each for each in element.iter() if _name(each) == name), None)
    return "" if found is None or found.text is None else found.text.strip()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
