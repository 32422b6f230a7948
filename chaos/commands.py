"""Short commands that are run to their end, and what is put before a command to run it where it belongs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin"
_LONGEST_SECONDS = 60.0


class CommandError(Exception):
    """A command failed; what it said."""


def run(*command: str | Path) -> str:
    """What it printed. Raises CommandError."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            timeout=_LONGEST_SECONDS,
            env={**os.environ, "PATH": PATH},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(f"{' '.join(words)}: {error}") from error
    if done.returncode != 0:
        raise CommandError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def inside(
    namespace: Path, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> tuple[str | Path, ...]:
    """The command as a program of that network namespace, that dies with us. Each word before it execs the next, so
    the process's id is the program's. Not `ip netns exec`: that makes a mount namespace, which holds on to disks."""
    settings = [f"{name}={value}" for name, value in {"PATH": PATH, **(environment or {})}.items()]
    return "setpriv", "--pdeathsig", "KILL", "nsenter", f"--net={namespace}", "env", *settings, *command
