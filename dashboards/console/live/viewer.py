"""One who watches: what it gets, and what it is spared when it is behind."""

from __future__ import annotations

from typing import Protocol

from dashboards.console.live import wsframe
from dashboards.console.live.backlog import Backlog
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.units import Batch, Mode, Setup
from dashboards.console.live.wsframe import WireMessage
from telemetry.live import LiveNote, LiveNoteType, encode_note


class Outlet(Protocol):
    """An accepted WebSocket, from the server's side; the event loop's thread only."""

    def send(self, message: WireMessage) -> None:
        """Hand over a message; it never waits. One for a socket that is gone is dropped."""

    @property
    def full(self) -> bool:
        """Whether more waits in this process than should."""

    def bound(self, most_bytes: int) -> None:
        """Above how many waiting bytes it is full."""

    def close(self, code: int, reason: str) -> None:
        """End it in words, of at most 123 bytes (RFC 6455 §7.4, §5.5); what waits still goes out."""

    def abort(self) -> None:
        """End it at once, whatever waits."""


class Viewer:
    """One open socket. It begins at a keyframe, and begins anew at one whenever it was left behind."""

    __slots__ = (
        *("outlet", "mode", "session", "token", "bytes_out", "frames_skipped", "acknowledged_at"),
        *("waits", "_backlog", "_settings", "_next", "_setup", "_began", "_sent_at"),
    )

    def __init__(
        self, outlet: Outlet, mode: Mode, settings: LiveSettings, now: float, *, session: str = "", token: str = ""
    ) -> None:
        """`now` in monotonic seconds; `session` names whose socket it is, `token` shows that it is still valid."""
        self.outlet, self.mode, self.session, self.token = outlet, mode, session, token
        self.bytes_out = 0
        self.frames_skipped = 0
        self.acknowledged_at = now
        self.waits = True  # for a keyframe
        self._backlog = Backlog()
        self._settings = settings
        self._next = 0  # index of the first unit that it has not had
        self._setup: Setup | None = None  # what its MSE decoder was told
        self._began = False
        self._sent_at = now
        outlet.bound(settings.buffer_bytes)

    def offer(self, batch: Batch, now: float) -> None:
        """Units that are new; the viewer gets them, or is spared them until a keyframe that it can keep up with."""
        backlog, outlet = self._backlog, self.outlet
        behind = self.waits or outlet.full or now - backlog.oldest_at > self._settings.lag_seconds
        if behind or self._next > batch.first or (self.mode is Mode.MSE and batch.has_keyframe):
            self._offer_part(batch, now, behind)
            return
        # The common case, hundreds of times for each frame.
        message = batch.whole(self.mode)
        self.bytes_out += len(message.framed)
        outlet.send(message)
        self._next, self._sent_at = batch.end, now
        backlog.sent(batch.sent(now))

    def _offer_part(self, batch: Batch, now: float, behind: bool) -> None:
        start = self._next - batch.first if self._next > batch.first else 0
        if start >= len(batch.units):
            return
        resumed = False
        if behind:
            at = batch.keyframe_from(start) if batch.has_keyframe else None
            if at is None or not self._may_resume(now):
                self._spare(batch, start)
                return
            self.waits, resumed, start = False, self._began, at
            self._began = True
        if self.mode is Mode.MSE:
            self._set_up(batch, start)
        self.give(batch.message(self.mode, start, dropped_before=resumed))
        self._next, self._sent_at = batch.end, now
        self._backlog.sent(batch.sent(now)[start:])

    def _may_resume(self, now: float) -> bool:
        if self.outlet.full:
            return False
        if self._backlog.age(now) < self._settings.lag_seconds / 2:
            return True
        if now - self._sent_at < self._settings.probe_seconds:
            return False
        self._backlog.forget()
        return True

    def _spare(self, batch: Batch, start: int) -> None:
        self.waits = True
        self.frames_skipped += len(batch.units) - start if self._began else 0
        self._next = batch.end

    def note(self, note: LiveNote) -> None:
        """A word beside the frames. An MSE viewer is told of the stream with each init segment, not before."""
        if self.mode is Mode.MSE and note.type is LiveNoteType.STREAM:
            return
        self.give(wsframe.text(encode_note(note)))

    def give(self, message: WireMessage) -> None:
        self.bytes_out += len(message.framed)
        self.outlet.send(message)

    def acknowledged(self, sequence: int, now: float) -> None:
        """The viewer has processed everything up to this frame."""
        if self._backlog.acknowledged(sequence):
            self.acknowledged_at = now

    def lag_seconds(self, now: float) -> float:
        """Age of the oldest frame that it has not processed."""
        return self._backlog.age(now)

    def stalled(self, now: float) -> bool:
        """Whether it took nothing for too long, though there was something to take."""
        return len(self._backlog) > 0 and now - self.acknowledged_at > self._settings.stall_seconds

    def _set_up(self, batch: Batch, start: int) -> None:
        """Before a keyframe of another setup: the note and the init segment."""
        unit = batch.units[start]
        setup = unit.setup
        if not unit.keyframe or setup is self._setup or setup == self._setup:
            return
        self._setup = setup
        note = LiveNote(LiveNoteType.STREAM, setup.sets.codec, setup.width, setup.height)
        self.give(wsframe.text(encode_note(note)))
        self.give(setup.init_message(unit.sequence))
