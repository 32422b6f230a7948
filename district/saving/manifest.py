"""What a backup's folder says of itself: every file with its size and SHA-256, and what the store held.

FOLDER/manifest.json  FOLDER/store.db (or victoria.db)  FOLDER/hub.db  FOLDER/pictures/<ward>/ab/abcdef….jpg
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from district.errors import DistrictError

NAME = "manifest.json"
PICTURES = "pictures"
_PIECE = 1 << 20


class BackupError(DistrictError):
    """It cannot be made or put back; nothing that was there before is changed."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SavedFile(_Model):
    """`path` is relative to the folder."""

    path: str
    bytes: int
    sha256: str


class SavedWard(_Model):
    """What the store's copy says that it took of a ward."""

    id: str
    samples_committed: int
    events_committed: int
    positions_held: int


class Manifest(_Model):
    """A picture's SHA-256 is its name, so those are only counted. `snapshot`: VictoriaMetrics' own part, made after the
    file beside it."""

    format: Literal[1] = 1
    district: str
    made: str  # RFC 3339, UTC: when the copies' view of the databases began
    kind: Literal["embedded", "victoriametrics"]
    store: SavedFile
    hub: SavedFile
    wards: tuple[SavedWard, ...]
    pictures: int
    picture_bytes: int
    snapshot: str = ""


def read(folder: Path) -> Manifest:
    """Raises BackupError where there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupError(f"{folder / NAME}: {error}", "no_backup", folder=folder) from error


def describe(folder: Path, path: str) -> SavedFile:
    """A file of the folder as it is. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with (folder / path).open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return SavedFile(path=path, bytes=size, sha256=digest.hexdigest())


def check(folder: Path, saved: SavedFile) -> None:
    """Raises BackupError where it is not what the manifest says."""
    try:
        found = describe(folder, saved.path)
    except OSError as error:
        raise BackupError(str(error), "backup_damaged", file=folder / saved.path) from error
    if found != saved:
        raise BackupError(f"{found} is not {saved}", "backup_damaged", file=folder / saved.path)
