"""One stream that somebody watches: out of the camera, into one WebSocket to the hub.

It has a thread of its own for all that takes time: connecting, and waiting for a camera that is in trouble. While the
picture flows that thread sleeps, and the pump serves the stream together with all others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from camera.refusals import TURN_SECONDS, Refusals
from camera.relay.assemble import AccessUnit
from camera.relay.pump import GATHER_SECONDS, Pump
from camera.relay.rtsp import StreamAddress, StreamError
from edge_agent.live.hub_socket import HubError, HubSocket
from edge_agent.live.sender import Sender
from telemetry.clock import Clock
from telemetry.live import LiveNote, LiveNoteType
from telemetry.readings import Reason, ReasonCode

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 10.0  # between attempts at the camera
UNSUPPORTED_PAUSE_SECONDS = 30.0  # a camera set to another codec stays so until somebody sets it right
TROUBLE_AGAIN_SECONDS = 4.0  # the hub takes a publisher for dead that says nothing for ten
LASTED_SECONDS = 5.0  # a connection that brought pictures for so long broke for a reason which the next attempt tells
HANDOVER_SECONDS = 1.0  # what a publisher waits for the one before it to leave the camera


class Camera(Protocol):
    """A stream that plays (camera.relay.rtsp.CameraStream)."""

    def fileno(self) -> int: ...

    def take(self, now: float) -> list[AccessUnit]: ...

    def tick(self, now: float) -> None: ...

    def close(self) -> None: ...


Open = Callable[[StreamAddress, Callable[[], bool]], Camera | None]  # raises StreamError; None when told to stop


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


@dataclass(frozen=True, slots=True)
class Means:
    """What all publishers share."""

    open: Open
    pump: Pump
    refusals: Refusals
    clock: Clock


class Publisher:
    """Starts at `start`, ends by itself when the hub closes, and at `stop`, which does not wait."""

    def __init__(self, errand: Errand, means: Means) -> None:
        self._errand = errand
        self._means = means
        self._hub = HubSocket(errand.url, errand.ca_file)
        self._sender = Sender(self._hub, errand.remark)
        self._before: Publisher | None = None
        self._stopping = threading.Event()
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
        """The hub hears no more from now on, and the camera is let go."""
        self._stopping.set()
        self._hub.abort()
        self._means.pump.ring()

    def join(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        name = self._errand.name
        try:
            self._hub.connect()
            if self._before is not None:
                self._before.join(HANDOVER_SECONDS)
                self._before = None
            log.info("live %s: sent to the hub from now on", name)
            while not self._over():
                self._try_camera()
        except HubError as error:
            if not self._stopping.is_set():
                log.warning("live %s: no connection to the hub: %s", name, error)
        except Exception:  # one stream's defect ends that stream only
            log.exception("live %s failed", name)
        finally:
            ended = self._hub.ended
            self._hub.close()
        sender = self._sender
        said = (name, sender.sequence, sender.backlog.dropped, ended or "stopped")
        log.info("live %s: ended after %d frames, %d of them dropped: %s", *said)

    def _over(self) -> bool:
        return self._stopping.is_set() or bool(self._hub.ended)

    def _try_camera(self) -> None:
        """One connection to the camera, or the wait until there may be one."""
        wait = self._means.refusals.wait(self._errand.camera)
        if wait > TURN_SECONDS:
            reason = Reason(ReasonCode.WRONG_CREDENTIALS, f"refused before; not tried again for {wait:.0f} s")
            self._tell_trouble(reason, wait)
        elif wait:
            self._hub.wait(wait)
        else:
            began = self._means.clock.monotonic()
            try:
                self._flow()
            except _BrokenOffError as error:
                if self._means.clock.monotonic() - began < LASTED_SECONDS:
                    self._tell_trouble(error.reason, self._pause_after(error.reason))
            except StreamError as error:
                self._tell_trouble(error.reason, self._pause_after(error.reason))

    def _flow(self) -> None:
        """Send what one connection brings. Raises StreamError, _BrokenOffError after pictures came."""
        camera, means = self._errand.camera, self._means
        try:
            stream = means.open(camera, self._over)
            if stream is None:
                return
            means.refusals.accepted(camera)
        except StreamError as error:
            if error.reason.code is ReasonCode.WRONG_CREDENTIALS:
                means.refusals.refused(camera)
            raise
        finally:
            means.refusals.not_told(camera)
        try:
            flow = _Flow(stream, self._sender, self._hub, means.clock, self._over)
            means.pump.run(flow)
        finally:
            stream.close()
        if flow.pictures:
            self._pause = FIRST_PAUSE_SECONDS
        if flow.failed is not None and flow.pictures:
            raise _BrokenOffError(flow.failed.reason)
        if flow.failed is not None:
            raise flow.failed

    def _pause_after(self, reason: Reason) -> float:
        """Seconds until the next attempt."""
        if reason.code is ReasonCode.WRONG_CREDENTIALS:
            return 0.0  # the refusals know
        if reason.code is ReasonCode.UNSUPPORTED:
            return UNSUPPORTED_PAUSE_SECONDS
        pause = self._pause
        self._pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        return pause

    def _tell_trouble(self, reason: Reason, seconds: float) -> None:
        """Tell the hub, again and again while the pause lasts."""
        if self._over():
            return
        log.info("live %s: no picture: %s %s", self._errand.name, reason.code, reason.detail)
        note = LiveNote(LiveNoteType.TROUBLE, reason=reason.code.value, detail=reason.detail[:300])
        clock, hub = self._means.clock, self._hub
        until = clock.monotonic() + seconds
        hub.send_note(note)
        while (left := until - clock.monotonic()) > 0 and not self._over():
            hub.wait(min(left, TROUBLE_AGAIN_SECONDS))
            if left > TROUBLE_AGAIN_SECONDS:
                hub.send_note(note)


class _BrokenOffError(StreamError):
    """The pictures ended. Why is seldom known: a camera whose password was changed, say, just hangs up."""


class _Flow:
    """One connection to the camera while it flows (camera.relay.pump.Flow)."""

    gather_seconds = GATHER_SECONDS

    def __init__(self, stream: Camera, sender: Sender, hub: HubSocket, clock: Clock, over: Callable[[], bool]) -> None:
        self.failed: StreamError | None = None
        self.pictures = False
        self._stream = stream
        self._sender = sender
        self._hub = hub
        self._clock = clock
        self._over = over

    def fileno(self) -> int:
        return self._stream.fileno()

    def waits(self) -> bool:
        return self._hub.waits

    def serve(self) -> bool:
        now = self._clock.monotonic()
        try:
            units = self._stream.take(now)
        except StreamError as error:
            self.failed = error
            return False
        if units and not self.pictures:
            self.pictures = True
            self._sender.begin(now)
        for unit in units:
            self._sender.send(unit, now)
        self._hub.flush()
        return not self._over()

    def tick(self) -> bool:
        now = self._clock.monotonic()
        try:
            self._stream.tick(now)
        except StreamError as error:
            self.failed = error
            return False
        self._sender.look(now)
        return not self._over()
