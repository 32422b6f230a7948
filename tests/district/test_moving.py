"""`ward-district store export` and `import` on a district's real files, and what they say where it cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from district.cli import app
from district.config import load
from district.stores import open_store
from store.base import Commit, Sample
from telemetry.clock import FakeClock
from telemetry.intervals import IntervalSet
from tests.victoria import VictoriaMetrics

GOOD = """\
[district]
id = "hai-chau"
name = "Quận Hải Châu"
[broker]
url = "mqtt://127.0.0.1:1883"
[[ward]]
id = "w1"
name = "Phường"
"""


def test_a_district_moves_to_victoriametrics_and_back_into_a_new_file(
    peer: Callable[[str], str], tmp_path: Path, free_port: Callable[[], int]
) -> None:
    config, archive = tmp_path / "district.toml", str(tmp_path / "archive")
    config.write_text(GOOD, encoding="utf-8")
    (tmp_path / "data").mkdir()
    store = open_store(load(config), FakeClock())
    samples = [
        Sample("w1", "ups-1", "ups", "load_percent", "", 1_790_000_000_000_000 + n * 1000, n / 7) for n in range(100)
    ]
    store.commit([Commit("w1", b"i" * 16, IntervalSet([(1, 3)]), samples)])
    store.close()

    def run(what: str, archive: str = archive) -> dict[str, int]:
        done = CliRunner().invoke(app, ["store", what, archive, "-c", str(config), "--json"])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    assert run("export")["samples"] == 100
    victoria = VictoriaMetrics(peer("victoria-metrics"), tmp_path / "victoria", free_port())
    section = f'[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\n'
    config.write_text(GOOD.replace("[[ward]]", f"{section}[[ward]]"), encoding="utf-8")
    victoria.start()
    try:
        assert run("import")["series"] == 1
        assert run("import")["skipped"] == 1
        assert run("export", str(tmp_path / "second"))["samples"] == 100
    finally:
        victoria.stop()
    counts = CliRunner().invoke(app, ["counts", "-c", str(config), "--json"])  # needs no VictoriaMetrics
    assert json.loads(counts.stdout)["wards"][0]["positions_held"] == 3
    found = json.loads(CliRunner().invoke(app, ["verify", "-c", str(config), "--json"]).stdout)
    assert [problem[:2] for problem in found["problems"]] == ["H4"]  # this ward has no start entry; the rest is kept
    back = ["store", "import", str(tmp_path / "second"), "-c", str(config)]
    config.write_text(GOOD, encoding="utf-8")
    failed = CliRunner().invoke(app, back)  # the file that stayed behind has nearly the same numbers
    assert failed.exit_code == 1
    assert "Chỉ nhập được vào một kho mới" in failed.output
    (tmp_path / "data" / "store.db").rename(tmp_path / "left-behind.db")
    assert run("import", str(tmp_path / "second"))["samples"] == 100
    failed = CliRunner().invoke(app, ["store", "import", str(tmp_path / "none"), "-c", str(config), "--lang", "en"])
    assert failed.exit_code == 1
    assert "cannot be opened" in failed.output
