"""What the broker delivered and nobody has handled yet: from paho's thread to the ingest's, in groups."""

from __future__ import annotations

import threading
from collections import deque

from district.message import Message

GROUP_SECONDS = 0.2  # how long a group commit waits for more
GROUP_BYTES = 2_000_000
MOST_BYTES = 64_000_000


class Inbox:
    """Bounded: what does not fit is dropped, and asked for again later. `put` from any thread, `take` from one."""

    def __init__(self) -> None:
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._bell = threading.Condition()
        self._closed = False
        self.dropped = 0

    def put(self, message: Message) -> None:
        with self._bell:
            if self._bytes + len(message.payload) > MOST_BYTES:
                self.dropped += 1
                return
            self._messages.append(message)
            self._bytes += len(message.payload)
            if len(self._messages) == 1 or self._bytes >= GROUP_BYTES:
                self._bell.notify()

    def close(self) -> None:
        """Wake the one who takes; no more waiting."""
        with self._bell:
            self._closed = True
            self._bell.notify()

    def take(self, seconds: float) -> list[Message]:
        """The next group; empty when nothing came within `seconds`. A group gathers for GROUP_SECONDS at most."""
        with self._bell:
            self._bell.wait_for(lambda: self._messages or self._closed, seconds)
            if not self._messages:
                return []
            self._bell.wait_for(lambda: self._bytes >= GROUP_BYTES or self._closed, GROUP_SECONDS)
            group: list[Message] = []
            size = 0
            while self._messages and (not group or size < GROUP_BYTES):
                message = self._messages.popleft()
                group.append(message)
                size += len(message.payload)
            self._bytes -= size
            return group

    @property
    def busy(self) -> bool:
        """Whether there is a whole group more."""
        return self._bytes >= GROUP_BYTES
