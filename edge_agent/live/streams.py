"""All streams that the district asked for, and the answer to each request."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from camera.refusals import Refusals
from camera.relay.pump import Pump
from camera.relay.rtsp import StreamAddress
from edge_agent.live.hub_address import Hub, HubAddressError
from edge_agent.live.publisher import Errand, Means, Open, Publisher
from telemetry.clock import Clock
from telemetry.live import StreamName
from telemetry.readings import Reason, ReasonCode

MOST_STREAMS = 32
_MOST_THREADS = 2 * MOST_STREAMS  # with those that were stopped while their camera hung
CLOSE_SECONDS = 1.0

Cameras = Mapping[str, Mapping[StreamName, StreamAddress]]


class Streams:
    """`cameras`: the streams of each device that has any; an empty mapping for a device that has none. `start`,
    `stop` and `close` return at once, or nearly, and may be called from any thread."""

    def __init__(
        self,
        ward: str,
        cameras: Cameras,
        hub: Hub | None,
        open_stream: Open,
        refusals: Refusals,
        clock: Clock,
        pump: Pump | None = None,
    ) -> None:
        """`pump`: one that serves other streams as well."""
        self._ward = ward
        self._cameras = cameras
        self._hub = hub
        self._means = Means(open_stream, pump or Pump(), refusals, clock)
        self._lock = threading.Lock()
        self._running: dict[tuple[str, StreamName], Publisher] = {}
        self._leaving: list[Publisher] = []

    def start(self, device: str, stream: str, ticket: str, url: str) -> Reason | None:
        """Send this stream to the hub, with this ticket; instead of an earlier one. Why not, if not."""
        try:
            name = StreamName(stream)
            errand = self._errand(device, name, ticket, url)
        except (ValueError, HubAddressError) as error:
            return Reason(ReasonCode.UNSUPPORTED, str(error))
        with self._lock:
            self._forget_ended()
            place = (device, name)
            if place not in self._running and len(self._running) >= MOST_STREAMS:
                return Reason(ReasonCode.UNSUPPORTED, f"{MOST_STREAMS} streams are watched already")
            if len(self._running) + len(self._leaving) >= _MOST_THREADS:
                return Reason(ReasonCode.UNSUPPORTED, "too many streams are just ending; ask again later")
            before = self._running.pop(place, None)
            if before is not None:
                before.stop()
                self._leaving.append(before)
            publisher = self._running[place] = Publisher(errand, self._means)
            publisher.start(before)
        return None

    def stop(self, device: str, stream: str) -> None:
        """Nobody watches it any more; also when it was not sent at all."""
        with self._lock:
            for place in [place for place in self._running if place == (device, stream)]:
                publisher = self._running.pop(place)
                publisher.stop()
                self._leaving.append(publisher)

    def running(self) -> Sequence[tuple[str, StreamName]]:
        """What is being sent."""
        with self._lock:
            self._forget_ended()
            return list(self._running)

    def close(self) -> None:
        """Stop them all; one whose camera hangs is left behind after a second."""
        with self._lock:
            self._leaving += self._running.values()
            self._running.clear()
            for publisher in self._leaving:
                publisher.stop()
            leaving = list(self._leaving)
        deadline = time.monotonic() + CLOSE_SECONDS
        for publisher in leaving:
            publisher.join(max(0.0, deadline - time.monotonic()))

    def _forget_ended(self) -> None:
        self._running = {place: each for place, each in self._running.items() if each.alive}
        self._leaving = [each for each in self._leaving if each.alive]

    def _errand(self, device: str, stream: StreamName, ticket: str, url: str) -> Errand:
        """Raises ValueError, and HubAddressError, in words for the district."""
        streams = self._cameras.get(device)
        if streams is None:
            raise ValueError(f"no device {device!r} here")
        if not streams:
            raise ValueError(f"{device!r} is no camera with a stream of its own")
        if self._hub is None:
            raise ValueError("this ward has no [uplink] hub configured")
        there = stream if stream in streams else StreamName.MAIN
        remark = "" if there is stream else f"no {stream} stream is configured: this is {there}"
        where = self._hub.stream_url(url, ticket=ticket, ward=self._ward, device=device, stream=stream)
        return Errand(f"{device}/{stream}", streams[there], where, self._hub.ca_file, remark)
