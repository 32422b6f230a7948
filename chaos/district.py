"""The district on its own disk: broker, hub and, where it is chosen, VictoriaMetrics, each a process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from chaos.commands import inside
from chaos.devices import HUB_PORT
from chaos.disks import Disk
from chaos.kernel import call_inside, listens
from chaos.ward import DISTRICT_ID
from demo.processes import BIN, Program
from telemetry.intervals import IntervalSet

EMBEDDED, VICTORIA = "embedded", "victoriametrics"
STORES = (EMBEDDED, VICTORIA)
BROKER_PORT, CONSOLE_PORT, VICTORIA_PORT = 1883, 8080, 8428
_DISK_MEGABYTES = 512
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0

Held = dict[tuple[str, bytes], IntervalSet]  # by ward and incarnation


class NotThereError(Exception):
    """A program of the district does not come up."""


@dataclass(slots=True)
class District:
    """Its programs, each of which may be killed alone."""

    store: str
    disk: Disk
    config: Path
    namespace: Path
    broker: Program
    hub: Program
    victoria: Program | None

    @classmethod
    def make(
        cls, folder: Path, namespace: Path, store: str, wards: Iterable[str], *, broker_remembers: bool
    ) -> District:
        """`broker_remembers`: whether it keeps sessions and retained messages over a SIGKILL. Raises CommandError."""
        disk = Disk(folder, _DISK_MEGABYTES)
        (disk.path / "broker").mkdir()
        broker_file, config = folder / "mosquitto.conf", folder / "district.toml"
        broker_file.write_text(_broker_lines(disk.path / "broker", broker_remembers), encoding="utf-8")
        config.write_text(_configuration(disk.path, store, wards), encoding="utf-8")
        hub = BIN / "ward-district", "run", "-c", config
        victoria = None
        if store == VICTORIA:
            command = inside(namespace, _victoria(disk.path / "victoria"))
            victoria = Program("victoria-metrics", command, folder / "victoria.log")
        return cls(
            store,
            disk,
            config,
            namespace,
            Program("mosquitto", inside(namespace, ("mosquitto", "-c", broker_file)), folder / "broker.log"),
            Program("ward-district", inside(namespace, hub, {"LC_ALL": "en_GB.UTF-8"}), folder / "hub.log"),
            victoria,
        )

    @property
    def programs(self) -> list[Program]:
        return [each for each in (self.broker, self.victoria, self.hub) if each is not None]

    def start(self) -> None:
        """All of it, and wait until the hub is there. Raises NotThereError."""
        self.broker.start()
        self.start_store()
        self.hub.start()
        self._wait_for(self.hub, CONSOLE_PORT)

    def start_store(self) -> None:
        """VictoriaMetrics, where there is one, and wait until it answers. Raises NotThereError."""
        if self.victoria is not None:
            self.victoria.start()
            self._wait_for(self.victoria, VICTORIA_PORT)
            call_inside(self.namespace, self._wait_for_health)

    def stop(self) -> None:
        """The hub and the broker; VictoriaMetrics stays, to be read."""
        self.hub.stop(_STOP_SECONDS)
        self.broker.stop(_STOP_SECONDS)

    def close(self) -> None:
        for program in reversed(self.programs):
            program.kill()

    def held(self) -> Held:
        """What the store's file holds now, read while the hub uses it; empty where it cannot be read."""
        path = self.disk.path / ("store.db" if self.store == EMBEDDED else "victoria.db")
        return _ranges(
            path,
            "SELECT w.name, i.incarnation, p.first, p.last FROM positions AS p"
            " JOIN incarnations AS i ON i.id = p.incarnation JOIN wards AS w ON w.id = i.ward",
        )

    def settled(self) -> Held:
        """What it holds or has named as lost."""
        found = self.held()
        named = _ranges(
            self.disk.path / "hub.db", "SELECT ward, incarnation, first_position, last_position FROM named_losses"
        )
        for key, lost in named.items():
            found.setdefault(key, IntervalSet()).update(lost)
        return found

    def _wait_for(self, program: Program, port: int) -> None:
        end = time.monotonic() + _START_SECONDS
        while not call_inside(self.namespace, lambda: listens(port)):
            if not program.running or time.monotonic() > end:
                raise NotThereError(f"{program.name} does not start:\n{program.last_words()}")
            time.sleep(0.1)

    def _wait_for_health(self) -> None:
        opener = build_opener(ProxyHandler({}))
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                with opener.open(f"http://127.0.0.1:{VICTORIA_PORT}/health", timeout=1.0):
                    return
            except (URLError, OSError) as error:
                if time.monotonic() > end:
                    raise NotThereError(f"VictoriaMetrics is not healthy: {error}") from error
                time.sleep(0.1)


def _ranges(path: Path, question: str) -> Held:
    """The answer's rows (ward, incarnation, first, last) as sets."""
    found: Held = {}
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1.0)
    except sqlite3.Error:
        return found
    try:
        for ward, incarnation, first, last in connection.execute(question):
            found.setdefault((ward, incarnation), IntervalSet()).add(first, last)
    except sqlite3.Error:
        return {}
    finally:
        connection.close()
    return found


def _broker_lines(folder: Path, remembers: bool) -> str:
    lines = f"listener {BROKER_PORT} 0.0.0.0\nallow_anonymous true\nuser root\npersistence {str(remembers).lower()}\n"
    return lines + (f"persistence_location {folder}/\nautosave_interval 1\n" if remembers else "")


def _victoria(folder: Path) -> tuple[str | Path, ...]:
    return (
        "victoria-metrics",
        f"-storageDataPath={folder}",
        f"-httpListenAddr=127.0.0.1:{VICTORIA_PORT}",
        "-retentionPeriod=400d",
        "-dedup.minScrapeInterval=1ms",
        "-snapshotsMaxAge=1h",
        "-memory.allowedBytes=64MB",
        "-loggerLevel=WARN",
    )


def _configuration(data: Path, store: str, wards: Iterable[str]) -> str:
    names = "".join(f'[[ward]]\nid = "{ward}"\nname = "{ward}"\n' for ward in wards)
    url = f'url = "http://127.0.0.1:{VICTORIA_PORT}"\n' if store == VICTORIA else ""
    return f"""\
[district]
id = "{DISTRICT_ID}"
name = "Chaos"
data_dir = "{data}"
[broker]
url = "mqtt://127.0.0.1:{HUB_PORT}"
[console]
listen = "127.0.0.1:{CONSOLE_PORT}"
[store]
kind = "{store}"
{url}{names}"""
