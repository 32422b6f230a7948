"""One stream of one camera: the frames that its publisher brings, kept for one keyframe group, out to its viewers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.console.live import fmp4, wsframe
from dashboards.console.live.backlog import Trail
from dashboards.console.live.h264 import BitstreamError, is_annexb, parameter_sets
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.units import Batch, Setup, Unit
from dashboards.console.live.viewer import Viewer, offer_all
from telemetry.live import Frame, LiveError, LiveNote, LiveNoteType, StreamName, record_header

_USUAL_DURATION_US = 40_000
_LONGEST_DURATION_US = 1_000_000
_LONGEST_STEP_US = 10_000_000  # a longer pause is no part of the timeline
_TRAIL_MARGIN_SECONDS = 1.0
_SEQUENCES = 1 << 32

Later = Callable[[float, Callable[[], None]], object]


@dataclass(frozen=True, slots=True)
class Place:
    """Which stream of which camera."""

    ward: str
    device: str
    stream: StreamName

    def __str__(self) -> str:
        return f"{self.ward}/{self.device}/{self.stream}"


@dataclass(slots=True)
class Flow:
    """What went through a channel since it was opened."""

    publishers: int = 0
    frames_in: int = 0
    bytes_in: int = 0  # payloads of all messages from publishers
    access_unit_bytes_in: int = 0
    bytes_out: int = 0  # to viewers that have left; add those of the present ones
    frames_skipped: int = 0  # likewise


@dataclass(slots=True)
class _Source:
    """The present publisher's stream, as far as it has come."""

    note: LiveNote
    sequence: int | None = None
    timestamp_us: int = 0
    broken: bool = True  # until a keyframe comes


