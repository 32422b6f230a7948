"""`ward-district store export` and `import`: a district from one kind of store to the other, by a file in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from district.config import Configuration
from district.stores import open_store
from store.archive import Archive
from store.embedded import EmbeddedStore
from store.moving import Moved, export, import_
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words


def export_to(path: Path, configuration: Configuration, words: Words) -> Moved:
    """The configured store into the archive at `path`; progress on standard error. Raises StoreError."""
    with _both(path, configuration, make=True) as (archive, store):
        return export(store, archive, SystemClock(), lambda moved: _tell(moved, words))


def import_from(path: Path, configuration: Configuration, words: Words) -> Moved:
    """The archive at `path` into the configured store. Raises StoreError."""
    rounded = configuration.store.kind == "victoriametrics"
    with _both(path, configuration, make=False) as (archive, store):
        return import_(archive, store, SystemClock(), lambda moved: _tell(moved, words), rounded=rounded)


def as_text(moved: Moved, words: Words) -> str:
    """One line: what was done."""
    return words.say(
        "moving.done",
        series=moved.series,
        skipped=moved.skipped,
        samples=moved.samples,
        events=moved.events,
        wards=moved.wards,
    )


def _tell(moved: Moved, words: Words) -> None:
    said = words.say("moving.progress", series=moved.series, series_of=moved.series_of, samples=moved.samples)
    sys.stderr.write(said + "\n")
    sys.stderr.flush()


@contextmanager
def _both(path: Path, configuration: Configuration, *, make: bool) -> Iterator[tuple[Archive, EmbeddedStore]]:
    store = open_store(configuration, SystemClock())
    try:
        archive = Archive(path, make=make)
        try:
            yield archive, store
        finally:
            archive.close()
    finally:
        store.close()
