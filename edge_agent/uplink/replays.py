"""What the district asked for again: one range after the other, no faster than was agreed."""

from __future__ import annotations

import logging
from collections import deque

from edge_agent.uplink.batches import Form, Replay
from edge_agent.uplink.journal_view import JournalView
from edge_agent.uplink.requests import reply
from journal.model import JournalError
from telemetry import wire_pb2 as wire
from telemetry.readings import Reason, ReasonCode
from telemetry.topics import What

MAX_WAITING = 64

log = logging.getLogger(__name__)


class Replays:
    """Used by the uplink's thread only. Times are monotonic seconds."""

    def __init__(self, journal: JournalView, bytes_per_second: float) -> None:
        self._journal = journal
        self._bytes_per_second = bytes_per_second
        self._waiting: deque[Replay] = deque()
        self._not_before = 0.0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def due(self) -> float:
        """When the next message may go."""
        return self._not_before

    def ask(self, request: wire.Request) -> bytes | None:
        """Take a request; the reply, if it is refused."""
        if len(self._waiting) >= MAX_WAITING:
            return reply(request.id, Reason(ReasonCode.UNSUPPORTED, "too many replays wait; ask again later"))
        asked = request.replay
        form = Form(deflated=asked.deflated)
        self._waiting.append(Replay(self._journal, request.id, asked.incarnation, asked.first, asked.last, form))
        return None

    def next(self, now: float, most_bytes: int) -> tuple[What, bytes]:
        """The next message of the oldest request: `most_bytes` of entries, or the reply that ends it."""
        replay = self._waiting[0]
        try:
            message = replay.next(most_bytes)
        except JournalError as error:
            log.error("a replay failed: %s", error)
            self._waiting.popleft()
            return What.REPLIES, reply(replay.request, Reason(ReasonCode.AGENT_FAULT, str(error)))
        if message is None:
            self._waiting.popleft()
            return What.REPLIES, reply(replay.request, None, replay.unavailable)
        self._not_before = max(self._not_before, now - 0.1) + len(message) / self._bytes_per_second
        return What.REPLAY, message

    def clear(self) -> None:
        self._waiting.clear()
