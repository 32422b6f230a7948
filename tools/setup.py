"""Set this checkout up: a virtual environment from the lock, our own packages, the built web pages.

Runs on a bare Python 3.11 or later. Does again only what changed; `make` calls it when the lock, the project file
or a page's source is newer than the last set-up.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
WEB = ROOT / "dashboards" / "console" / "web"
STATIC = ROOT / "dashboards" / "console" / "static"
WORDS = ROOT / "dashboards" / "console" / "words"  # the pages word the API's problems with them
UV = "uv==0.13.9"


def say(text: str) -> None:
    print(f"setup: {text}", flush=True)


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a step; where it fails, its output is what the person needs to see."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
    }
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SystemExit(f"setup: {' '.join(str(part) for part in command)} failed; the reason is above")


def digest(*paths: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def fresh(stamp: Path, now: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="ascii") == now


def packages(dev: bool) -> None:
    stamp = VENV / (".packages-dev" if dev else ".packages")
    now = digest(ROOT / "uv.lock", ROOT / "pyproject.toml") + sys.version
    if fresh(stamp, now):
        return
    if not (BIN / "python").exists():
        say("making .venv")
        venv.create(VENV, with_pip=True)
    say("installing the locked packages" + (" and the developers' tools" if dev else ""))
    run(BIN / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV)
    requirements = VENV / "requirements.txt"
    groups = ["--all-groups"] if dev else ["--no-default-groups", "--group", "pages"]
    run(
        *(BIN / "uv", "export", "--frozen", "--no-emit-project", *groups),
        *("--format", "requirements-txt", "--quiet", "--output-file", requirements),
    )
    # Compiled now, not at each start: uv leaves that out, and some machines forbid Python to write byte code later.
    run(BIN / "uv", "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes", "-r", requirements)
    run(BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--editable", ".")
    stamp.write_text(now, encoding="ascii")


def pages() -> None:
    stamp = VENV / ".pages"
    sources = [
        path
        for folder in (WEB, ROOT / "telemetry" / "texts", WORDS)
        for path in folder.rglob("*")
        if path.is_file() and not {"node_modules", "__pycache__"} & set(path.parts)
    ]
    now = digest(*sources)
    if fresh(stamp, now) and (STATIC / "index.html").exists():
        return
    say("building the web pages")
    run("npm", "ci", "--no-audit", "--no-fund", cwd=WEB)
    run("npm", "run", "build", cwd=WEB)
    stamp.write_text(now, encoding="ascii")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - it is run by whatever python3 is there
        raise SystemExit(f"setup: Python 3.11 or later is needed; this is {sys.version.split()[0]}")
    dev = "--dev" in sys.argv[1:]
    packages(dev)
    pages()
    (VENV / ".set-up").touch()
    if dev:
        (VENV / ".set-up-dev").touch()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
