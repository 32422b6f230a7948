"""A district that lost everything is made again from its ward's journal: how soon, and whether it is the same.

Real processes: mosquitto, the hub, and a ward (journal, uplink, pictures) that is started several times, once after a
SIGKILL. Then the hub ends, its whole data_dir (with `--store victoriametrics` that one's disk, too) is removed, and
the hub starts on nothing. Before and after are compared value by value with each other and with the journal: series,
events, positions, evidence and pictures.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from district.config import load
from district.projection import Reachability, reachability_of
from district.stores import open_store
from journal.model import JournalError
from journal.verify import read_entries
from simulator.net.ports import free_port
from store.base import Event, SeriesKey
from store.victoria.kept import kept_time, kept_value
from telemetry.clock import SystemClock
from telemetry.entry import Readings, decode
from tests.district.processes import HubProcess, listens, mosquitto, process, wait_until
from tests.end_to_end.proving_ward import CAMERA, WARD
from tests.victoria import VictoriaMetrics

SECONDS = 120.0
EVER = (-(1 << 63), (1 << 63) - 1)
INCARNATIONS = 3
_PROOFS = 4  # of each incarnation, each with a picture
Values = dict[int, float]
_MOST_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class Everything:
    """What a district has of the ward."""

    series: dict[SeriesKey, Values]
    events: list[Event]
    positions: dict[bytes, list[tuple[int, int]]]
    evidence: Any
    pictures: dict[str, str]  # name and SHA-256

    @property
    def samples(self) -> int:
        return sum(map(len, self.series.values()))

    @property
    def told(self) -> list[Event]:
        """The events; of the readings among them, which are there for the reachability that they tell, those that
        change it. Which are kept beside these depends on the order of arrival (district.reachability)."""
        said: dict[tuple[bytes, str], Reachability] = {}
        found = []
        for event in self.events:
            payload = decode(event.entry).payload
            if isinstance(payload, Readings):
                device = (event.incarnation, event.device)
                before, now = said.get(device), reachability_of(payload, Reachability(), event.wall_time_us)
                said[device] = now
                if before is not None and now.says_the_same(before):
                    continue
            found.append(event)
        return found


class Ward:
    """tests.end_to_end.proving_ward, started and killed."""

    def __init__(self, folder: Path, broker: str, hub: str) -> None:
        folder.mkdir()
        self.journal = folder / "journal.db"
        self._log = folder / "log"
        self._command = [sys.executable, "-m", "tests.end_to_end.proving_ward", "--folder", str(folder)]
        self._command += ["--broker", broker, "--hub", hub]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def write(self, *lines: str) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()

    def entries(self) -> int:
        """Durable ones."""
        try:
            return sum(1 for _ in read_entries(self.journal))
        except JournalError:  # it is being made
            return 0

    def end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        if kill:
            self._process.kill()
        elif self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)
        self._process = None


@dataclass(slots=True)
class Stage:
    """All processes."""

    folder: Path
    hub: HubProcess
    ward: Ward
    victoria: VictoriaMetrics | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def store(self) -> Path:
        return self.data / ("victoria.db" if self.victoria else "store.db")

    def held(self) -> int:
        """Positions, read beside the hub."""
        with contextlib.closing(sqlite3.connect(f"{self.store.as_uri()}?mode=ro", uri=True)) as raw:
            (count,) = raw.execute("SELECT coalesce(sum(last - first + 1), 0) FROM positions").fetchone()
            return int(count)

    def pictures(self) -> dict[str, str]:
        found = (self.data / "pictures").rglob("*.jpg")
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}

    def whole(self, pictures: int) -> bool:
        return self.held() == self.ward.entries() and len(self.pictures()) == pictures

    def evidence(self) -> Any:
        """As the console tells it."""
        found = self.hub.get(f"/api/wards/{WARD}/devices/{CAMERA}/evidence")
        found.pop("now_ms")
        return found

    def _proofs_held(self) -> int:
        return sum(1 for each in self.evidence()["proofs"] if each["picture"]["held"])

    def everything(self, pictures: int) -> Everything:
        """The hub runs; afterwards it has ended."""
        wait_until(lambda: self._proofs_held() == pictures, SECONDS, "the hub tells of what is in its files")
        evidence = self.evidence()
        if self.hub.end(signal.SIGTERM):
            raise SystemExit("bench rebuild: the hub failed")
        store = open_store(load(self.hub.config), SystemClock())
        store.pack()  # with VictoriaMetrics: all of it is read from there
        try:
            series = {}
            for latest in store.latest(WARD):
                found = store.history(latest.key, *EVER)
                series[latest.key] = dict(zip(found.times_us, found.values, strict=True))
            positions = {each: list(store.positions(WARD, each)) for each in store.incarnations(WARD)}
            events = sorted(store.events(WARD, start_us=EVER[0]), key=lambda each: (each.incarnation, each.position))
            return Everything(series, events, positions, evidence, self.pictures())
        finally:
            store.close()

    def wipe(self) -> None:
        shutil.rmtree(self.data)
        if self.victoria is not None:
            self.victoria.kill()
            self.victoria.wipe()
            self.victoria.start()


@contextlib.contextmanager
def stage(folder: Path, program: str, victoria_program: str = "") -> Iterator[Stage]:
    """Everything but the ward runs. `victoria_program`: empty for the embedded store."""
    broker_port, victoria = free_port(), None
    with contextlib.ExitStack() as ending:
        ending.enter_context(process(*mosquitto(program, folder, broker_port), log=folder / "broker.log"))
        wait_until(lambda: listens(broker_port), 20, "the broker listens")
        hub = HubProcess(folder, broker_port, free_port())
        if victoria_program:
            victoria = VictoriaMetrics(victoria_program, folder / "victoria", free_port())
            victoria.start()
            ending.callback(victoria.stop)
            with hub.config.open("a", encoding="utf-8") as file:
                file.write(f'[store]\nkind = "victoriametrics"\nurl = "{victoria.url}"\n')
        hub.add_user()
        hub.start()
        ending.callback(hub.close)
        ward = Ward(folder / "ward", f"mqtt://127.0.0.1:{broker_port}", f"http://127.0.0.1:{hub.console_port}")
        ending.callback(lambda: ward.end(kill=True))
        yield Stage(folder, hub, ward, victoria)


def fill(stage: Stage, polls: int) -> int:
    """Several incarnations' worth, the first of which is killed; the last one runs. Returns the number of pictures."""
    pictures = 0
    for number in range(INCARNATIONS):
        stage.ward.start()
        moments = [1_790_000_000_000_000 + 1_000_000 * (pictures + each) for each in range(_PROOFS)]
        durable = stage.ward.entries() + polls // INCARNATIONS
        stage.ward.write("coverage", *map(str, moments), f"polls {polls // INCARNATIONS}")
        pictures += _PROOFS
        _wait_for_entries(stage.ward, durable)
        if number < INCARNATIONS - 1:
            stage.ward.end(kill=number == 0)
    wait_until(lambda: stage.whole(pictures), SECONDS, "the district has it")
    return pictures


