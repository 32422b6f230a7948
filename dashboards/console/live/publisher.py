"""The one who brings a stream: an agent's socket, watched for silence and nonsense."""

from __future__ import annotations

from dashboards.console.live import wsframe
from dashboards.console.live.channel import Channel
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.viewer import Outlet
from telemetry.live import LiveError, LiveNoteType, decode_frames, decode_note, encode_ack

BAD_BYTES, OVERDUE, REPLACED, NOT_WANTED = 4400, 4408, 4409, 4410  # close codes


class Publisher:
    """One socket. Times are monotonic seconds; the larger `number` is the newer publisher."""

    def __init__(self, channel: Channel, number: int, outlet: Outlet, settings: LiveSettings, now: float) -> None:
        self.channel, self.number, self.outlet = channel, number, outlet
        self._settings = settings
        self._heard_at = now
        self._waiting_since: float | None = None  # first of the frames that no keyframe came before

    def hear(self, message: bytes | str, now: float) -> None:
        """Frames or a note. Raises LiveError for anything else."""
        self._heard_at = now
        if isinstance(message, str):
            note = decode_note(message)
            self._waiting_since = None
            if note.type is not LiveNoteType.END:
                self.channel.note(note)
            return
        self.channel.flow.bytes_in += len(message)
        newest: int | None = None
        for frame in list(decode_frames(message)):  # all of it, before any of it is let through
            newest = frame.sequence
            if self.channel.take(frame):
                self._waiting_since = None
            elif self._waiting_since is None:
                self._waiting_since = now
        if newest is None:
            raise LiveError("an empty message")
        self.outlet.write(wsframe.binary(encode_ack(newest)))

    def overdue(self, now: float) -> str | None:
        """Why the publisher is to be let go, if it is."""
        settings = self._settings
        if now - self._heard_at > settings.silence_seconds:
            return f"nothing was heard for {settings.silence_seconds:.0f} s"
        if self._waiting_since is not None and now - self._waiting_since > settings.keyframe_seconds:
            return f"no keyframe in {settings.keyframe_seconds:.0f} s"
        return None
