"""A district is backed up while it runs, and what was put back and what the wards still have is all there was."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from district.cli import app
from district.config import Configuration, load
from district.database import open_database
from district.saving import copies
from district.saving.copies import Frozen
from district.stores import open_store
from simulator.net import ports
from store.base import SeriesKey
from store.embedded import EmbeddedStore
from store.embedded.verify import verify
from telemetry.clock import FakeClock, SystemClock
from tests.district.fakes import ScriptedWard, journaled, many_polls
from tests.district.processes import HubProcess, WardOnTheLine, hub_and_broker, wait_until
from tests.store.samples import charges, commit, event
from tests.victoria import VictoriaMetrics

EVER = (-(1 << 63), (1 << 63) - 1)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


# ---- with real processes ---------------------------------------------------------------------------------------------


@pytest.fixture
def hub(peer: Callable[[str], str], free_port: Callable[[], int], tmp_path: Path) -> Iterator[tuple[HubProcess, int]]:
    with hub_and_broker(peer("mosquitto"), tmp_path, free_port) as made:
        yield made


def stored(path: Path, keys: dict[SeriesKey, dict[int, float]]) -> dict[SeriesKey, dict[int, float]]:
    store = EmbeddedStore.open(path, clock=SystemClock())
    found = {}
    for key in keys:
        series = store.history(key, *EVER)
        found[key] = dict(zip(series.times_us, series.values, strict=True))
    store.close()
    return found


def held(store: Path) -> int:
    """Positions, read beside the hub: it confirms them to the ward only every quarter of a minute."""
    raw = sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)
    (count,) = raw.execute("SELECT coalesce(sum(last - first + 1), 0) FROM positions").fetchone()
    raw.close()
    return int(count)


def test_a_backup_under_load_and_what_the_wards_still_have_are_all_there_was(
    hub: tuple[HubProcess, int], tmp_path: Path, seed: int
) -> None:
    running, port = hub
    chance, saved, data = random.Random(seed), tmp_path / "saved", tmp_path / "data"
    ward = ScriptedWard(wall_us=time.time_ns() // 1000 - 3_600_000_000).started()
    running.start()
    line = WardOnTheLine(ward, port, chance, bad_line=False)
    made: list[Result] = []

    def tell(turns: int) -> None:
        for _ in range(turns):
            first = len(ward.entries) + 1
            many_polls(ward, chance.randrange(1, 30), chance)
            line.tell(first)
            time.sleep(0.02)

    try:
        line.tell_status()
        tell(20)
        working = threading.Thread(target=lambda: made.append(running.invoke("backup", str(saved), "--json")))
        working.start()
        while working.is_alive():
            tell(1)
        working.join()
        assert made[0].exit_code == 0, made[0].stderr
        tell(20)
        wait_until(lambda: held(data / "store.db") == len(ward.entries), 60, "all is held")
        refused = running.invoke("restore", str(saved), "--lang", "en")
        assert (refused.exit_code, refused.stderr.strip()) == (
            1,
            "The district's hub is running. End it, then restore.",
        )
        running.end(signal.SIGKILL)
        shutil.rmtree(data)

        done = running.invoke("restore", str(saved))
        assert done.exit_code == 0, done.stderr
        checked = running.invoke("verify")
        assert checked.exit_code == 0, checked.stdout
        then = json.loads(made[0].stdout)["wards"][0]
        assert running.counts()["readings_committed"] == then["samples_committed"]
        assert 0 < then["positions_held"] < len(ward.entries), "taken in the middle"
        running.start()
        line.tell_status()
        assert running.get("/api/wards/hai-chau-1")["ward"]["name"]  # the users are those of the backup
        wait_until(lambda: held(data / "store.db") == len(ward.entries), 60, "caught up")
    finally:
        line.close()
    assert running.end(signal.SIGTERM) == 0
    assert stored(data / "store.db", journaled(ward)) == journaled(ward)
    assert running.counts()["duplicate_positions"] == 0
    assert running.invoke("verify").exit_code == 0


# ---- the commands ----------------------------------------------------------------------------------------------------

PICTURE = b"\xff\xd8 a picture"


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """Of a district with entries of a ward and a picture."""
    file = tmp_path / "district.toml"
    file.write_text(
        '[district]\nid = "hai-chau"\nname = "Hải Châu"\n[broker]\nurl = "mqtt://127.0.0.1:1"\n'
        '[[ward]]\nid = "hai-chau-1"\nname = "Hải Châu 1"\n'
    )
    made = load(file)
    open_database(made.hub_path).dispose()
    store = open_store(made, FakeClock())
    store.commit([commit(*charges((0, 1), (1, 2)), positions=[(1, 3)], events=[event(2, 0)])])
    store.close()
    put_picture(made, PICTURE)
    return made


def put_picture(configuration: Configuration, data: bytes) -> Path:
    name = hashlib.sha256(data).hexdigest()
    path = configuration.pictures_path / "hai-chau-1" / name[:2] / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def invoke(configuration: Configuration, *arguments: str | Path) -> Result:
    file = configuration.district.data_dir.parent / "district.toml"
    return CliRunner().invoke(app, [*map(str, arguments), "-c", str(file), "--lang", "en"], catch_exceptions=False)


def wipe(configuration: Configuration) -> None:
    shutil.rmtree(configuration.district.data_dir)


def test_a_backup_says_what_is_in_it_and_can_be_put_back(configuration: Configuration, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    made = invoke(configuration, "backup", saved)
    assert made.exit_code == 0, made.stderr
    assert made.stdout.startswith("Backed up 1 wards: 2 readings, 1 entries, 1 pictures")
    said = json.loads((saved / "manifest.json").read_text())
    assert said["store"]["sha256"] == hashlib.sha256((saved / "store.db").read_bytes()).hexdigest()
    assert said["wards"] == [{"id": "hai-chau-1", "samples_committed": 2, "events_committed": 1, "positions_held": 3}]
    assert not (tmp_path / "saved.new").exists()
    wipe(configuration)
    done = invoke(configuration, "restore", saved)
    assert done.exit_code == 0, done.stderr
    (picture,) = configuration.pictures_path.glob("*/*/*.jpg")
    assert picture.read_bytes() == PICTURE
    assert sorted(path.name for path in configuration.district.data_dir.iterdir() if path.suffix != ".lock") == [
        "hub.db",
        "pictures",
        "store.db",
    ]
    assert verify(configuration.store_path).samples == 2


def test_data_that_is_there_is_only_set_aside_when_that_is_said(configuration: Configuration, tmp_path: Path) -> None:
    saved, data = tmp_path / "saved", configuration.district.data_dir
    invoke(configuration, "backup", saved)
    store = open_store(configuration, FakeClock())
    store.commit([commit(*charges((2, 3)), positions=[(4, 4)])])
    store.close()
    before = configuration.store_path.read_bytes()
    refused = invoke(configuration, "restore", saved)
    assert (refused.exit_code, "--replace" in refused.stderr) == (1, True)
    assert configuration.store_path.read_bytes() == before
    done = invoke(configuration, "restore", saved, "--replace", "--json")
    assert done.exit_code == 0, done.stderr
    aside = Path(json.loads(done.stdout)["aside"])
    assert aside.parent == data
    assert (aside / "store.db").read_bytes() == before
    assert verify(configuration.store_path).samples == 2


@pytest.mark.parametrize("file", ["store.db", "hub.db", "manifest.json"])
def test_a_damaged_backup_is_refused_and_nothing_touched(
    configuration: Configuration, tmp_path: Path, file: str
) -> None:
    saved = tmp_path / "saved"
    invoke(configuration, "backup", saved)
    content = bytearray((saved / file).read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    (saved / file).write_bytes(content)
    before = configuration.store_path.read_bytes()
    assert invoke(configuration, "restore", saved, "--replace").exit_code == 1
    assert configuration.store_path.read_bytes() == before
    wipe(configuration)
    assert invoke(configuration, "restore", saved).exit_code == 1
    assert not configuration.store_path.exists()


def test_a_damaged_picture_is_left_out_and_said(configuration: Configuration, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    other = put_picture(configuration, b"another")
    invoke(configuration, "backup", saved)
    (copy,) = saved.glob(f"pictures/*/*/{other.name}")
    copy.unlink()
    copy.write_bytes(b"an other")
    wipe(configuration)
    done = invoke(configuration, "restore", saved)
    assert "1 pictures of the backup are damaged" in done.stdout
    assert not other.exists()


def test_a_picture_on_another_disk_is_copied(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(copies.os, "link", no_link)
    assert invoke(configuration, "backup", tmp_path / "saved").exit_code == 0
    (copy,) = (tmp_path / "saved").glob("pictures/*/*/*.jpg")
    assert copy.read_bytes() == PICTURE
    assert copy.stat().st_nlink == 1


def test_a_backup_that_fails_leaves_no_folder(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "sync", full)
    failed = invoke(configuration, "backup", tmp_path / "saved")
    assert (failed.exit_code, "No space left" in failed.stderr) == (1, True)
    assert not list(tmp_path.glob("saved*"))


def test_a_folder_with_something_in_it_and_anothers_backup_are_refused(
    configuration: Configuration, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    assert invoke(configuration, "backup", saved).exit_code == 0
    assert invoke(configuration, "backup", saved).exit_code == 1
    manifest = json.loads((saved / "manifest.json").read_text())
    (saved / "manifest.json").write_text(json.dumps({**manifest, "district": "son-tra"}))
    wipe(configuration)
    refused = invoke(configuration, "restore", saved)
    assert (refused.exit_code, "another district" in refused.stderr) == (1, True)


def test_a_copy_is_one_moment_of_a_store_that_goes_on(tmp_path: Path) -> None:
    store = EmbeddedStore.open(tmp_path / "store.db", clock=FakeClock())
    position = 0

    def go_on() -> None:
        nonlocal position
        position += 1
        seconds = ((position + n / 50, n) for n in range(50))
        store.commit([commit(*charges(*seconds), positions=[(position, position)], events=[event(position, position)])])

    for _ in range(200):
        go_on()
    frozen = Frozen(tmp_path / "store.db")
    go_on()
    steps = []

    def copied(pages: int, _of: int) -> None:
        steps.append(pages)
        go_on()

    frozen.copy(tmp_path / "copy.db", copied)
    frozen.close()
    store.close()
    assert steps == sorted(steps)
    report = verify(tmp_path / "copy.db")
    assert report.ok, report.as_dict()
    assert report.samples == 200 * 50


def test_the_part_in_victoriametrics_is_a_snapshot_made_after_the_file(
    configuration: Configuration, tmp_path: Path, peer: Callable[[str], str]
) -> None:
    file = tmp_path / "district.toml"
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        victoria = VictoriaMetrics(peer("victoria-metrics"), Path(folder), ports.free_port())
        text = f'{file.read_text()}[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\n'
        file.write_text(text)
        there = load(file)
        victoria.start()
        store = open_store(there, SystemClock())
        store.commit([commit(*charges((0, 1)), positions=[(1, 1)])])
        saved = tmp_path / "saved"
        made = invoke(there, "backup", saved)
        store.close()
        assert made.exit_code == 0, made.stderr
        name = json.loads((saved / "manifest.json").read_text())["snapshot"]
        assert list(Path(folder).glob(f"**/snapshots/{name}"))
        assert f"-snapshotName={name}" in made.stdout
        victoria.stop()
        assert invoke(there, "backup", tmp_path / "again").exit_code == 1
        assert not (tmp_path / "again").exists()
    wipe(there)
    done = invoke(there, "restore", saved)
    assert (done.exit_code, "vmrestore" in done.stdout) == (0, True)
    raw = sqlite3.connect(there.store_path)
    assert raw.execute("SELECT samples_committed FROM wards").fetchall() == [(1,)]
    raw.close()
