"""The desk's thread."""

from __future__ import annotations

import logging
import threading

from district.pictures.desk import PictureDesk
from district.pictures.shelf import PictureShelf

TICK_SECONDS = 0.5
PRUNE_TICKS = 6 * 3600 * 2

log = logging.getLogger(__name__)


class PictureWorker:
    """Starts, and ends after what is under way."""

    def __init__(self, desk: PictureDesk, shelf: PictureShelf) -> None:
        self._desk, self._shelf = desk, shelf
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        ticks = 0
        while not self._stopping.wait(TICK_SECONDS):
            ticks += 1
            try:
                self._desk.tick()
                if ticks % PRUNE_TICKS == 0:
                    log.info("let go of %d pictures beyond their time", self._shelf.prune())
            except Exception:  # asked again in a moment
                log.exception("asking the wards for pictures failed")
