"""The ingest's thread: takes groups from the inbox, has them handled, and survives whatever goes wrong in one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from district.commit_pace import CommitPace
from district.inbox import Inbox
from district.ingest import Ingest, StoreLostError
from district.link import Link
from telemetry.clock import Clock

IDLE_SECONDS = 0.5  # how late what is due without any message may be

logger = logging.getLogger(__name__)


class Worker:
    """Starts, and ends with what is in hand."""

    def __init__(
        self, clock: Clock, ingest: Ingest, inbox: Inbox, link: Link, pace: CommitPace, lost: Callable[[], None]
    ) -> None:
        """`lost` is called, from the worker's thread, when only a new start of the process can help."""
        self._clock, self._ingest, self._inbox, self._link = clock, ingest, inbox, link
        self._pace, self._lost = pace, lost
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Handle what has come, then end. Stop the link first."""
        self._stopping.set()
        self._inbox.close()
        self._thread.join()
        self._ingest.close()

    def _run(self) -> None:
        while True:
            group = self._inbox.take(IDLE_SECONDS)
            if not group.messages and self._stopping.is_set():
                return
            began = self._clock.monotonic()
            try:
                self._link.listen(group.traffic.deaf)
                self._ingest.process(group.messages, hearing_since=self._link.hearing_since, traffic=group.traffic)
            except StoreLostError as error:
                logger.critical("the hub ends, and should be started again: %s", error)
                self._lost()
                return
            except Exception:  # what was in hand is missing, and will be asked for again
                logger.exception("handling %d messages failed", len(group.messages))
                self._recover()
            self._pace.handled(group.bytes, self._clock.monotonic() - began)

    def _recover(self) -> None:
        try:
            self._ingest.reload()
        except Exception:  # the store is beyond reading; each further group tries again
            logger.exception("reading again what the store holds failed")
            self._stopping.wait(IDLE_SECONDS)
