"""Real agents (`ward-agent run`) of one ward and a real hub beside a real broker; the hub runs in this process, so that
a test may say how long its patience is."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from district.config import load
from district.hub import Hub, running
from journal.verify import FileCounts, read_counts
from telemetry.clock import SystemClock
from tests.district.processes import BIN

WARD = "hai-chau-1"


class RealAgent:
    """One machine that says it is the ward; `machine` is its folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        folder.mkdir()
        self.data = folder / "data"
        self.log = folder / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "ward.toml").write_text(
            f'[ward]\nid = "{WARD}"\nname = "Phường Hải Châu 1"\ndistrict = "hai-chau"\n'
            f'[uplink]\nbroker = "mqtt://127.0.0.1:{port}"\n'
            '[journal]\ncommit_interval = "100ms"\ncheckpoint_interval = "10s"\n'
            '[[device]]\nid = "self"\nkind = "server"\nprotocol = "psutil"\ninterval = 1\nsmart = false\n',
            encoding="utf-8",
        )

    @property
    def journal(self) -> Path:
        return self.data / "journal.db"

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        command = [str(BIN / "ward-agent"), "run", "-c", str(self.folder / "ward.toml"), "--data-dir", str(self.data)]
        command += ["--linger", "5s"]
        with self.log.open("ab") as log:
            given = {**os.environ, **(environment or {})}
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=given)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(how)
        process.wait(20)

    def abandon(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)

    def back_up(self, to: Path) -> None:
        """A copy of its files, as they lie there; the agent has ended."""
        shutil.copytree(self.data, to)

    def restore(self, backup: Path) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(backup, self.data)

    def counts(self) -> FileCounts:
        return read_counts(self.journal)


@contextlib.contextmanager
def real_hub(folder: Path, port: int) -> Iterator[Hub]:
    """The hub without its console."""
    folder.mkdir(exist_ok=True)
    config = folder / "district.toml"
    config.write_text(
        f'[district]\nid = "hai-chau"\nname = "Quận Hải Châu"\n[broker]\nurl = "mqtt://127.0.0.1:{port}"\n'
        f'[[ward]]\nid = "{WARD}"\nname = "Phường Hải Châu 1"\n',
        encoding="utf-8",
    )
    with running(load(config), SystemClock()) as hub:
        yield hub


def rules(hub: Hub) -> list[str]:
    return [each.condition.rule for each in hub.site.open_conditions(WARD)]
