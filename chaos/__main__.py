"""`make chaos ARGS="--wards 8 --minutes 5 --seed N --store victoriametrics --report FILE"`."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from chaos import kernel
from chaos.commands import PATH, CommandError
from chaos.district import EMBEDDED, STORES, VICTORIA, NotThereError
from chaos.run import Options, run, tell
from chaos.ward import faketime

GOOD, FAILED, WRONG_USE = 0, 1, 2
_PROGRAMS = ("ip", "nft", "nsenter", "setpriv", "mosquitto", "mkfs.ext4", "mount", "umount", "xfs_io")
_MOST_WARDS = 100
_LEAST_MINUTES_FOR_SMALL = 3.0  # a small journal takes a minute and a half to overflow
_WARDS_FOR_ONE_SMALL = 4


def lacking(store: str) -> list[str]:
    """Why it cannot run here, in words; nothing where it can."""
    found = [] if sys.platform.startswith("linux") and os.geteuid() == 0 else ["it needs root on Linux"]
    programs = [*_PROGRAMS, *(["victoria-metrics"] if store == VICTORIA else [])]
    found += [f"{name} is not installed" for name in programs if shutil.which(name, path=PATH) is None]
    if faketime() is None:
        found.append("libfaketime is not installed")
    if not Path("/dev/loop-control").exists():
        found.append("there are no loop devices")
    return found


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description="Break everything on a seeded schedule, then judge.")
    parser.add_argument("--wards", type=int, default=8, help="how many (default 8)")
    parser.add_argument("--minutes", type=float, default=5.0, help="how long faults happen (default 5)")
    parser.add_argument("--seed", type=int, default=None, help="of the schedule (default: any; it is always told)")
    parser.add_argument("--store", choices=STORES, default=EMBEDDED, help="the district's (default embedded)")
    parser.add_argument(
        "--small-journals",
        type=int,
        default=None,
        help="wards with a journal that overflows while their line is cut (default: every fourth, from 3 minutes on)",
    )
    parser.add_argument("--report", type=Path, default=None, help="write the report there as JSON")
    parser.add_argument("--keep", type=Path, default=None, help="leave journals, stores and logs in this new folder")
    options = parser.parse_args(arguments)
    if not 1 <= options.wards <= _MOST_WARDS:
        parser.error(f"--wards must be between 1 and {_MOST_WARDS}")
    if not 0.1 <= options.minutes <= 24 * 60:
        parser.error("--minutes must be between 0.1 and 1440")
    long_enough = options.minutes >= _LEAST_MINUTES_FOR_SMALL
    if options.small_journals is None:
        options.small_journals = max(1, options.wards // _WARDS_FOR_ONE_SMALL) if long_enough else 0
    if not 0 <= options.small_journals <= options.wards:
        parser.error("--small-journals must be between 0 and --wards")
    if options.small_journals and not long_enough:
        parser.error(f"--small-journals: they overflow only in runs of {_LEAST_MINUTES_FOR_SMALL:g} minutes and more")
    if options.report is not None and not options.report.parent.is_dir():
        parser.error(f"--report: there is no folder {options.report.parent}")
    if options.keep is not None and options.keep.exists():
        parser.error(f"--keep: {options.keep} is there already")
    return options


def _end(number: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    if reasons := lacking(options.store):
        tell(f"not run: {'; '.join(reasons)}")
        return WRONG_USE
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    tell(f"seed {seed}, {options.store} store, {options.wards} wards, {options.minutes:g} minutes")
    for number in (signal.SIGTERM, signal.SIGINT):  # what a shell starts in the background ignores SIGINT otherwise
        signal.signal(number, _end)
    try:
        kernel.keep_mounts_to_ourselves()
        report = run(Options(options.wards, options.minutes, seed, options.store, options.keep, options.small_journals))
    except (CommandError, NotThereError, OSError) as error:
        tell(f"broken off (seed {seed}): {error}")
        return FAILED
    except KeyboardInterrupt:
        tell(f"ended by hand (seed {seed})")
        return FAILED
    if options.report is not None:
        options.report.write_text(report.as_json() + "\n", encoding="utf-8")
    print(report.as_text())
    return GOOD if report.good else FAILED


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
