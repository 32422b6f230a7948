"""The desk's thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from district.pictures.desk import PictureDesk
from district.pictures.shelf import PictureShelf

TICK_SECONDS = 0.5
PRUNE_TICKS = 6 * 3600 * 2

log = logging.getLogger(__name__)


class PictureWorker:
    """Starts, and ends after what is under way."""

    def __init__(self, desk: PictureDesk, shelf: PictureShelf, may_prune: Callable[[], bool]) -> None:
        """`may_prune`: whether the clock may decide what is too old."""
        self._desk, self._shelf, self._may_prune = desk, shelf, may_prune
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def prune(self) -> None:
        """Let go of what is beyond its days, where the clock can tell."""
        if self._may_prune():
            log.info("let go of %d pictures beyond their time", self._shelf.prune())
        else:
            log.error("no picture is let go of by age: no ward says that this clock is right")

    def _run(self) -> None:
        ticks = 0
        while not self._stopping.wait(TICK_SECONDS):
            ticks += 1
            try:
                self._desk.tick()
                if ticks % PRUNE_TICKS == 0:
                    self.prune()
            except Exception:  # asked again in a moment
                log.exception("asking the wards for pictures failed")
