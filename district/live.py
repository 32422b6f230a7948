"""Asking the wards for pictures, over MQTT: the console's `StreamRequests`."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable

from dashboards.console.live.interest import Refused
from dashboards.console.site import Presence
from telemetry import wire_pb2 as wire
from telemetry.clock import Clock
from telemetry.live import StreamName
from telemetry.readings import Reason, ReasonCode

MOST_REMEMBERED = 1000  # requests whose answer may still come
MOST_DETAIL = 300

logger = logging.getLogger(__name__)


class MqttStreamRequests:
    """See dashboards.console.live.interest.StreamRequests. Calls may come from any thread."""

    def __init__(
        self,
        clock: Clock,
        send: Callable[[str, wire.Request], bool],
        presence: Callable[[str], Presence],
    ) -> None:
        """`send` hands a request to a ward, False when there is no broker; `presence` tells whether it is there."""
        self._send, self._presence = send, presence
        self._numbers = itertools.count(clock.wall_us())  # ids that no earlier hub used
        self._asked: OrderedDict[str, tuple[str, str, StreamName]] = OrderedDict()
        self._lock = threading.Lock()
        self._refused: Refused | None = None

    def start(self, ward: str, device: str, stream: StreamName, ticket: str, url: str) -> Reason | None:
        """Sent also to a ward that seems away: what seems so may be our own view only, and a lost question harms
        nobody, as its ticket expires."""
        number = self._number()
        with self._lock:
            self._asked[number] = (ward, device, stream)
            while len(self._asked) > MOST_REMEMBERED:
                self._asked.popitem(last=False)
        question = wire.StartStream(device=device, stream=stream.value, ticket=ticket, url=url)
        if not self._send(ward, wire.Request(id=number, start_stream=question)):
            return Reason(ReasonCode.WARD_SILENT, "the district's broker is not there")
        if self._presence(ward) is not Presence.ONLINE:
            return Reason(ReasonCode.WARD_SILENT, "the ward is not online")
        return None

    def stop(self, ward: str, device: str, stream: StreamName) -> None:
        request = wire.Request(id=self._number(), stop_stream=wire.StopStream(device=device, stream=stream.value))
        if not self._send(ward, request):
            logger.info("ward %s is not told to stop %s/%s: no broker", ward, device, stream)

    def listen(self, refused: Refused) -> None:
        self._refused = refused

    def reply(self, ward: str, reply: wire.Reply) -> None:
        """What a ward answered to any request; those that are not about pictures are none of ours."""
        with self._lock:
            asked = self._asked.pop(reply.request_id, None)
        if asked is None or asked[0] != ward or reply.ok:
            return
        _, device, stream = asked
        try:
            reason = Reason(ReasonCode(reply.reason.code), reply.reason.detail[:MOST_DETAIL])
        except ValueError:  # a newer agent knows reasons that we do not
            reason = Reason(ReasonCode.AGENT_FAULT, f"{reply.reason.code}: {reply.reason.detail}"[:MOST_DETAIL])
        logger.warning("ward %s cannot show %s/%s: %s %s", ward, device, stream, reason.code, reason.detail)
        if self._refused is not None:
            self._refused(ward, device, stream, reason)

    def _number(self) -> str:
        return f"live-{next(self._numbers):x}"
