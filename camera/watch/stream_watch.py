"""One camera's stream, held open: whether it lives, what it brings, and now and then a keyframe of it.

A connection that breaks is made anew at once, then with growing pauses; `silent_seconds` goes on over that, so a camera
that drops one connection is not reported, and one that is unplugged is after three seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from camera.bitstream.stream_facts import StreamFacts, stream_facts
from camera.refusals import TURN_SECONDS, Refusals
from camera.relay.pump import GATHER_SECONDS, UNHURRIED_GATHER_SECONDS, Pump
from camera.relay.rtsp import StreamAddress, StreamError, any_video, play, reason_for, told
from camera.relay.session import Session
from camera.rtsp_message import GarbledAnswerError, Video
from camera.watch.beat import Beat
from camera.watch.keyframe_group import KeyframeGroup
from camera.watch.meter import Figures, Meter
from camera.watch.tap import Tap
from telemetry.clock import Clock
from telemetry.readings import Reason, ReasonCode

log = logging.getLogger(__name__)

SILENCE_SECONDS = 3.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
UNSUPPORTED_PAUSE_SECONDS = 60.0
NO_KEYFRAME_SECONDS = 60.0
WAIT_FOR_KEYFRAME_SECONDS = 12.0  # beyond the time of a look
SETTLED_SECONDS = 3.5  # a stream begins with a keyframe, and what it kept back: its first rates are too high
SHARE_WAIT_SECONDS = 8.0  # what who wants to show the stream waits for it to be open
_MOST_FOREIGN = 1000


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One that is whole: Annex B bytes with the parameter sets that the camera described, by our monotonic clock."""

    data: bytes
    codec: str  # h264 or h265
    at: float
    facts: StreamFacts | None


