"""Out of a damaged journal, what can still be read and trusted, entry by entry, into a sound file.

An entry is taken that decodes, calls itself what its row's id and time say, and is not refuted: where all entries
that a checkpoint covers were found and their tree hash is not its root, one of them was altered, nobody can say which,
and none of them is taken. What is not taken is missing at the district, asked for, and then named there as lost.
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
    """What came of it. `refuted`: entries that a checkpoint proves to have been altered, or their neighbours."""

    pages: int = 0
    entries: int = 0
    refuted: int = 0
    incarnations: int = 0


def salvage(damaged: Path, to: Path, pause: Callable[[], None] = lambda: None) -> Found:
    """Read `damaged` (and its log beside it) and make the file `to`. `pause` is called now and then, and may raise to
    break it off. Raises JournalError where the disk refuses."""
    found = Found()
    try:
        pages = Pages(damaged)
        target = SalvagedFile(to)
        try:
            waiting: list[tuple[bytes, int, bytes]] = []
            for entry, data in _entries(pages, found, pause):
                waiting.append((entry.incarnation, entry.position, data))
                if len(waiting) >= ENTRIES_AT_ONCE:
                    target.put(waiting)
                    waiting = []
            target.put(waiting)
            for number, _ in target.incarnations():
                _refute(target, number, found, pause)
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
        *(found.entries, found.incarnations, found.refuted),
    )
    return found


def _entries(pages: Pages, found: Found, pause: Callable[[], None]) -> Iterator[tuple[Entry, bytes]]:
    for number in range(1, len(pages) + 1):
        if number % PAGES_AT_ONCE == 0:
            pause()
        found.pages += 1
        for row in pages.rows(number):
            entry = _entry(row)
            if entry is not None:
                yield entry, row.blob


def _entry(row: Row) -> Entry | None:
    try:
        entry = decode(row.blob)
    except EntryError:
        return None
    same = entry.position == place(row.id)[1] and entry.wall_time_us == row.number and row.id > 0
    return entry if same else None


def _refute(target: SalvagedFile, number: int, found: Found, pause: Callable[[], None]) -> None:
    """Hold what was found of one incarnation against its checkpoints."""
    tree: Tree | None = Tree()
    first = expected = 1
    wrong: list[tuple[int, int]] = []
    for at, (position, data) in enumerate(target.entries(number)):
        if at % ENTRIES_AT_ONCE == 0:
            pause()
        found.entries += 1
        if position != expected:
            tree = None
        payload = decode(data).payload
        if isinstance(payload, Checkpoint):
            whole = tree is not None and (payload.first_position, payload.last_position) == (first, position - 1)
            if whole and tree is not None and tree.root() != payload.root:
                wrong.append((first, position - 1))
            tree, first = Tree(), position
        if tree is not None:
            tree.add(leaf_hash(data))
        expected = position + 1
    for span in wrong:
        target.drop(number, *span)
        found.refuted += span[1] - span[0] + 1
        found.entries -= span[1] - span[0] + 1
