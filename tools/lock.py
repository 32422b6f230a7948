"""Write uv.lock without download addresses, and export it for pip-style installs.

A lock's worth is its versions and hashes. Where the bytes come from is each site's own business: a city may
only reach a mirror. So the addresses uv writes are replaced by file names, which uv reads just as well, and
`uv export --frozen` turns the lock into hashed requirements for whichever index the machine is set up with.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "uv.lock"


def without_addresses(text: str) -> str:
    """Registry addresses become the relative registry ".", file addresses become the file's name."""
    text = re.sub(r'registry = "https?://[^"]+"', 'registry = "."', text)
    return re.sub(r'\burl = "https?://[^"]*/([^"/]+)"', r'path = "\1"', text)


def main() -> int:
    # uv resolves afresh against the index it knows, preferring the versions that the lock holds.
    subprocess.run([sys.executable, "-m", "uv", "lock", *sys.argv[1:]], cwd=ROOT, check=True)
    LOCK.write_text(without_addresses(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
