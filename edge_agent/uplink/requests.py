"""What the district asks, as far as it is proper; what is not is refused with its reason."""

from __future__ import annotations

import threading
from collections import deque

from google.protobuf.message import DecodeError

from telemetry import wire_pb2 as wire
from telemetry.entry import INCARNATION_BYTES
from telemetry.evidence import BLOB_HASH_BYTES
from telemetry.intervals import IntervalSet
from telemetry.readings import Reason

MAX_WAITING = 1000
MAX_WAITING_BYTES = 4_000_000
MAX_BYTES = 256 * 1024
MAX_ID = 128


class BadRequestError(ValueError):
    """Bytes that are no request, or one that makes no sense."""


class Inbox:
    """Requests that wait to be worked on. `put` and `take` may be called from different threads."""

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, data: bytes) -> bool:
        """False when too much waits already."""
        with self._lock:
            if len(self._waiting) >= MAX_WAITING or (self._waiting and self._bytes + len(data) > MAX_WAITING_BYTES):
                return False
            self._waiting.append(data)
            self._bytes += len(data)
            return True

    def take(self) -> bytes | None:
        with self._lock:
            data = self._waiting.popleft() if self._waiting else None
            self._bytes -= len(data or b"")
            return data

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
            self._bytes = 0

    @staticmethod
    def parse(data: bytes) -> wire.Request:
        """Raises BadRequestError."""
        if len(data) > MAX_BYTES:
            raise BadRequestError(f"{len(data)} bytes are over the limit of {MAX_BYTES}")
        try:
            request = wire.Request.FromString(data)
        except DecodeError as error:
            raise BadRequestError(f"not a request: {error}") from error
        _check(request)
        return request


def reply(request: str, reason: Reason | None, unavailable: IntervalSet | None = None) -> bytes:
    """The answer to a request; good when there is no reason against it."""
    message = wire.Reply(request_id=request, ok=reason is None)
    if reason is not None:
        message.reason.code = reason.code
        message.reason.detail = reason.detail
    for first, last in unavailable or ():
        message.unavailable.add(first=first, last=last)
    return message.SerializeToString()


def _check(request: wire.Request) -> None:
    what = request.WhichOneof("what")
    if what is None:
        raise BadRequestError("a request for nothing that is known here")
    if len(request.id) > MAX_ID:
        raise BadRequestError(f"a request id of {len(request.id)} characters")
    if what == "replay":
        _check_place(request.replay.incarnation, request.replay.first, request.replay.last)
    elif what in ("committed", "take_back"):
        told = request.committed if what == "committed" else request.take_back
        for each in told.ranges:
            _check_place(told.incarnation, each.first, each.last)
    elif what == "send_picture" and len(request.send_picture.sha256) not in (0, BLOB_HASH_BYTES):
        raise BadRequestError(f"a SHA-256 of {len(request.send_picture.sha256)} bytes")


def _check_place(incarnation: bytes, first: int, last: int) -> None:
    if len(incarnation) != INCARNATION_BYTES:
        raise BadRequestError(f"an incarnation of {len(incarnation)} bytes")
    if not 1 <= first <= last:
        raise BadRequestError(f"positions {first}..{last}")
