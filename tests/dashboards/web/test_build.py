"""What the pages weigh, and their own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards.console.settings import STATIC
from tests.dashboards.web.conftest import WEB


def npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    folder = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        [folder / "npm", "--silent", *arguments],
        cwd=WEB,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("script", ["test", "size"])
def test_the_pages_pass_their_own_checks(script: str) -> None:
    done = npm("run", script)
    assert done.returncode == 0, done.stdout


def test_nothing_that_is_built_names_another_host() -> None:
    # The names of XML's and SVG's own languages are not asked of anyone.
    scripts = [*STATIC.glob("assets/*.js"), *STATIC.glob("*.html"), *STATIC.glob("assets/*.css")]
    assert len(scripts) > 4
    for path in scripts:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http://" not in text and "https://" not in text, path.name


def test_each_text_file_of_the_build_lies_packed_beside_it() -> None:
    built = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html"}]
    assert built
    missing = [path.name for path in built for kind in (".br", ".gz") if not path.with_name(path.name + kind).exists()]
    assert missing == []
