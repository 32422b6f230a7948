"""One thread for all streams that flow: what a relay costs is how often it wakes, and how cold its code is then.

It waits for any camera, gives the rest of the pictures a moment to come, and serves all that are ready. Nothing that
it calls may block; connecting, and waiting for a camera that is in trouble, is for each stream's own thread.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.004  # a wake for each RTP packet would cost several times as much
UNHURRIED_GATHER_SECONDS = 0.1  # where nobody looks; what a camera sends meanwhile fits into its socket
TICK_SECONDS = 0.25
_UNSENT_SECONDS = 0.01  # how soon to try again what a hub's socket did not take


class Flow(Protocol):
    """A stream that flows. Every call comes from the pump's thread; once one returns False there is no more.
    `gather_seconds`: how long its pictures may wait for others to be served with; the shortest of all counts."""

    gather_seconds: float

    def fileno(self) -> int:
        """Of the camera's connection."""

    def serve(self) -> bool:
        """The camera has sent something, or the hub may take what waits."""

    def tick(self) -> bool:
        """Time has passed."""

    def waits(self) -> bool:
        """Whether something waits that the hub's socket did not take."""


class Pump:
    """Its thread is there while there is something to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: dict[int, tuple[Flow, threading.Event]] = {}
        self._waiting: set[int] = set()
        self._running = False
        self._gather = GATHER_SECONDS
        self._epoll = select.epoll()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._epoll.register(self._ear, select.EPOLLIN)

    def run(self, flow: Flow) -> None:
        """Serve it until it ends; waits for that."""
        ended = threading.Event()
        with self._lock:
            number = flow.fileno()
            self._flows[number] = (flow, ended)
            self._waiting.add(number)  # pictures may have come with the last answer
            self._set_gather()
            self._epoll.register(number, select.EPOLLIN)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="live pump", daemon=True).start()
        self.ring()
        ended.wait()

    def ring(self) -> None:
        """Look after all streams now: one is to stop. From any thread."""
        with contextlib.suppress(BlockingIOError):  # it has been rung often enough
            self._bell.send(b"\0")

    def _run(self) -> None:
        tick_at = 0.0
        while self._still_running():
            if self._epoll.poll(_UNSENT_SECONDS if self._waiting else TICK_SECONDS):
                time.sleep(self._gather)
            ready = {number for number, _ in self._epoll.poll(0)} | self._waiting
            now = time.monotonic()
            if self._ear.fileno() in ready:
                self._ear.recv(4096)
                tick_at = now
            for number in ready:
                if number in self._flows:
                    self._serve(number)
            if now >= tick_at:
                tick_at = now + TICK_SECONDS
                for number, (flow, _) in list(self._flows.items()):
                    if not _guarded(flow.tick):
                        self._drop(number)

    def _still_running(self) -> bool:
        with self._lock:
            self._running = bool(self._flows)
            return self._running

    def _serve(self, number: int) -> None:
        flow, _ = self._flows[number]
        if not _guarded(flow.serve):
            self._drop(number)
        elif flow.waits():
            self._waiting.add(number)
        else:
            self._waiting.discard(number)

    def _drop(self, number: int) -> None:
        with self._lock:
            _, ended = self._flows.pop(number)
            self._waiting.discard(number)
            self._epoll.unregister(number)
            self._set_gather()
        ended.set()

    def _set_gather(self) -> None:
        self._gather = min((flow.gather_seconds for flow, _ in self._flows.values()), default=GATHER_SECONDS)


def _guarded(call: Callable[[], bool]) -> bool:
    try:
        return call()
    except Exception:  # one stream's defect ends that stream only
        log.exception("a stream failed")
        return False
