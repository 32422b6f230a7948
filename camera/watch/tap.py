"""A stream that is watched already, given to who wants to show it, too: the camera is not asked twice."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from camera.relay.assemble import AccessUnit, Assembler
from camera.relay.rtp import Depacketizer
from camera.relay.rtsp import SILENCE_SECONDS, StreamError
from camera.rtsp_message import Video
from telemetry.readings import Reason, ReasonCode

_MOST_WAITING = 20_000  # packets that nobody took: who taps is dead


class Tap:
    """As camera.relay.rtsp.CameraStream; `feed` is called by the watch, the rest by who shows the stream."""

    def __init__(self, video: Video, now: float, leave: Callable[[Tap], None]) -> None:
        self._depacketizer = Depacketizer(video.payload_type)
        self._assembler = Assembler(video.parameter_sets, video.clock_rate)
        self._leave = leave
        self._waiting: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._open = True
        self._failed: Reason | None = None
        self._heard_at = now

    def feed(self, packets: Sequence[bytes]) -> None:
        """RTP packets in their order."""
        with self._lock:
            if not self._open:
                return
            self._waiting.extend(packets)
            if len(self._waiting) > _MOST_WAITING:
                self._failed = Reason(ReasonCode.AGENT_FAULT, "nobody takes the pictures of this stream")
                self._waiting.clear()
            self._ring()

    def end(self, reason: Reason) -> None:
        """The watch has lost the stream."""
        with self._lock:
            self._failed = self._failed or reason
            if self._open:
                self._ring()

    def fileno(self) -> int:
        return self._bell

    def take(self, now: float) -> list[AccessUnit]:
        """What came by now. Raises StreamError."""
        with self._lock:
            packets, self._waiting = self._waiting, deque()
            failed = self._failed
            if self._open:
                with contextlib.suppress(BlockingIOError):  # nothing had rung
                    os.eventfd_read(self._bell)
        units: list[AccessUnit] = []
        for packet in packets:
            self._heard_at = now
            found = self._depacketizer.feed(memoryview(packet), 0, len(packet))
            unit = None if found is None else self._assembler.take(found)
            if unit is not None:
                units.append(unit)
        if failed is not None and not units:
            raise StreamError(failed)
        return units

    def tick(self, now: float) -> None:
        """Raises StreamError where nothing comes any more."""
        if now - self._heard_at > SILENCE_SECONDS:
            raise StreamError(Reason(ReasonCode.STREAM_STALLED, f"no picture for {SILENCE_SECONDS:g} s"))

    def close(self) -> None:
        self._leave(self)
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._bell)

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # it has been rung often enough
            os.eventfd_write(self._bell, 1)
