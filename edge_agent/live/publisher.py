"""One stream that somebody watches: out of the camera, into one WebSocket to the hub, in one thread.

The thread reads the camera, sends each access unit as it comes and takes the hub's acknowledgements on the way.
Nothing is decoded, and nothing waits for the hub: what it does not take in time is dropped up to a keyframe.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from camera.refusals import TURN_SECONDS, Refusals
from camera.relay.annexb import ParameterSets
from camera.relay.assemble import AccessUnit
from camera.relay.rtsp import StreamAddress, StreamError
from edge_agent.live.backlog import Backlog
from edge_agent.live.hub_socket import HubError, HubSocket
from telemetry.clock import Clock
from telemetry.live import LiveNote, LiveNoteType, record_header
from telemetry.readings import Reason, ReasonCode

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0  # between attempts at the camera
UNSUPPORTED_PAUSE_SECONDS = 30.0  # a camera set to another codec stays so until somebody sets it right
TROUBLE_AGAIN_SECONDS = 4.0  # the hub takes a publisher for dead that says nothing for ten
TAKE_ACKS_SECONDS = 0.1  # the age from which it is worth asking what the hub has acknowledged
HUB_SILENT_SECONDS = 10.0  # a hub that acknowledges nothing for so long has gone
HANDOVER_SECONDS = 1.0  # what a publisher waits for the one before it to leave the camera
_GAP_US = 40_000  # at least, between the last frame before a break and the first one after it

Read = Callable[[StreamAddress, Callable[[], bool]], Iterator[AccessUnit]]


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be sent where. `name` is for the log; `url` holds the ticket and is for nobody's eyes."""

    name: str
    camera: StreamAddress
    url: str
    ca_file: Path | None = None
    remark: str = ""  # for whoever looks at the stream's note

    def __repr__(self) -> str:
        return f"Errand({self.name!r}, {self.camera!r})"


class Publisher:
    """Starts at `start`, ends by itself when the hub closes, and at `stop`, which does not wait."""

    def __init__(self, errand: Errand, read: Read, refusals: Refusals, clock: Clock) -> None:
        self._errand = errand
        self._read = read
        self._refusals = refusals
        self._clock = clock
        self._hub = HubSocket(errand.url, errand.ca_file)
        self._before: Publisher | None = None
        self._stopping = threading.Event()
        self._backlog = Backlog()
        self._sequence = 0
        self._dropped_told = 0  # frames dropped before the newest one that was sent
        self._timestamp_us = 0  # of the newest access unit, on one timeline over all connections to the camera
        self._offset_us = 0
        self._seen_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._thread = threading.Thread(target=self._run, name=f"live {errand.name}", daemon=True)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self, before: Publisher | None = None) -> None:
        """`before`: a stopped one of the same stream, whose connection to the camera should be gone first."""
        self._before = before
        self._thread.start()

    def stop(self) -> None:
        """The hub hears no more from now on. The camera is let go at its next packet, or when it times out."""
        self._stopping.set()
        self._hub.abort()

    def join(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    # ---- the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        name = self._errand.name
        try:
            self._hub.connect()
            if self._before is not None:
                self._before.join(HANDOVER_SECONDS)
                self._before = None
            log.info("live %s: sent to the hub from now on", name)
            self._publish()
        except HubError as error:
            log.warning("live %s: no connection to the hub: %s", name, error)
        except Exception:  # one stream's defect ends that stream only
            log.exception("live %s failed", name)
        finally:
            ended, dropped = self._hub.ended, self._backlog.dropped
            self._hub.close()
        log.info("live %s: ended after %d frames, %d dropped: %s", name, self._sequence, dropped, ended or "stopped")

    def _over(self) -> bool:
        return self._stopping.is_set() or bool(self._hub.ended)

    def _publish(self) -> None:
        """One connection to the camera after the other."""
        while not self._over():
            wait = self._refusals.wait(self._errand.camera)
            if wait > TURN_SECONDS:
                reason = Reason(ReasonCode.WRONG_CREDENTIALS, f"refused before; not tried again for {wait:.0f} s")
                self._tell_trouble(reason, wait)
            elif wait:
                self._hub.wait(wait)
            else:
                self._tell_trouble(*self._until_trouble())

    def _until_trouble(self) -> tuple[Reason | None, float]:
        """Send what one connection brings; why it ended, and the pause before the next."""
        camera = self._errand.camera
        first = True
        try:
            for unit in self._read(camera, self._over):
                if first:
                    self._refusals.accepted(camera)
                    self._begin_timeline()
                    self._pause, first = FIRST_PAUSE_SECONDS, False
                self._send(unit)
        except StreamError as error:
            pause = self._pause
            self._pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
            if error.reason.code is ReasonCode.WRONG_CREDENTIALS:
                self._refusals.refused(camera)
                return error.reason, 0.0  # how long, `refusals` says
            if error.reason.code is ReasonCode.UNSUPPORTED:
                pause = UNSUPPORTED_PAUSE_SECONDS
            return error.reason, pause
        finally:
            self._refusals.not_told(camera)
        return None, 0.0

    def _tell_trouble(self, reason: Reason | None, seconds: float) -> None:
        """Tell the hub, again and again while the pause lasts."""
        if reason is None or self._over():
            return
        log.info("live %s: no picture: %s %s", self._errand.name, reason.code, reason.detail)
        note = LiveNote(LiveNoteType.TROUBLE, reason=reason.code.value, detail=reason.detail[:300])
        until = self._clock.monotonic() + seconds
        self._hub.send_note(note)
        while (left := until - self._clock.monotonic()) > 0 and not self._over():
            self._hub.wait(min(left, TROUBLE_AGAIN_SECONDS))
            if not self._over() and left > TROUBLE_AGAIN_SECONDS:
                self._hub.send_note(note)

    # ---- an access unit's way ------------------------------------------------------------------------------------

    def _begin_timeline(self) -> None:
        """A new connection's timestamps begin anew; ours go on, by as much as the break took."""
        now = self._clock.monotonic()
        if self._timestamp_us:
            self._offset_us = self._timestamp_us + max(_GAP_US, round((now - self._seen_at) * 1e6))

    def _send(self, unit: AccessUnit) -> None:
        now = self._clock.monotonic()
        self._sequence += 1
        self._seen_at = now
        self._timestamp_us = self._offset_us + unit.timestamp_us
        if unit.sets is not None:
            self._tell_stream(unit.sets)
        backlog, hub = self._backlog, self._hub
        if backlog.dropping or backlog.age(now) > TAKE_ACKS_SECONDS:
            hub.receive()
            backlog.acknowledged(hub.acknowledged)
            if backlog.age(now) > HUB_SILENT_SECONDS:
                hub.abort()
        if backlog.admit(now, keyframe=unit.keyframe):
            header = record_header(
                len(unit.data),
                self._sequence,
                self._timestamp_us,
                keyframe=unit.keyframe,
                dropped_before=backlog.dropped != self._dropped_told,
            )
            self._dropped_told = backlog.dropped
            hub.send_frame(header, unit.data)
            backlog.sent(self._sequence, now)

    def _tell_stream(self, sets: ParameterSets) -> None:
        note = LiveNote(LiveNoteType.STREAM, sets.codec, sets.width, sets.height, detail=self._errand.remark)
        self._hub.send_note(note)
