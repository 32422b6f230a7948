"""Power loss: a journal under load on an ext4 that is cut off at random moments, then mounted and read again.

`make bench ARGS="power-loss --cuts 20 --json"`. Needs root, loop mounts, mkfs.ext4 and xfs_io. A child process appends
and prints each entry that it was told is durable; xfs_io's `shutdown` stops the file system without writing its log,
so all that was not synced is gone; the child is killed, the image mounted again, and every entry published before the
cut must be there, byte for byte (by its leaf hash). `--weak` runs the control, with SQLite's synchronous = NORMAL: it
must lose.

Published means told before the cut was ordered. Unlike a machine without power, the child lives on for a moment, and
an fsync that was under way in that moment may return success although ext4 has dropped its log (Linux 6.18, about one
cut in ten, seen with nothing but write and fsync: docs/durability.md). Such entries are counted apart, as told late.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from journal.journal import Durable, Journal, JournalSettings
from journal.verify import read_entries, verify
from telemetry.clock import SystemClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Readings, leaf_hash
from telemetry.readings import Reading

_ROOT = Path(__file__).resolve().parent.parent
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_IMAGE_BYTES = 512 * 2**20  # sparse
_FIRST_LINE_SECONDS = 30.0
_EARLIEST_CUT_SECONDS, _LATEST_CUT_SECONDS = 0.0, 0.9

Key = tuple[str, int, str]  # incarnation, position, leaf hash


@dataclass(frozen=True, slots=True)
class Told:
    """What a child printed: before its disk was cut off, and after."""

    before: set[Key]
    late: set[Key]


@dataclass(slots=True)
class Trial:
    """What came of it. `missing` counts published entries that were not there byte-equal after a cut; `told_late`
    and `late_missing` count what the child was told while the disk was already being cut off."""

    seed: int
    weak: bool
    cuts: int = 0
    published: int = 0
    missing: int = 0
    unsound: int = 0  # cuts after which `verify` found a broken invariant
    least_published: int = 0  # in one cut
    told_late: int = 0
    late_missing: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.missing == 0 and self.unsound == 0 and self.least_published > 0


def lacking() -> str | None:
    """Why the trial cannot run here, or None."""
    if os.geteuid() != 0:
        return "cutting a file system off needs root"
    for program in ("mkfs.ext4", "xfs_io", "mount", "umount"):
        if shutil.which(program, path=_PATH) is None:
            return f"{program} is not installed"
    if not Path("/dev/loop-control").exists():
        return "there are no loop devices here"
    return None


def run(folder: Path, cuts: int, seed: int, weak: bool = False) -> Trial:
    """`cuts` cuts of one file system, whose image is made in `folder`. Raises CalledProcessError, OSError."""
    trial = Trial(seed, weak)
    chance = random.Random(seed)
    image, mountpoint = folder / "image", folder / "mounted"
    mountpoint.mkdir()
    with image.open("wb") as file:
        file.truncate(_IMAGE_BYTES)
    _run("mkfs.ext4", "-q", "-F", str(image))
    published: set[Key] = set()  # by all children so far: a cut must not harm what lay there before either
    began = time.monotonic()
    for _ in range(cuts):
        with _mounted(image, mountpoint):
            told = _cut_under_load(mountpoint, chance, weak)
        image = as_left(image)
        published |= told.before
        with _mounted(image, mountpoint):
            there = _keys(mountpoint / "journal.db")
            trial.unsound += not there or not verify(mountpoint / "journal.db").ok
        trial.missing += len(published - there)
        published &= there  # what is missing is counted once
        trial.told_late += len(told.late)
        trial.late_missing += len(told.late - there)
        trial.least_published = min(trial.least_published, len(told.before)) if trial.cuts else len(told.before)
        trial.cuts += 1
        trial.published += len(told.before)
    trial.seconds = round(time.monotonic() - began, 1)
    return trial


def as_left(image: Path) -> Path:
    """The disk as the cut left it, as another file: a mount namespace that was made meanwhile still holds the file
    system that was shut down, and to mount the same file again would give just that."""
    left = image.with_name(f"{image.name}-")
    subprocess.run(["cp", "--sparse=always", str(image), str(left)], check=True)
    image.unlink()
    return left


def _keys(path: Path) -> set[Key]:
    if not path.exists():
        return set()
    return {(name.hex(), position, leaf_hash(entry).hex()) for name, position, entry in read_entries(path)}


def _cut_under_load(mountpoint: Path, chance: random.Random, weak: bool) -> Told:
    """Start a child, cut its disk off at a random moment, and return what it had published."""
    command = [sys.executable, "-m", "bench.power_loss", "--child", str(mountpoint / "journal.db")]
    child = subprocess.Popen([*command, *(["--weak"] if weak else [])], stdout=subprocess.PIPE, cwd=_ROOT)
    lines: list[bytes] = []
    first = threading.Event()

    def listen() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line)
            first.set()

    cutter = subprocess.Popen(  # waits for the word, so that the cut comes within a millisecond of it
        ["xfs_io", "-x", str(mountpoint)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env={"PATH": _PATH}
    )
    cut_at = 0
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        if not first.wait(_FIRST_LINE_SECONDS):
            raise OSError("the child published nothing")
        time.sleep(chance.uniform(_EARLIEST_CUT_SECONDS, _LATEST_CUT_SECONDS))
        cut_at = time.monotonic_ns()
        cutter.communicate(b"shutdown\n", timeout=10)
    finally:
        cutter.kill()
        cutter.wait()
        child.kill()
        child.wait()
        listener.join()
    # A line that the kill cut short was not wholly published.
    told = Told(set(), set())
    for line in lines:
        if line.endswith(b"\n"):
            at, name, position, leaf = line.decode().split()
            (told.before if int(at) < cut_at else told.late).add((name, int(position), leaf))
    return told


def _child(path: Path, weak: bool) -> int:
    """Append until killed; print what is durable, once it is."""

    def publish(durable: Durable) -> None:
        name = f"{time.monotonic_ns()} {durable.incarnation.hex()}"
        out = [f"{name} {durable.first_position + at} {leaf_hash(e).hex()}\n" for at, e in enumerate(durable.entries)]
        sys.stdout.write("".join(out))
        sys.stdout.flush()

    logging.disable()  # that the disk is gone is what we want, and no news
    settings = JournalSettings(commit_interval_seconds=0.05, checkpoint_interval_seconds=0.5)
    journal = Journal.open(path, clock=SystemClock(), agent_version="trial", settings=settings, listener=publish)
    if weak:
        journal._ledger._db.execute("PRAGMA synchronous = NORMAL")
    turn = 0
    while True:
        turn += 1
        for device in range(12):
            readings = [Reading("temperature_celsius", turn + device / 7, f"probe-{n}") for n in range(40)]
            journal.append(Readings(readings), kind="sensor", device=f"sensor-{device}")
        if turn % 20 == 0:
            raised = ConditionState.RAISED if turn % 40 else ConditionState.CLEARED
            journal.append(Condition("sensor-1", "hot", "", raised, Severity.ATTENTION, time.time_ns() // 1000, 60.0))
        time.sleep(0.01)


@contextmanager
def _mounted(image: Path, mountpoint: Path) -> Iterator[None]:
    _run("mount", "-o", "loop", str(image), str(mountpoint))
    try:
        yield
    finally:
        _run("umount", str(mountpoint))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, env={**os.environ, "PATH": _PATH}, stdout=subprocess.DEVNULL)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="power-loss", description=__doc__)
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--weak", action="store_true", help="the control: synchronous = NORMAL, which must lose")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        return _child(options.child, options.weak)
    if reason := lacking():
        print(f"power-loss: not run: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="wardwatch-power-loss-") as folder:
        trial = run(Path(folder), options.cuts, options.seed, options.weak)
    if not options.json:
        print(
            f"{trial.cuts} cuts in {trial.seconds} s (seed {trial.seed}): {trial.published} entries published, "
            f"{trial.missing} missing, {trial.unsound} unsound journals; "
            f"{trial.told_late} told while the disk was being cut off, {trial.late_missing} of them missing"
        )
    else:
        print(json.dumps({"bench": "power-loss", **asdict(trial), "ok": trial.ok}))
    return 0 if trial.ok else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
