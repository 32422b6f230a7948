"""The house rules that no linter knows: run by `make lint`.

The wire format's generated code fits its source; texts are complete in both languages; no file outgrew a room;
the lock names no download address.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 500


def tracked(*endings: str) -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.splitlines() if name.endswith(endings) and (ROOT / name).is_file()]


def stale_wire_code() -> Iterator[str]:
    from grpc_tools import protoc

    with tempfile.TemporaryDirectory() as folder:
        arguments = ["protoc", f"-I{ROOT}", f"--python_out={folder}", f"--pyi_out={folder}", "telemetry/wire.proto"]
        if protoc.main(arguments) != 0:
            yield "telemetry/wire.proto does not compile"
            return
        for name in ("wire_pb2.py", "wire_pb2.pyi"):
            if (Path(folder) / "telemetry" / name).read_bytes() != (ROOT / "telemetry" / name).read_bytes():
                yield f"telemetry/{name} does not fit wire.proto; run `make wire`"


def keys(tree: object, prefix: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for name, below in tree.items():
            yield from keys(below, f"{prefix}.{name}" if prefix else name)
    else:
        yield prefix


def incomplete_texts() -> Iterator[str]:
    for vi in tracked("/vi.json"):
        en = vi.with_name("en.json")
        if not en.exists():
            yield f"{vi.relative_to(ROOT)} has no English twin"
            continue
        ours, theirs = (set(keys(json.loads(path.read_text(encoding="utf-8")))) for path in (vi, en))
        for key in sorted(ours ^ theirs):
            yield f"{vi.parent.relative_to(ROOT)}: the text {key!r} is in one language only"


def outgrown_files() -> Iterator[str]:
    for path in tracked(".py", ".ts"):
        if path.name == "wire_pb2.py":
            continue
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > MOST_LINES:
            yield f"{path.relative_to(ROOT)} has {lines} lines; find the two rooms in it (at most {MOST_LINES})"


def addresses_in_locks() -> Iterator[str]:
    for path in tracked("uv.lock", "package-lock.json"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r'"(resolved|registry|url)": *"https?:|= "https?:', line):
                yield f"{path.relative_to(ROOT)}:{number}: a download address; `make lock` writes locks without"
                break


def main() -> int:
    checks = (stale_wire_code, incomplete_texts, outgrown_files, addresses_in_locks)
    problems = [problem for check in checks for problem in check()]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"house: {len(checks)} rules, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
