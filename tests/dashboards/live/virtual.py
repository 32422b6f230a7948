"""A channel and its viewers in virtual time: links of a given rate, acknowledgements that take their time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from dashboards.console.live import wsframe
from dashboards.console.live.channel import Channel, Place
from dashboards.console.live.settings import LiveSettings
from dashboards.console.live.units import Mode
from dashboards.console.live.viewer import Viewer
from telemetry.live import Frame, LiveNote, LiveNoteType, StreamName, decode_frames

SETS = b"\x00\x00\x00\x01\x67\x42\xc0\x1e\xd9\x00\xa0\x47\xfe\xc8\x00\x00\x00\x01\x68\xce\x3c\x80"
NOTE = LiveNote(LiveNoteType.STREAM, "avc1.42c01e", 640, 360)


class Time:
    """Seconds that pass as they are needed, with what is to happen at them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), call))

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            self.now, _, call = heapq.heappop(self._due)
            call()
        self.now = until


@dataclass
class Got:
    """A frame that arrived."""

    sequence: int
    keyframe: bool
    dropped_before: bool
    sent_at: float  # when its publisher sent it
    at: float


@dataclass
class Link:
    """An outlet whose other end is `delay` seconds away and takes `rate` bytes a second; 0 is a cut line."""

    time: Time
    rate: float = 1e9
    delay: float = 0.005
    ack_seconds: float = 0.2
    acknowledges: bool = True
    capacity: int | None = None  # what the sockets on the way hold; None: everything
    holds_back: int = 0  # frames that its decoder gives out only when more come in
    got: list[Got] = field(default_factory=list)
    texts: int = 0
    full: bool = False
    closed: tuple[int, str] | None = None
    viewer: Viewer | None = None
    sent_times: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._queue: list[bytes] = []
        self._left = 0.0  # of the first message, still to be taken
        self._last = self.time.now
        self._ack_at = 0.0
        self._most = 10**9
        self._on_full: Callable[[], None] = lambda: None
        self.time.later(0.0, self._tick)

    def bound(self, most_bytes: int, on_full: Callable[[], None]) -> None:
        self._most, self._on_full = most_bytes, on_full

    def write(self, framed: bytes) -> None:
        if not self._queue:
            self._left = float(len(framed))
        self._queue.append(framed)
        self._judge()

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.closed = self.closed or (1006, "")

    @property
    def waiting_bytes(self) -> int:
        return sum(map(len, self._queue))

    def _judge(self) -> None:
        waiting = self.waiting_bytes - (self.capacity if self.capacity is not None else 10**12)
        full = waiting > self._most
        if full and not self.full:
            self.full = True
            self._on_full()
        self.full = full

    def _tick(self) -> None:
        room = self.rate * (self.time.now - self._last)
        self._last = self.time.now
        while self._queue and room >= self._left:
            room -= self._left
            message = self._queue.pop(0)
            self._left = float(len(self._queue[0])) if self._queue else 0.0
            self.time.later(self.delay, lambda message=message: self._arrive(message))  # type: ignore[misc]
        self._left = max(self._left - room, 0.0) if self._queue else 0.0
        self._judge()
        self.time.later(0.005, self._tick)

    def _arrive(self, message: bytes) -> None:
        if wsframe.is_text(message):
            self.texts += 1
            return
        for each in decode_frames(message[wsframe.payload_at(message) :]):
            sent_at = self.sent_times.get(each.sequence, self.time.now)
            self.got.append(Got(each.sequence, each.keyframe, each.dropped_before, sent_at, self.time.now))
        if self.acknowledges and self.time.now >= self._ack_at:
            self._ack_at = self.time.now + self.ack_seconds
            self.time.later(self.ack_seconds if self.ack_seconds < 0.01 else 0.0, self._acknowledge)
            self.time.later(self.ack_seconds, self._acknowledge)

    def _acknowledge(self) -> None:
        drawn = self.got[: len(self.got) - self.holds_back]
        if drawn and self.acknowledges:
            self.time.later(self.delay, lambda sequence=drawn[-1].sequence: self._heard(sequence))  # type: ignore[misc]

    def _heard(self, sequence: int) -> None:
        if self.viewer is not None:
            self.viewer.acknowledged(sequence, self.time.now)


class Studio:
    """A channel whose publisher sends at 25 frames a second."""

    def __init__(self, *, stream: StreamName = StreamName.MAIN, gop: int = 25, kbps: float = 2000.0) -> None:
        self.time = Time()
        self.settings = LiveSettings()
        self.channel = Channel(Place("w", "c", stream), self.settings, lambda: self.time.now, self.time.later)
        self.channel.begin()
        self.channel.note(NOTE)
        self.links: list[Link] = []
        self.sent_times: dict[int, float] = {}
        self.number = 0
        self._gop = gop
        # A keyframe of eight times the others' size.
        self._small = int(kbps * 1000 / 8 / 25 * gop / (gop + 7))

    def watch(self, mode: Mode = Mode.RECORDS, **link: object) -> Link:
        made = Link(self.time, **link)  # type: ignore[arg-type]
        made.sent_times = self.sent_times
        made.viewer = Viewer(made, mode, self.settings, self.time.now)
        self.links.append(made)
        self.channel.join(made.viewer)
        return made

    def play(self, seconds: float) -> None:
        """So much of the stream, in its own time."""
        for _ in range(round(seconds * 25)):
            keyframe = self.number % self._gop == 0
            data = (
                SETS + b"\0\0\1\x65" + bytes([255]) * (8 * self._small)
                if keyframe
                else b"\0\0\0\1\x61" + bytes([255]) * self._small
            )
            self.sent_times[self.number] = self.time.now
            self.channel.take(Frame(self.number, self.number * 40_000, keyframe, False, data))
            self.number += 1
            self.time.run(self.time.now + 0.04)


def decodable(got: list[Got]) -> bool:
    """Whether it begins with a keyframe and goes on without a hole but before keyframes."""
    return (
        bool(got)
        and got[0].keyframe
        and all(after.keyframe or after.sequence == before.sequence + 1 for before, after in itertools.pairwise(got))
    )
