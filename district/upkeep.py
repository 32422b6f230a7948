"""What is to be done now and then: summarise old samples, let go of what is older than the store keeps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from store.base import Store, StoreError

FIRST_SECONDS = 600.0  # not while everybody comes back after a start
EVERY_SECONDS = 6 * 3600.0

logger = logging.getLogger(__name__)


class Upkeep:
    """A thread of its own: all it does takes turns with commits."""

    def __init__(self, store: Store, may_prune: Callable[[], bool]) -> None:
        """`may_prune`: whether the clock may decide what is too old."""
        self._store, self._may_prune = store, may_prune
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait for the step that is under way; the rest is done the next time."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        wait = FIRST_SECONDS
        while not self._stopping.wait(wait):
            wait = EVERY_SECONDS
            if not self._may_prune():
                logger.error("nothing is let go of by age: no ward says that this clock is right")
                continue
            try:
                pruned = self._store.prune(lambda: not self._stopping.is_set())
                said = "summarised %d samples; let go of %d samples and %d events beyond their time"
                logger.info(said, pruned.summarised, pruned.samples, pruned.events)
            except StoreError as error:
                logger.error("pruning failed: %s", error)
