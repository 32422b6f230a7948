"""What the broker delivered and nobody has handled yet: from paho's thread to the ingest's, in groups.

What is new goes before what was asked for again, wards take turns in both, and a group is no larger than can be
handled in a moment. So neither a ward that catches up after a week nor one that floods keeps the others waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from district.commit_pace import CommitPace
from district.fair_queue import FairQueue
from district.floods import STRANGERS, Floods, Traffic
from district.message import Message
from telemetry import topics
from telemetry.clock import Clock
from telemetry.topics import What

GATHER_SECONDS = 0.2  # how long a group commit waits for more
MOST_BYTES = 64_000_000
MOST_BYTES_OF_A_WARD = 16_000_000
STATUS_TIMES = 20  # what a status costs by the byte, against entries: it may name an incarnation in 24 bytes
OVERHEAD_BYTES = 1_000  # what a message takes in memory beside its payload

_AGAIN = (What.REPLAY, What.REPLIES)  # a reply ends a replay, so it must not overtake it


@dataclass(frozen=True, slots=True)
class Group:
    """What is handled together, and how things stand at the door."""

    messages: list[Message]
    traffic: Traffic

    @property
    def bytes(self) -> int:
        return sum(message.weight for message in self.messages)


class Inbox:
    """Bounded: what does not fit is dropped, and asked for again later. `put` from any thread, `take` from one."""

    def __init__(self, clock: Clock, wards: Iterable[str], pace: CommitPace) -> None:
        self._new: FairQueue[Message] = FairQueue()
        self._again: FairQueue[Message] = FairQueue()
        self._floods = Floods(clock, wards)
        self._pace = pace
        self._bell = threading.Condition()
        self._closed = False
        self._took_new = False

    def put(self, message: Message) -> None:
        ward, what = _origin(message.topic)
        with self._bell:
            lane = self._floods.lane(ward)
            queue = self._again if what in _AGAIN else self._new
            times = STATUS_TIMES if what is What.STATUS else 1
            if not self._floods.admit(lane, len(message.payload) * times + OVERHEAD_BYTES):
                return
            size = message.weight * times + OVERHEAD_BYTES
            if queue.waiting(lane) + size > MOST_BYTES_OF_A_WARD or not self._make_room(size, lane):
                self._floods.drop(lane)
                return
            queue.put(lane, message, size)
            if queue.bytes == size or self._bytes >= self._pace.group_bytes:
                self._bell.notify()

    def close(self) -> None:
        """Wake the one who takes; no more waiting."""
        with self._bell:
            self._closed = True
            self._bell.notify()

    def take(self, seconds: float) -> Group:
        """The next group; without messages when nothing came within `seconds`. It gathers for GATHER_SECONDS at most.
        Where both wait, what is new and what was asked for again go in turns, each by itself and at once: so what is
        new waits for one group of the old at most."""
        with self._bell:
            self._bell.wait_for(lambda: self._bytes or self._closed, seconds)
            if self._bytes:
                self._bell.wait_for(self._is_enough, GATHER_SECONDS)
            return self._group()

    def _is_enough(self) -> bool:
        return self._bytes >= self._pace.group_bytes or bool(self._new and self._again) or self._closed

    @property
    def _bytes(self) -> int:
        return self._new.bytes + self._again.bytes

    def _group(self) -> Group:
        self._floods.tick()
        self._took_new = bool(self._new) and not (self._took_new and self._again)
        queue = self._new if self._took_new else self._again
        messages = queue.take(self._pace.group_bytes) if queue else []
        busy = self._again.bytes >= self._pace.window_bytes
        return Group(messages, self._floods.traffic(busy))

    def _make_room(self, size: int, lane: str) -> bool:
        """Have those give way who take up most; False where that is the one who asks."""
        while self._bytes + size > MOST_BYTES:
            queue = max(self._again, self._new, key=lambda each: each.bytes)
            longest = queue.longest()
            if longest == lane:
                return False
            queue.drop_newest(longest)
            self._floods.drop(longest)
        return True


def _origin(topic: str) -> tuple[str, What | None]:
    """Whose message it is, as the topic says, and what; the ingest will refuse those that are none of ours."""
    try:
        found = topics.parse(topic)
    except ValueError:
        return STRANGERS, None
    return found.ward, found.what
