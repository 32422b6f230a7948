"""What it takes to be on the disk when the power goes."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """A file's content, or a folder's names, to the disk: a file's name must survive a power cut too, not only its
    content. Raises OSError."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folder; its names are in its log
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
