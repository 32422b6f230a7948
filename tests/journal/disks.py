"""Small real file systems to fill up and to cut off; where they cannot be had, a skip that says why."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing

_ENVIRONMENT = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


def run(*command: str) -> None:
    subprocess.run(command, check=True, env=_ENVIRONMENT, capture_output=True)


@contextmanager
def tiny_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A tmpfs of that size, mounted in `folder`."""
    if os.geteuid() != 0:
        missing("mounting a small disk needs root")
    disk = folder / "disk"
    disk.mkdir()
    try:
        run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk))
    except (OSError, subprocess.CalledProcessError) as error:
        missing(f"a small disk cannot be mounted here ({error})")
    try:
        yield disk
    finally:
        run("umount", "--lazy", str(disk))


@contextmanager
def ext4_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A loop-mounted ext4, which `run("xfs_io", "-x", "-c", "shutdown", …)` can cut off."""
    if os.geteuid() != 0:
        missing("mounting a disk image needs root")
    disk, image = folder / "disk", folder / "image"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes * 2**20)
    run("mkfs.ext4", "-q", "-F", str(image))
    run("mount", "-o", "loop", str(image), str(disk))
    try:
        yield disk
    finally:
        run("umount", "--lazy", str(disk))


def fill(disk: Path) -> Path:
    """Write a file until nothing more goes in."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return filler