@dataclass(frozen=True, slots=True)
class WatchState:
    """`up`: pictures came within the last three seconds; None: not known yet. `reason`: why not, or what is wrong.
    `settled`: the connection is old enough, or over, for its rates to be judged."""

    up: bool | None
    reason: Reason | None
    figures: Figures
    facts: StreamFacts | None
    connected: bool
    connections: int  # made so far
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds. `look`: None holds the stream open; else it is looked into for so long, `every` so often."""

    keyframe_every: float = 5.0
    look: float | None = None
    every: float = 300.0
    first_after: float = 0.0


@dataclass(frozen=True, slots=True)
class WatchMeans:
    """What all watches share."""

    pump: Pump
    refusals: Refusals
    clock: Clock


class StreamWatch:
    """Runs in a thread of its own from `start` to `stop`; while the stream flows, that thread sleeps and the pump
    serves all of them. `on_keyframe` is called in the pump's thread and must not block."""

    def __init__(
        self,
        name: str,
        address: StreamAddress,
        means: WatchMeans,
        on_keyframe: Callable[[Keyframe], None],
        rhythm: Rhythm | None = None,
    ) -> None:
        self.address = address
        self._name = name
        self._means = means
        self._on_keyframe = on_keyframe
        self._rhythm = rhythm or Rhythm()
        self._meter = Meter()
        self._lock = threading.Lock()
        self._flow: WatchFlow | None = None
        self._asked_to_look = False
        self._waiting = 0  # who want to show the stream and wait for it
        self._reason: Reason | None = None
        self._facts: StreamFacts | None = None
        self._connections = 0
        self._attempts = 0
        self._began_at = means.clock.monotonic()
        self._connected_at = self._began_at
        self._pause = FIRST_PAUSE_SECONDS
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._changed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)

    @property
    def sampled(self) -> bool:
        return self._rhythm.look is not None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait."""
        self._stopping.set()
        self._woken.set()
        self._means.pump.ring()

    def look_now(self) -> None:
        """Hand on the next keyframe, whenever the last one was; look into a sampled stream now. From any thread."""
        with self._lock:
            self._asked_to_look = True
            if self._flow is None and self._reason is None:
                self._woken.set()

    def join(self, seconds: float) -> bool:
        """Whether it has ended within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def state(self) -> WatchState:
        """From any thread."""
        now = self._means.clock.monotonic()
        with self._lock:
            up, reason = self._judge(now)
            connected = self._flow is not None
            at = now if connected or not self.sampled else self._meter.last_frame_at or now
            settled = not connected or now - self._connected_at >= SETTLED_SECONDS
            figures = self._meter.figures(at)
            return WatchState(up, reason, figures, self._facts, connected, self._connections, settled)

    def tap(self, stopped: Callable[[], bool]) -> Tap | None:
        """The stream, for who shows it: at once where it flows, else as soon as it does. Blocks for some seconds at
        most. Raises StreamError; None where `stopped()` said so meanwhile."""
        clock = self._means.clock
        deadline = clock.monotonic() + SHARE_WAIT_SECONDS
        with self._lock:
            self._waiting += 1
            attempts = self._attempts
            self._woken.set()
            try:
                while self._flow is None:
                    failed = self._reason if self._attempts > attempts else None
                    if failed is not None or clock.monotonic() > deadline or self._stopping.is_set():
                        raise StreamError(failed or Reason(ReasonCode.NO_ANSWER, "the stream does not open"))
                    if stopped():
                        return None
                    self._changed.wait(TURN_SECONDS)
                return self._flow.tapped(clock.monotonic())
            finally:
                self._waiting -= 1

    # ---- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._woken.wait(self._rhythm.first_after)
        while not self._stopping.is_set():
            try:
                self._woken.clear()
                pause = self._try()
            except Exception:  # one stream's defect ends that stream's connection only
                log.exception("watch %s failed", self._name)
                pause = LONGEST_PAUSE_SECONDS
            if not self._wanted():
                self._woken.wait(pause)

    def _wanted(self) -> bool:
        with self._lock:
            return self._waiting > 0 and self._reason is None

    def _try(self) -> float:
        """One connection; seconds until the next."""
        refusals, address = self._means.refusals, self.address
        wait = refusals.wait(address)
        if wait > TURN_SECONDS:
            self._ended(Reason(ReasonCode.WRONG_CREDENTIALS, f"refused before; not tried again for {wait:.0f} s"))
            return wait
        if wait:
            return wait
        try:
            flow = self._open()
        except StreamError as error:
            if error.reason.code is ReasonCode.WRONG_CREDENTIALS:
                refusals.refused(address)
            self._ended(error.reason)
            return self._pause_after(error.reason)
        finally:
            refusals.not_told(address)
        if flow is None:
            return 0.0
        try:
            self._means.pump.run(flow)
        finally:
            flow.close()
        if flow.failed is not None and flow.failed.code is ReasonCode.WRONG_CREDENTIALS:
            refusals.refused(address)
        self._ended(flow.failed)
        if flow.group.frames:
            self._pause = FIRST_PAUSE_SECONDS
        if flow.failed is None:
            return self._rhythm.every if self.sampled else 0.0
        return self._pause_after(flow.failed)

    def _open(self) -> WatchFlow | None:
        playing = play(self.address, self._stopping.is_set, any_video, SILENCE_SECONDS)
        if playing is None:
            return None
        self._means.refusals.accepted(self.address)
        session, video = playing
        session.may_log_in = lambda: self._means.refusals.is_proven(self.address)
        now = self._means.clock.monotonic()
        flow = WatchFlow(self, session, video, now)
        with self._lock:
            self._connections += 1
            self._attempts += 1
            self._connected_at = now
            self._meter.connected(now, video.clock_rate)
            self._flow, self._reason = flow, None
            self._changed.notify_all()
        return flow

    def _ended(self, reason: Reason | None) -> None:
        with self._lock:
            flow, self._flow = self._flow, None
            self._reason = reason
            self._attempts += 1
            self._changed.notify_all()
        if reason is not None:
            log.debug("watch %s: %s %s", self._name, *reason)
        if flow is not None:
            flow.end_taps(reason or Reason(ReasonCode.NO_ANSWER, "no longer watched"))

    def _pause_after(self, reason: Reason) -> float:
        if reason.code is ReasonCode.WRONG_CREDENTIALS:
            return TURN_SECONDS  # the refusals know
        if reason.code is ReasonCode.UNSUPPORTED:
            return UNSUPPORTED_PAUSE_SECONDS
        pause = self._pause
        self._pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)
        return pause

    def _judge(self, now: float) -> tuple[bool | None, Reason | None]:
        last = self._meter.last_frame_at
        since = self._began_at if last is None else last
        if self.sampled:  # between its looks it is not silent
            since = now if self._flow is None and self._reason is None else max(since, self._connected_at)
        silent = now - since
        if silent > SILENCE_SECONDS:
            stalled = Reason(ReasonCode.STREAM_STALLED, f"no picture for {silent:.0f} s")
            return False, stalled if self._reason is None else self._reason
        if self._flow is not None and self._meter.seconds_without_keyframe(now) > NO_KEYFRAME_SECONDS:
            return True, Reason(ReasonCode.NO_KEYFRAME, f"none for {NO_KEYFRAME_SECONDS:.0f} s")
        return True if last is not None else None, None

    # ---- told by the flow, in the pump's thread -------------------------------------------------------------------

    def looked(self, flow: WatchFlow, now: float) -> None:
        """What a gulp brought."""
        with self._lock:
            self._meter.look(flow.group, now)

    def has_keyframe(self, flow: WatchFlow, data: bytes, now: float) -> None:
        video = flow.video
        codec = {"H264": "h264", "H265": "h265"}[video.codec]
        facts = stream_facts(data, codec)
        if facts is None:
            data = video.parameter_sets + data
            facts = stream_facts(data, codec)
        with self._lock:
            self._asked_to_look = False
            self._facts = facts or self._facts
        self._on_keyframe(Keyframe(data, codec, now, facts))

    def is_over(self, now: float, began_at: float, *, tapped: bool, has_keyframe: bool) -> bool:
        """Whether this connection has served its purpose. A look waits for a keyframe, some of which are far apart."""
        look = self._rhythm.look
        if look is not None and not has_keyframe:
            look += WAIT_FOR_KEYFRAME_SECONDS
        return self._stopping.is_set() or (look is not None and not tapped and now - began_at > look)

    @property
    def keyframe_every(self) -> float:
        return self._rhythm.keyframe_every

    @property
    def is_asked_to_look(self) -> bool:
        return self._asked_to_look

    def keyframe_interval(self) -> float | None:
        return self._meter.interval

    def now(self) -> float:
        return self._means.clock.monotonic()


