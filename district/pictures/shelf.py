"""Pictures that evidence names, a folder for each ward: none can take another's room, or be shown another's picture."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from pathlib import Path

from store.blobs import BlobError, BlobFolder, BlobLimits
from telemetry.clock import Clock

log = logging.getLogger(__name__)


class PictureShelf:
    """Any thread may call any method. `wards` are the ids of the configuration, fit to be names of folders."""

    def __init__(self, folder: Path, wards: Collection[str], clock: Clock, limits: BlobLimits | None = None) -> None:
        self._folder, self._wards, self._clock, self._limits = folder, wards, clock, limits
        self._folders: dict[str, BlobFolder] = {}
        self._lock = threading.Lock()

    def put(self, ward: str, data: bytes) -> bytes:
        """Durable when this returns its SHA-256. Raises BlobError, KeyError for a ward that is none."""
        return self._of(ward).put(data)

    def get(self, ward: str, sha256: bytes) -> bytes | None:
        """None where it is not, or damaged. Raises BlobError, KeyError."""
        return self._of(ward).get(sha256)

    def has(self, ward: str, sha256: bytes) -> bool:
        """Raises KeyError."""
        return self._of(ward).has(sha256)

    def prune(self) -> int:
        """Let go of what is beyond its days; how many."""
        gone = 0
        for ward in self._wards:
            try:
                gone += self._of(ward).prune()
            except BlobError as error:
                log.error("pruning the pictures of ward %s failed: %s", ward, error)
        return gone

    def _of(self, ward: str) -> BlobFolder:
        """Opened when it is first asked for: counting what is there takes a while."""
        with self._lock:
            if ward not in self._folders:
                if ward not in self._wards:
                    raise KeyError(ward)
                self._folders[ward] = BlobFolder(self._folder / ward, self._clock, self._limits)
            return self._folders[ward]