class Channel:
    """Used by the event loop's thread only. `monotonic` and `later` (seconds, then call) are passed in."""

    def __init__(self, place: Place, settings: LiveSettings, monotonic: Callable[[], float], later: Later) -> None:
        self.place = place
        self.flow = Flow()
        self.viewers: list[Viewer] = []
        self.trouble: LiveNote | None = None
        self._settings, self._monotonic, self._later = settings, monotonic, later
        self._batch_seconds = settings.tile_batch_seconds if place.stream is StreamName.SUB else 0.0
        self._source: _Source | None = None
        self._setup: Setup | None = None
        self._trail = Trail()
        self._group: list[Unit] = []
        self._group_bytes = 0
        self._pending: list[Unit] = []
        self._count = 0
        self._time_us = 0  # of the newest unit, on a timeline that goes on from publisher to publisher
        self._duration_us = _USUAL_DURATION_US

    # ---- the publisher's side -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """A publisher came; whatever the one before left is over."""
        self.flow.publishers += 1
        self.trouble = None
        self.end()

    def end(self) -> None:
        """The publisher went. Nobody who comes later is shown what was then."""
        self.flush()
        self._source = None
        self._forget_group()

    def note(self, note: LiveNote) -> None:
        """What the publisher tells beside frames. Raises LiveError for a stream that cannot be."""
        if note.type is LiveNoteType.STREAM:
            if not note.codec.startswith("avc1.") or not (0 < note.width <= 16384 and 0 < note.height <= 16384):
                raise LiveError(f"a stream of {note.codec!r}, {note.width}x{note.height}, cannot be shown")
            self.flush()
            if self._source is None:
                self._source = _Source(note)
            self._source.note = note
            self._tell(note)
        else:
            self._forget_group()
            self.tell_trouble(note)

    def tell_trouble(self, note: LiveNote) -> None:
        """There is no picture, and why; told once for each change."""
        if note != self.trouble:
            self.trouble = note
            self._tell(note)

    def take(self, frame: Frame) -> bool:
        """A frame came. True once frames are of use, which is from the first keyframe on. Raises LiveError."""
        source = self._source
        if source is None:
            raise LiveError("frames before the note that tells what they are")
        if not is_annexb(bytes(frame.access_unit[:4])):
            raise LiveError("an access unit that is not H.264 Annex B")
        step_us = self._follow(source, frame)
        self.flow.frames_in += 1
        self.flow.access_unit_bytes_in += len(frame.access_unit)
        if frame.keyframe:
            self._begin_group(source, frame)
        if source.broken or self._setup is None:
            return False
        self.trouble = None
        unit = self._unit(frame, self._setup, step_us)
        self._keep(unit)
        self._pending.append(unit)
        if not self._batch_seconds:
            self.flush()
        elif len(self._pending) == 1:
            due = self._count
            self._later(self._batch_seconds, lambda: self._flush_due(due))
        return True

    def flush(self) -> None:
        """Send what waits to be sent together."""
        if not self._pending:
            return
        batch, self._pending = Batch(self._pending), []
        now = self._monotonic()
        offer_all(self.viewers, batch, self._trail, now)
        self._trail.trim(now - self._settings.lag_seconds - _TRAIL_MARGIN_SECONDS)

    def _flush_due(self, count: int) -> None:
        """The time of the batch that began with this unit is over, unless it has gone out already."""
        if self._pending and self._pending[0].index + 1 == count:
            self.flush()

    # ---- the viewers' side --------------------------------------------------------------------------------------

    def join(self, viewer: Viewer) -> None:
        """A viewer came: it gets the present keyframe group at once."""
        self.flush()
        if self._source is not None:
            viewer.note(self._source.note)
        if self.trouble is not None:
            viewer.note(self.trouble)
        viewer.enter(self._trail)
        self.viewers.append(viewer)
        now = self._monotonic()
        if not self._group:
            return
        if self._batch_seconds:
            viewer.offer(Batch(self._group), now)
        else:
            for unit in self._group:
                viewer.offer(Batch([unit]), now)
        viewer.follow(now)

    def leave(self, viewer: Viewer) -> None:
        """A viewer went."""
        if viewer in self.viewers:
            self.viewers.remove(viewer)
            self.flow.bytes_out += viewer.bytes_out
            self.flow.frames_skipped += viewer.frames_skipped

    def _tell(self, note: LiveNote) -> None:
        for viewer in self.viewers:
            viewer.note(note)

    # ---- a frame's way ------------------------------------------------------------------------------------------

    def _follow(self, source: _Source, frame: Frame) -> int:
        """Check a frame against the one before it; the µs between them. Raises LiveError."""
        last, source.sequence = source.sequence, frame.sequence
        before_us, source.timestamp_us = source.timestamp_us, frame.timestamp_us
        if last is None:
            return 0
        ahead = (frame.sequence - last) % _SEQUENCES
        if not 0 < ahead < _SEQUENCES // 2:
            raise LiveError(f"frames out of order: {frame.sequence} after {last}")
        if frame.timestamp_us < before_us:
            raise LiveError(f"a timestamp goes back: {frame.timestamp_us} after {before_us}")
        if ahead > 1 and not frame.keyframe:
            source.broken = True  # what follows a hole cannot be decoded
        return min(frame.timestamp_us - before_us, _LONGEST_STEP_US)

    def _begin_group(self, source: _Source, frame: Frame) -> None:
        try:
            sets = parameter_sets(bytes(frame.access_unit))
            setup = Setup(sets, source.note.width, source.note.height)
            if setup != self._setup:
                setup.init_message(0)  # a parameter set that cannot be is told to its publisher, not to a viewer
                self.flush()
                self._setup = setup
        except BitstreamError as error:
            raise LiveError(str(error)) from error
        source.broken = False
        self._forget_group()

    def _unit(self, frame: Frame, setup: Setup, step_us: int) -> Unit:
        if 0 < step_us <= _LONGEST_DURATION_US:
            self._duration_us = step_us
        self._time_us += step_us or self._duration_us
        head = record_header(
            len(frame.access_unit),
            frame.sequence,
            frame.timestamp_us,
            keyframe=frame.keyframe,
            dropped_before=frame.dropped_before,
        )
        unit = Unit(
            index=self._count,
            sequence=frame.sequence,
            keyframe=frame.keyframe,
            setup=setup,
            message=wsframe.binary(head, frame.access_unit),
            time=fmp4.ticks(self._time_us),
            duration=fmp4.ticks(self._duration_us),
        )
        self._count += 1
        return unit

    def _forget_group(self) -> None:
        self._group = []
        self._group_bytes = 0

    def _keep(self, unit: Unit) -> None:
        """For those who come later, unless it becomes too much: they then wait for the next keyframe."""
        if not (self._group or unit.keyframe):
            return
        self._group_bytes += len(unit.message)
        if self._group_bytes > self._settings.group_bytes or len(self._group) >= self._settings.group_frames:
            self._forget_group()
            return
        self._group.append(unit)