class WatchFlow:
    """One connection to the camera while it flows (camera.relay.pump.Flow)."""

    gather_seconds = UNHURRIED_GATHER_SECONDS

    def __init__(self, watch: StreamWatch, session: Session, video: Video, now: float) -> None:
        self.video = video
        self.group = KeyframeGroup(video.codec, video.payload_type)
        self.failed: Reason | None = None
        self._watch = watch
        self._session = session
        self._began_at = now
        self._beat = Beat(now, watch.keyframe_every)
        self._keyframes = 0
        self._taps: list[Tap] = []
        self._lock = threading.Lock()

    def fileno(self) -> int:
        return self._session.fileno()

    def waits(self) -> bool:
        return False

    def serve(self) -> bool:
        now, group, session = self._watch.now(), self.group, self._session
        take, view = group.take, session.view
        try:
            while packets := session.take(now):
                with self._lock:
                    for begin, end in packets:
                        take(view, begin, end)
                    for tap in self._taps:
                        tap.feed([bytes(view[begin:end]) for begin, end in packets])
            if group.foreign > _MOST_FOREIGN:
                raise GarbledAnswerError("what comes is not the stream that the camera described")
        except (OSError, GarbledAnswerError) as error:
            self.failed = reason_for(error)
            return False
        self._watch.looked(self, now)
        if (self._beat.is_due(now) or self._watch.is_asked_to_look) and group.keyframes != self._keyframes:
            self._hand_on(now)
        return not self._is_over(now)

    def tick(self) -> bool:
        now = self._watch.now()
        try:
            with told():
                self._session.tick(now)
        except StreamError as error:
            silent = error.reason.code is ReasonCode.NO_ANSWER
            self.failed = Reason(ReasonCode.STREAM_STALLED, error.reason.detail) if silent else error.reason
            return False
        return not self._is_over(now)

    def tapped(self, now: float) -> Tap:
        """Somebody shows this stream from now on: first what came since the newest keyframe."""
        if self.video.codec != "H264" or self.video.interleaved:
            detail = f"the camera sends {self.video.codec[:20]}; set this stream to H.264"
            raise StreamError(Reason(ReasonCode.UNSUPPORTED, detail))
        tap = Tap(self.video, now, self._leave)
        with self._lock:
            if self.group.whole:
                tap.feed(self.group.packets)
            self._taps.append(tap)
        return tap

    def end_taps(self, reason: Reason) -> None:
        with self._lock:
            taps, self._taps = self._taps, []
        for tap in taps:
            tap.end(reason)

    def close(self) -> None:
        self._session.close()

    def _is_over(self, now: float) -> bool:
        return self._watch.is_over(now, self._began_at, tapped=bool(self._taps), has_keyframe=self._keyframes > 0)

    def _hand_on(self, now: float) -> None:
        data = self.group.keyframe()
        if data is None:
            return  # it is still under way, or something of it was lost
        self._keyframes = self.group.keyframes
        self._beat.taken(now, self._watch.keyframe_interval() or 0.0)
        self._watch.has_keyframe(self, data, now)

    def _leave(self, tap: Tap) -> None:
        with self._lock:
            if tap in self._taps:
                self._taps.remove(tap)


__all__ = ["GATHER_SECONDS", "Keyframe", "Rhythm", "StreamWatch", "WatchFlow", "WatchMeans", "WatchState"]
