"""Out of a damaged journal, what can still be read and trusted, entry by entry, into a sound file.

SQLite's pages have no checksums, so an entry must be shown to be what was written. Where all entries that a checkpoint
covers were found, their tree hash proves all of them, or shows that one was altered; nobody can say which, so none is
taken. Where some are gone, or no checkpoint came any more, an entry is taken that lies on one page, of which everything
reads as what it should be (it decodes, and calls itself what its row's id and time say), or on pages for which the log
has checksums. What is not taken is missing at the district, asked for, and
then named there as lost.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from journal.database import place
from journal.merkle import Tree
from journal.model import JournalError, JournalFault
from journal.pages import Pages, Row
from journal.salvaged import SalvagedFile
from telemetry.entry import Checkpoint, Entry, EntryError, decode, leaf_hash

PAGES_AT_ONCE = 50  # then others have their turn
ENTRIES_AT_ONCE = 2_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Found:
    """What came of it. `refused`: entries that read well, and are not proven."""

    pages: int = 0
    entries: int = 0
    refused: int = 0
    incarnations: int = 0


def salvage(damaged: Path, to: Path, pause: Callable[[], None] = lambda: None) -> Found:
    """Read `damaged` (and its log beside it) and make the file `to`. `pause` is called now and then, and may raise to
    break it off. Raises JournalError where the disk refuses."""
    found = Found()
    try:
        pages = Pages(damaged)
        target = SalvagedFile(to)
        try:
            waiting: list[tuple[bytes, int, bytes, bool]] = []
            for entry, data, sure in _entries(pages, found, pause):
                waiting.append((entry.incarnation, entry.position, data, sure))
                if len(waiting) >= ENTRIES_AT_ONCE:
                    target.put(waiting)
                    waiting = []
            target.put(waiting)
            for number, _ in target.incarnations():
                found.refused += _prove(target, number, pause)
            found.entries = target.count()
            found.incarnations = len(target.incarnations())
            target.close(done=True)
        except BaseException:
            target.close(done=False)
            raise
        finally:
            pages.close()
    except (OSError, sqlite3.Error) as error:
        raise JournalError(JournalFault.UNREADABLE, damaged, f"cannot be salvaged: {error}") from error
    log.warning(
        "%s: %d entries of %d starts were saved, %d refuted",
        damaged,
        *(found.entries, found.incarnations, found.refused),
    )
    return found


def _entries(pages: Pages, found: Found, pause: Callable[[], None]) -> Iterator[tuple[Entry, bytes, bool]]:
    for number in range(1, len(pages) + 1):
        if number % PAGES_AT_ONCE == 0:
            pause()
        found.pages += 1
        rows = list(pages.rows(number))
        entries = [_entry(row) for row in rows]
        whole = all(
            entry is not None or (row is not None and row.spilled) for row, entry in zip(rows, entries, strict=True)
        )
        for row, entry in zip(rows, entries, strict=True):
            if row is not None and entry is not None:
                yield entry, row.blob, whole and not row.spilled


def _entry(row: Row | None) -> Entry | None:
    if row is None:
        return None
    try:
        entry = decode(row.blob)
    except EntryError:
        return None
    same = entry.position == place(row.id)[1] and entry.wall_time_us == row.number and row.id > 0
    return entry if same else None


def _prove(target: SalvagedFile, number: int, pause: Callable[[], None]) -> int:
    """Hold what was found of one incarnation against its checkpoints; how many entries went because of it."""
    tree: Tree | None = Tree()
    first = expected = 1
    doubtful: list[tuple[int, int, bool]] = []  # first, last, whether some are gone
    for at, (position, data) in enumerate(target.entries(number)):
        if at % ENTRIES_AT_ONCE == 0:
            pause()
        if position != expected:
            tree = None
        payload = decode(data).payload
        if isinstance(payload, Checkpoint):
            covered = (payload.first_position, payload.last_position) == (first, position - 1)
            if tree is None or not covered:
                doubtful.append((first, position - 1, True))
            elif tree.root() != payload.root:
                doubtful.append((first, position - 1, False))
            tree, first = Tree(), position
        if tree is not None:
            tree.add(leaf_hash(data))
        expected = position + 1
    doubtful.append((first, expected, True))  # no checkpoint came any more
    return sum(target.drop(number, start, end, but_sure=gone) for start, end, gone in doubtful if end >= start)
