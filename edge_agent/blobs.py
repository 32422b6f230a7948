"""The ward's pictures: those that evidence names, kept on the disk until the district has asked for them and long
after; and of each camera the newest picture, the thumbnail, in memory only.

A thumbnail is replaced every few seconds and is worth nothing tomorrow: writing it down would wear an SD card out for
nothing, and after a start the next keyframe brings another.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from store.blobs import BlobCounts, BlobError, BlobFolder, BlobLimits
from telemetry import jpeg
from telemetry.clock import Clock, may_judge_age

FOLDER = "blobs"
MOST_THUMBNAILS = 256  # cameras of one ward
PRUNE_SECONDS = 6 * 3600.0

log = logging.getLogger(__name__)

__all__ = ["FOLDER", "BlobError", "BlobLimits", "BlobStore", "Thumbnail", "upkeep"]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A camera's newest picture."""

    jpeg: bytes
    sha256: bytes
    taken_us: int


class BlobStore:
    """Any thread may call any method."""

    def __init__(self, folder: Path, clock: Clock, limits: BlobLimits | None = None) -> None:
        self._clock = clock
        self._blobs = BlobFolder(folder, clock, limits)
        self._thumbnails: dict[str, Thumbnail] = {}
        self._lock = threading.Lock()

    @property
    def counts(self) -> BlobCounts:
        return self._blobs.counts

    def put(self, data: bytes) -> bytes:
        """Keep a picture that evidence will name; durable when this returns its SHA-256, so call it before the entry
        is journalled. Raises telemetry.jpeg.PictureError for what is no JPEG of at most 1 MB, BlobError."""
        jpeg.check(data)
        return self._blobs.put(data)

    def get(self, sha256: bytes) -> bytes | None:
        """A picture by its SHA-256, whether evidence or a thumbnail of now; None where it is not there, or damaged.
        Raises BlobError."""
        found = self._blobs.get(sha256)
        if found is not None:
            return found
        with self._lock:
            return next((each.jpeg for each in self._thumbnails.values() if each.sha256 == sha256), None)

    def path(self, sha256: bytes) -> Path:
        """Where a picture that evidence names lies."""
        return self._blobs.path(sha256)

    def set_thumbnail(self, camera: str, data: bytes, taken_us: int | None = None) -> bytes:
        """The newest picture of a camera, instead of the one before; its SHA-256. Now, where no time is given. Raises
        PictureError."""
        jpeg.check(data)
        taken = self._clock.wall_us() if taken_us is None else taken_us
        made = Thumbnail(data, hashlib.sha256(data).digest(), taken)
        with self._lock:
            self._thumbnails.pop(camera, None)
            self._thumbnails[camera] = made
            while len(self._thumbnails) > MOST_THUMBNAILS:
                del self._thumbnails[next(iter(self._thumbnails))]
        return made.sha256

    def thumbnail(self, camera: str) -> Thumbnail | None:
        """None until there is one."""
        with self._lock:
            return self._thumbnails.get(camera)

    def prune(self) -> int:
        """As BlobFolder.prune; nothing while the clock runs free, as in the journal."""
        if not may_judge_age(self._clock):
            log.info("no picture is let go of by age while the clock runs free")
            return 0
        return self._blobs.prune()


async def upkeep(store: BlobStore) -> None:
    """Until cancelled: now and then let go of what is beyond its days."""
    while True:
        await asyncio.sleep(PRUNE_SECONDS)
        try:
            gone = await asyncio.to_thread(store.prune)
            if gone:
                log.info("let go of %d pictures beyond their time", gone)
        except BlobError as error:
            log.error("pruning the pictures failed: %s", error)
