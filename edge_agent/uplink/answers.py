"""What the district asks of the ward itself, beside its entries: poll now, send a stream, send a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edge_agent.uplink.requests import reply
from telemetry import wire_pb2 as wire
from telemetry.readings import Reason, ReasonCode


class LiveStreams(Protocol):
    """What sends pictures when the district asks. Both return at once."""

    def start(self, device: str, stream: str, ticket: str, url: str) -> Reason | None:
        """Why not, if not."""

    def stop(self, device: str, stream: str) -> None:
        """Also when it was not sent at all."""


class Pictures(Protocol):
    """What sends single pictures when the district asks."""

    def send(self, sha256: bytes, device: str, ticket: str) -> Reason | None:
        """The one of that hash, or where there is none the newest of the device. Returns at once; why not, if not."""


class Answers:
    """Hands each request to the part of the agent that it is for."""

    def __init__(self, poll_now: Callable[[str], bool], live: LiveStreams | None, pictures: Pictures | None) -> None:
        self._poll_now, self._live, self._pictures = poll_now, live, pictures

    def answer(self, request: wire.Request) -> bytes:
        """Do it; the reply."""
        what = request.WhichOneof("what")
        if what == "poll":
            return reply(request.id, self._poll(request.poll.device))
        if what == "send_picture":
            return reply(request.id, self._picture(request.send_picture))
        return reply(request.id, self._stream(request))

    def _poll(self, device: str) -> Reason | None:
        known = self._poll_now(device)
        return None if known else Reason(ReasonCode.UNSUPPORTED, f"no device {device!r} here")

    def _picture(self, asked: wire.SendPicture) -> Reason | None:
        if self._pictures is None:
            return Reason(ReasonCode.UNSUPPORTED, "no pictures are kept here")
        return self._pictures.send(asked.sha256, asked.device, asked.ticket)

    def _stream(self, request: wire.Request) -> Reason | None:
        if self._live is None:
            return Reason(ReasonCode.UNSUPPORTED, "no live picture is offered here")
        if request.WhichOneof("what") == "stop_stream":
            self._live.stop(request.stop_stream.device, request.stop_stream.stream)
            return None
        asked = request.start_stream
        return self._live.start(asked.device, asked.stream, asked.ticket, asked.url)
