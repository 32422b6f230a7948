"""A damaged journal that was set aside, and beside it what was saved of it: what they are called, and since when.

Neither a name nor a file's own times tell how old they are: a machine without a battery writes both in 1970. So the
moment is written down in a file of its own, by the first clock that may judge age.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from journal.model import JournalError, JournalFault
from telemetry.clock import Clock, may_judge_age

BESIDE = ("", "-wal", "-shm")  # a database in WAL mode is up to three files
_DAMAGED = ".damaged-"
_SALVAGED = ".salvaged-"
_SINCE = ".since"  # behind the name of what was saved


def damage_note(path: Path) -> Path:
    """A file that says to the next start that the journal is damaged, where opening it would not show that."""
    return path.with_name(path.name + ".is-damaged")


def set_aside(path: Path, clock: Clock) -> None:
    """Rename the journal at `path`, whose lock is held, to a name that no damaged journal ever had. Raises
    JournalError."""
    aside = _unused(path, datetime.fromtimestamp(clock.wall_us() / 1e6, UTC).strftime("%Y%m%dT%H%M%SZ"))
    try:
        for ending in BESIDE:
            file = path.with_name(path.name + ending)
            if file.exists():
                file.rename(aside.with_name(aside.name + ending))
        damage_note(path).unlink(missing_ok=True)
    except OSError as error:
        raise JournalError(JournalFault.NOT_OPENED, path, f"cannot be set aside: {error}") from error


def set_aside_before(path: Path) -> list[Path]:
    """The damaged journals beside the one at `path`, by name."""
    found = path.parent.glob(f"{path.name}{_DAMAGED}*")
    return sorted(file for file in found if not file.name.endswith(BESIDE[1:]))


def label(damaged: Path) -> str:
    """What tells it from the others."""
    return damaged.name.rpartition(_DAMAGED)[2]


def salvaged_of(damaged: Path) -> Path:
    """Where what is saved of it goes."""
    return damaged.with_name(damaged.name.replace(_DAMAGED, _SALVAGED))


def since_us(damaged: Path, clock: Clock) -> int | None:
    """The wall time (µs) at which a clock that may judge age first saw it; None while none did. Raises OSError."""
    if not may_judge_age(clock):
        return None
    note = _note(damaged)
    try:
        return int(note.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # not yet; or cut off, then its time begins anew
        now_us = clock.wall_us()
        note.write_text(str(now_us), encoding="ascii")
        return now_us


def size(damaged: Path) -> int:
    """The bytes of all its files."""
    return sum(file.stat().st_size for file in _files(damaged) if file.exists())


def remove(damaged: Path) -> None:
    """Let go of all its files. Raises OSError."""
    for file in _files(damaged):
        file.unlink(missing_ok=True)


def _unused(path: Path, when: str) -> Path:
    """A clock that begins anew at each start of the machine tells the same second again, and a renamed file takes the
    place of one that is there."""
    for number in count(1):
        aside = path.with_name(f"{path.name}{_DAMAGED}{when}" + (f"_{number:02}" if number > 1 else ""))
        if not any(file.exists() for file in _files(aside)):
            return aside
    raise AssertionError("numbers do not end")


def _files(damaged: Path) -> list[Path]:
    """The damaged one last: while it is there, the others are found."""
    others = [damaged.with_name(damaged.name + ending) for ending in BESIDE[1:]]
    return [salvaged_of(damaged), _note(damaged), *others, damaged]


def _note(damaged: Path) -> Path:
    salvaged = salvaged_of(damaged)
    return salvaged.with_name(salvaged.name + _SINCE)
