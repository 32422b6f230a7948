"""A backup back into a district's folder: checked first, complete or not at all, what was there set aside."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from district.config import Configuration
from district.saving import manifest
from district.saving.copies import pictures, sync_tree
from district.saving.manifest import BackupError, Manifest, check
from store.base import StoreError, StoreFault
from store.embedded.database import FileLock
from telemetry.disk import sync

_ARRIVING = "restoring"
Tell = Callable[[int, int], None]  # pictures so far, of so many


@dataclass(frozen=True, slots=True)
class Restored:
    """`damaged`: pictures that were not what their names say; left out, and asked for again. `aside`: where that went
    which was there before."""

    manifest: Manifest
    pictures: int
    damaged: int
    aside: Path | None


def restore(folder: Path, configuration: Configuration, *, replace: bool, tell: Tell) -> Restored:
    """Put `folder` in the place of the district's data. Raises BackupError: the hub runs, it is no backup of this
    district, a file of it is damaged, there is data and `replace` was not said."""
    saved = manifest.read(folder)
    _fits(saved, configuration)
    data = configuration.district.data_dir
    data.mkdir(parents=True, exist_ok=True)
    try:
        with _alone(configuration.store_path):
            there = [path for path in _ours(configuration) if path.exists()]
            if there and not replace:
                raise BackupError(f"{there[0]} is there", "data_there", folder=data)
            for file in (saved.store, saved.hub):
                check(folder, file)
            arriving = data / _ARRIVING
            shutil.rmtree(arriving, ignore_errors=True)
            held, damaged = _bring(folder, saved, arriving, tell)
            aside = _set_aside(data, there)
            _settle(configuration, saved, arriving)
            return Restored(saved, held, damaged, aside)
    except OSError as error:
        raise BackupError(str(error), "restore_failed", detail=error) from error


def _fits(saved: Manifest, configuration: Configuration) -> None:
    wanted = (configuration.district.id, configuration.store.kind)
    if (saved.district, saved.kind) != wanted:
        detail = f"{saved.district}, {saved.kind}"
        raise BackupError(detail, "another_district", found=detail, wanted=", ".join(wanted))


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[None]:
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(store)
    except StoreError as error:
        key = "hub_runs" if error.fault is StoreFault.IN_USE else "restore_failed"
        raise BackupError(str(error), key, detail=error) from error
    try:
        yield
    finally:
        lock.release()


def _ours(configuration: Configuration) -> list[Path]:
    files = [configuration.store_path, configuration.hub_path]
    logs = [path.with_name(path.name + suffix) for path in files for suffix in ("-wal", "-shm")]
    return [*files, *logs, configuration.pictures_path]


def _bring(folder: Path, saved: Manifest, arriving: Path, tell: Tell) -> tuple[int, int]:
    """Copies on the disk, each compared with what it should be."""
    arriving.mkdir()
    for file in (saved.store, saved.hub):
        shutil.copyfile(folder / file.path, arriving / file.path)
        sync(arriving / file.path)
        check(arriving, file)
    held = damaged = 0
    source = folder / manifest.PICTURES
    for path in pictures(source):
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != path.stem:
            damaged += 1
            continue
        target = arriving / manifest.PICTURES / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        shutil.copystat(path, target)  # its age tells when it may go
        sync(target)
        held += 1
        tell(held, saved.pictures)
    sync_tree(arriving)
    return held, damaged


def _set_aside(data: Path, there: list[Path]) -> Path | None:
    if not there:
        return None
    aside = data / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
    aside.mkdir()
    for path in there:
        if path.exists():
            path.replace(aside / path.name)
    sync_tree(aside)
    sync(data)
    return aside


def _settle(configuration: Configuration, saved: Manifest, arriving: Path) -> None:
    """The store last: a district without it asks the wards for everything, one with half of it would not."""
    if (arriving / manifest.PICTURES).exists():
        (arriving / manifest.PICTURES).replace(configuration.pictures_path)
    (arriving / saved.hub.path).replace(configuration.hub_path)
    sync(configuration.hub_path.parent)
    (arriving / saved.store.path).replace(configuration.store_path)
    sync(configuration.store_path.parent)
    arriving.rmdir()
