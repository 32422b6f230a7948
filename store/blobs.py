"""Pictures in a folder, each named by the SHA-256 of its bytes, so that nobody can put another in its place unseen.

    <folder>/ab/abcdef….jpg

A file is written beside its place, synced and renamed: after a power cut it is there whole or not at all. What a disk
changed later is noticed when it is read, counted, and taken away, so that it can be asked for again.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from telemetry.clock import Clock
from telemetry.disk import sync

HASH_BYTES = 32
_SUFFIX = ".jpg"
_BESIDE = ".new"
_DAY_SECONDS = 86_400
_ROOM = 0.9  # what is left when room was made, so that it is not made for each picture

log = logging.getLogger(__name__)


class BlobError(OSError):
    """The disk does not take or give it; nothing was changed."""


@dataclass(frozen=True, slots=True)
class BlobLimits:
    """How much is kept, and for how long."""

    max_bytes: int = 2_000_000_000
    days: float = 400.0


@dataclass(slots=True)
class BlobCounts:
    """Since the start, but for `bytes_held`."""

    bytes_held: int = 0
    written: int = 0
    damaged: int = 0  # found other than they were written, and taken away
    given_up: int = 0  # for room, oldest first, before their days were over


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    written: float  # seconds since 1970 UTC, by the injected clock
    size: int


class BlobFolder:
    """Any thread may call any method."""

    def __init__(self, folder: Path, clock: Clock, limits: BlobLimits | None = None) -> None:
        """What a crash left half written is cleared away. A folder that is not to be had is told in the log, and tried
        again with each `put`: a disk in trouble is no reason for a program not to start."""
        self.counts = BlobCounts()
        self._folder, self._clock, self._limits = folder, clock, limits or BlobLimits()
        self._lock = threading.Lock()
        try:
            for left in folder.glob(f"*/*{_BESIDE}"):
                left.unlink(missing_ok=True)
            self.counts.bytes_held = sum(file.size for file in self._files())
        except OSError as error:
            log.error("%s: %s", folder, error)

    def put(self, data: bytes) -> bytes:
        """Durable when this returns its SHA-256. What is there already is not written again. Raises BlobError."""
        sha256 = hashlib.sha256(data).digest()
        path = self.path(sha256)
        with self._lock, _ours(path):
            if path.exists():
                return sha256
            self._write(path, data)
            self.counts.written += 1
            self.counts.bytes_held += len(data)
            if self.counts.bytes_held > self._limits.max_bytes:
                self._make_room()
        return sha256

    def get(self, sha256: bytes) -> bytes | None:
        """The bytes; None where there is no such picture, or not any more as it was written. Raises BlobError."""
        path = self.path(sha256)
        with _ours(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
            if hashlib.sha256(data).digest() == sha256:
                return data
            with self._lock:
                self.counts.damaged += 1
                self._remove(_File(path, 0.0, len(data)))
        log.error("%s is not what was written there: taken away", path)
        return None

    def has(self, sha256: bytes) -> bool:
        """Whether there is a file of it; `get` tells whether it is good."""
        return self.path(sha256).exists()

    def path(self, sha256: bytes) -> Path:
        """Where it is or would be. Raises ValueError for what is no SHA-256."""
        if len(sha256) != HASH_BYTES:
            raise ValueError(f"a SHA-256 of {len(sha256)} bytes")
        name = sha256.hex()
        return self._folder / name[:2] / f"{name}{_SUFFIX}"

    def prune(self) -> int:
        """Let go of what is older than it need be; how many. Call it now and then, but not while the clock is in doubt:
        one that is years ahead makes all of them old. Raises BlobError."""
        before = self._clock.wall_us() / 1e6 - self._limits.days * _DAY_SECONDS
        with self._lock, _ours(self._folder):
            old = [file for file in self._files() if file.written < before]
            for file in old:
                self._remove(file)
        return len(old)

    def _write(self, path: Path, data: bytes) -> None:
        fresh = not path.parent.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(_BESIDE)
        now = self._clock.wall_us() / 1e6
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.utime(beside, (now, now))
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
        sync(path.parent)
        if fresh:
            sync(self._folder)

    def _make_room(self) -> None:
        wanted = self._limits.max_bytes * _ROOM
        for file in sorted(self._files(), key=lambda each: each.written):
            if self.counts.bytes_held <= wanted:
                return
            self._remove(file)
            self.counts.given_up += 1

    def _remove(self, file: _File) -> None:
        file.path.unlink(missing_ok=True)
        self.counts.bytes_held = max(0, self.counts.bytes_held - file.size)

    def _files(self) -> Iterator[_File]:
        for path in self._folder.glob(f"*/*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                yield _File(path, found.st_mtime, found.st_size)


@contextlib.contextmanager
def _ours(path: Path) -> Iterator[None]:
    try:
        yield
    except BlobError:
        raise
    except OSError as error:
        raise BlobError(f"{path}: {error}") from error
