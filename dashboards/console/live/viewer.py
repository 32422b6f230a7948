"""One who watches: what it gets, and what it is spared when it is behind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from dashboards.console.live import wsframe
from dashboards.console.live.backlog import Backlog, Trail
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.units import Batch, Mode, Setup, Unit
from telemetry.live import LiveNote, LiveNoteType, encode_note

_NEVER = -math.inf


class Outlet(Protocol):
    """An accepted WebSocket, from the server's side; the event loop's thread only."""

    @property
    def write(self) -> Callable[[bytes], object]:
        """Takes whole WebSocket frames and never waits; what is for a socket that is gone is dropped."""

    @property
    def full(self) -> bool:
        """Whether more waits in this process than should."""

    def bound(self, most_bytes: int, on_full: Callable[[], None]) -> None:
        """Above how many waiting bytes it is full, and whom to tell when it becomes so."""

    def close(self, code: int, reason: str) -> None:
        """End it in words, of at most 123 bytes (RFC 6455 §7.4, §5.5); what waits still goes out."""

    def abort(self) -> None:
        """End it at once, whatever waits."""


class Viewer:
    """One open socket. It begins at a keyframe, and begins anew at one whenever it was left behind.

    While it keeps up it is on the channel's trail, and costs a comparison and a write for each frame. `on_trail_until`
    is the time at which its oldest unacknowledged frame becomes too old, or sooner: then `offer` looks closely.
    """

    __slots__ = (
        *("outlet", "mode", "session", "token", "frames_skipped", "acknowledged_at", "waits", "on_trail_until"),
        *("_backlog", "_trail", "_settings", "_setup", "_began", "_sent_at", "_bytes_apart", "_trail_bytes_before"),
    )

    def __init__(
        self, outlet: Outlet, mode: Mode, settings: LiveSettings, now: float, *, session: str = "", token: str = ""
    ) -> None:
        """`now` in monotonic seconds; `session` names whose socket it is, `token` shows that it is still valid."""
        self.outlet, self.mode, self.session, self.token = outlet, mode, session, token
        self.frames_skipped = 0
        self.acknowledged_at = now
        self.waits = True  # for a keyframe
        self.on_trail_until = _NEVER
        self._settings = settings
        self._trail = Trail()
        self._backlog = Backlog(self._trail)
        self._setup: Setup | None = None  # what its MSE decoder was told
        self._began = False
        self._sent_at = now
        self._bytes_apart = 0
        self._trail_bytes_before: int | None = None  # of the trail, when the viewer came onto it
        outlet.bound(settings.buffer_bytes, self._look_closely)

    def enter(self, trail: Trail) -> None:
        """It watches the channel that has this trail."""
        self._trail = trail
        self._backlog = Backlog(trail)

    def offer(self, batch: Batch, now: float) -> None:
        """Units that are new; the viewer gets them, or is spared them until a keyframe that it can keep up with."""
        start, resumed = 0, False
        if self.waits or self.outlet.full or self._backlog.age(now) > self._settings.lag_seconds:
            at = batch.newest_keyframe
            if at is None or not self._may_resume(now):
                self.waits = True
                self.frames_skipped += len(batch.units) if self._began else 0
                return
            self.waits, resumed, start = False, self._began, at
            self._began = True
        if self.mode is Mode.MSE:
            self._set_up(batch.units[start])
        self.give(batch.message(self.mode, start, dropped_before=resumed))
        self._sent_at = now
        self._backlog.sent(batch.sequences(start), now)

    def follow(self, now: float) -> None:
        """It got everything up to here: where it keeps up, the trail from here on is its own."""
        if self.waits or self.mode is not Mode.RECORDS or self.outlet.full:
            return
        oldest_at = self._backlog.oldest_at()
        self._backlog.follow_trail()
        self._trail_bytes_before = self._trail.bytes
        self.on_trail_until = (now if oldest_at is None else oldest_at) + self._settings.lag_seconds

    def note(self, note: LiveNote) -> None:
        """A word beside the frames. An MSE viewer is told of the stream with each init segment, not before."""
        if self.mode is Mode.MSE and note.type is LiveNoteType.STREAM:
            return
        self.give(wsframe.text(encode_note(note)))

    def give(self, message: bytes) -> None:
        """To this viewer alone."""
        self._bytes_apart += len(message)
        self.outlet.write(message)

    def acknowledged(self, sequence: int, now: float) -> None:
        """The viewer has processed everything up to this frame."""
        if not self._backlog.acknowledged(sequence):
            return
        self.acknowledged_at = now
        if self.on_trail_until != _NEVER:
            oldest_at = self._backlog.oldest_at()
            self.on_trail_until = (now if oldest_at is None else oldest_at) + self._settings.lag_seconds

    @property
    def bytes_out(self) -> int:
        """That went to this viewer, frame headers included."""
        before = self._trail_bytes_before
        return self._bytes_apart + (0 if before is None else self._trail.bytes - before)

    def lag_seconds(self, now: float) -> float:
        """Age of the oldest frame that it has not processed."""
        return self._backlog.age(now)

    def stalled(self, now: float) -> bool:
        """Whether it took nothing for too long, though there was something to take."""
        return now - self.acknowledged_at > self._settings.stall_seconds and self._backlog.oldest_at() is not None

    def leave_trail(self) -> None:
        """From now on it gets only what is offered."""
        if self._trail_bytes_before is not None:
            self._bytes_apart = self.bytes_out
            self._trail_bytes_before = None
            self._backlog.leave_trail()
            self._sent_at = max(self._sent_at, self._trail.newest_at)
        self.on_trail_until = _NEVER

    def _look_closely(self) -> None:
        self.on_trail_until = _NEVER

    def _may_resume(self, now: float) -> bool:
        if self.outlet.full:
            return False
        if self._backlog.age(now) < self._settings.lag_seconds / 2:
            return True
        if now - self._sent_at < self._settings.probe_seconds:
            return False
        self._backlog.forget()
        return True

    def _set_up(self, unit: Unit) -> None:
        """Before a keyframe of another setup: the note and the init segment."""
        setup = unit.setup
        if setup is self._setup:
            return
        self._setup = setup
        note = LiveNote(LiveNoteType.STREAM, setup.sets.codec, setup.width, setup.height)
        self.give(wsframe.text(encode_note(note)))
        self.give(setup.init_message(unit.sequence))


def offer_all(viewers: Iterable[Viewer], batch: Batch, trail: Trail, now: float) -> None:
    """A batch to all who watch a channel. The loop's two lines run thousands of times a second."""
    framed = batch.message(Mode.RECORDS, 0, dropped_before=False)
    apart: list[Viewer] = []
    for viewer in viewers:
        if now > viewer.on_trail_until:
            viewer.leave_trail()
            apart.append(viewer)
        else:
            viewer.outlet.write(framed)
    trail.add(batch.sequences(), len(framed), now)
    for viewer in apart:
        viewer.offer(batch, now)
        viewer.follow(now)