def _wait_for_entries(ward: Ward, count: int) -> None:
    wait_until(lambda: ward.entries() > count, SECONDS, f"{count} entries are durable")


def rebuilt(stage: Stage, polls: int) -> tuple[Everything, Everything, float]:
    """Before, after, and the seconds from the hub's start on nothing until it has all again."""
    pictures = fill(stage, polls)
    before = stage.everything(pictures)
    stage.wipe()
    stage.hub.renew()
    began = time.monotonic()
    stage.hub.start()
    wait_until(lambda: stage.whole(pictures), SECONDS, "the district has it again")
    seconds = time.monotonic() - began
    return before, stage.everything(pictures), seconds


def journaled(stage: Stage) -> Everything:
    """What the journal says: series and events."""
    series: dict[SeriesKey, Values] = {}
    events = []
    positions: dict[bytes, list[tuple[int, int]]] = {}
    for incarnation, position, data in read_entries(stage.ward.journal):
        entry = decode(data)
        first = positions.setdefault(incarnation, [(position, position)])[0][0]
        positions[incarnation] = [(first, position)]
        if not isinstance(entry.payload, Readings):
            events.append((incarnation, position, data))
            continue
        for metric, value, instance in entry.payload.readings:
            at_us = kept_time(entry.wall_time_us) if stage.victoria else entry.wall_time_us
            key = SeriesKey(WARD, entry.device, metric, instance)
            kept = kept_value(value) if stage.victoria else value
            values = series.setdefault(key, {})
            values[at_us] = max(kept, values.get(at_us, kept))  # of one time the greatest is kept
    found = [Event(WARD, incarnation, position, 0, "", "", data) for incarnation, position, data in sorted(events)]
    return Everything(series, found, positions, None, {})


def differences(stage: Stage, before: Everything, after: Everything) -> list[str]:
    """What is not the same, in words."""
    truth = journaled(stage)
    found = []
    for name in ("series", "told", "positions", "evidence", "pictures"):
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            found.append(f"{name}: {str(one)[:_MOST_SHOWN]} became {str(other)[:_MOST_SHOWN]}")
    found += [
        f"{name} of the journal" for name in ("series", "positions") if getattr(truth, name) != getattr(after, name)
    ]
    # Readings that tell a change of who is reachable are events, too.
    told = [each.entry for each in after.events if each.payload != "readings"]
    if [each.entry for each in truth.events] != told:
        found.append("events of the journal")
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench rebuild", description=__doc__)
    parser.add_argument("--polls", type=int, default=30_000, help="of ten readings each (default 30000)")
    parser.add_argument("--store", choices=("embedded", "victoriametrics"), default="embedded")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    programs = {name: shutil.which(name) or "" for name in ("mosquitto", "victoria-metrics")}
    victoria = programs["victoria-metrics"] if options.store == "victoriametrics" else ""
    with (
        tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder,
        stage(Path(folder), programs["mosquitto"], victoria) as made,
    ):
        before, after, seconds = rebuilt(made, options.polls)
        different = differences(made, before, after)
    figures = {
        "store": options.store,
        "incarnations": len(after.positions),
        "series": len(after.series),
        "samples": after.samples,
        "events": len(after.events),
        "pictures": len(after.pictures),
        "seconds": round(seconds, 1),
        "samples_per_second": round(after.samples / seconds),
        "different": different,
    }
    print(json.dumps(figures))
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
