"""A disk of its own for a ward or the district: an ext4 on a loop device that can lose its power, or be full."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from bench.power_loss import as_left
from chaos.commands import PATH, CommandError, run

_UNMOUNT_SECONDS = 10.0
_FILLER = "filler"


class Disk:
    """Made and mounted at `folder/disk`; `close` leaves nothing mounted."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.path = folder / "disk"
        self._image = folder / "image"
        self.path.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(megabytes * 2**20)  # sparse
        # No blocks are kept for root, who runs everything here: a full disk is full. And blocks of a memory page each,
        # as on any larger disk: with the small ones that mkfs takes for such an image, what SQLite maps into memory
        # has holes, and who touches one while the disk is full is ended by SIGBUS, the onlooker as well.
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", str(self._image))
        self.mounted = False
        self.mount()

    def mount(self) -> None:
        """Raises CommandError."""
        run("mount", "-o", "loop", self._image, self.path)
        self.mounted = True

    def cut(self) -> None:
        """Its power is gone: what was not synced is lost. Who used it must be frozen before, and killed after."""
        run("xfs_io", "-x", "-c", "shutdown", self.path)

    def take_out(self) -> None:
        """After a cut, when nobody uses it any more: it stays as the cut left it."""
        self._unmount()
        self._image = as_left(self._image)

    def fill(self) -> None:
        """To the last byte."""
        filler = os.open(self.path / _FILLER, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for size in (2**20, 4096, 1):
                with contextlib.suppress(OSError):  # no space left on the device: that is what we want
                    while True:
                        os.write(filler, b"\xff" * size)
            os.fsync(filler)
        finally:
            os.close(filler)

    def clear(self) -> None:
        (self.path / _FILLER).unlink(missing_ok=True)

    def close(self) -> None:
        if self.mounted:
            with contextlib.suppress(CommandError):
                self._unmount()

    def _unmount(self) -> None:
        end = time.monotonic() + _UNMOUNT_SECONDS
        while True:
            done = subprocess.run(
                ["umount", self.path], check=False, capture_output=True, text=True, env={**os.environ, "PATH": PATH}
            )
            if done.returncode == 0:
                self.mounted = False
                return
            if time.monotonic() > end:
                raise CommandError(f"umount {self.path}: {done.stderr.strip()}")
            time.sleep(0.05)
