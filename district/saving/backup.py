"""A district's backup beside its running hub.

In this order, and why: the store first, the hub's tables at the same moment or after it, then VictoriaMetrics, pictures
last. What the hub's tables name as lost was not in the store before either; a sample leaves the file beside
VictoriaMetrics only when it is safe there, so a later snapshot has it; a picture comes after the evidence that names
it, so those that the store's copy names are still there. What came between two copies the wards are asked for again.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from district.config import Configuration
from district.saving import manifest
from district.saving.copies import Frozen, link_or_copy, pictures, sync_tree
from district.saving.manifest import BackupError, Manifest, SavedWard, describe
from store.base import StoreError
from telemetry.clock import Clock
from telemetry.disk import sync
from telemetry.sqlite_files import connect_for_reading


@dataclass(slots=True)
class Progress:
    """How far it is; pages of both databases."""

    pages: int = 0
    pages_of: int = 0
    pictures: int = 0


Tell = Callable[[Progress], None]


def backup(folder: Path, configuration: Configuration, clock: Clock, tell: Tell) -> Manifest:
    """Make `folder`, which must not be there yet (or be empty). It appears under its name when all of it is on the
    disk; what a crash left of an earlier try is cleared away. Raises BackupError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is there", "backup_there", folder=folder)
    beside = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        made = _fill(beside, configuration, clock, tell)
        sync_tree(beside)
        beside.replace(folder)
        sync(folder.parent)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise BackupError(str(error), "backup_failed", detail=error) from error
    return made


def _fill(folder: Path, configuration: Configuration, clock: Clock, tell: Tell) -> Manifest:
    progress = Progress()
    store_name = configuration.store_path.name
    moment = datetime.fromtimestamp(clock.wall_us() / 1e6, UTC)
    with (
        contextlib.closing(Frozen(configuration.store_path)) as store,
        contextlib.closing(Frozen(configuration.hub_path)) as hub,
    ):
        for frozen, name in ((store, store_name), (hub, "hub.db")):
            done = progress.pages

            def copied(pages: int, of: int, done: int = done) -> None:
                progress.pages, progress.pages_of = done + pages, max(progress.pages_of, done + of)
                tell(progress)

            frozen.copy(folder / name, copied)
    snapshot = _snapshot(configuration)
    held, size = 0, 0
    for path in pictures(configuration.pictures_path):
        taken = link_or_copy(path, folder / manifest.PICTURES / path.relative_to(configuration.pictures_path))
        if taken >= 0:
            held, size = held + 1, size + taken
            progress.pictures = held
            tell(progress)
    made = Manifest(
        district=configuration.district.id,
        made=moment.isoformat(timespec="seconds"),
        kind=configuration.store.kind,
        store=describe(folder, store_name),
        hub=describe(folder, "hub.db"),
        wards=_wards(folder / store_name),
        pictures=held,
        picture_bytes=size,
        snapshot=snapshot,
    )
    file = folder / manifest.NAME
    file.write_text(made.model_dump_json(indent=2) + "\n", encoding="utf-8")
    sync(file)
    return made


def _snapshot(configuration: Configuration) -> str:
    """VictoriaMetrics' own, by its name; nothing where it is not used."""
    if configuration.store.kind != "victoriametrics":
        return ""
    from district.stores import victoria_settings
    from store.victoria.client import VictoriaClient

    client = VictoriaClient(victoria_settings(configuration))
    try:
        return client.snapshot()
    except StoreError as error:
        raise BackupError(str(error), "backup_without_victoria", detail=error) from error
    finally:
        client.close()


def _wards(store: Path) -> tuple[SavedWard, ...]:
    with contextlib.closing(connect_for_reading(store, unchanging=True)) as copy:
        rows = copy.execute(
            "SELECT w.name, w.samples_committed, w.events_committed, coalesce(("
            " SELECT sum(p.last - p.first + 1) FROM positions AS p JOIN incarnations AS i ON i.id = p.incarnation"
            " WHERE i.ward = w.id), 0) FROM wards AS w ORDER BY w.id"
        )
        return tuple(
            SavedWard(id=id, samples_committed=samples, events_committed=events, positions_held=positions)
            for id, samples, events, positions in rows
        )
