"""A district as processes of its own: a real mosquitto, a hub, and a signed-in reader of its figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from demo.processes import BIN, Program
from simulator.net.ports import free_port

USER = "bench"
DISTRICT = "bench"
PLAIN_BROKER = "listener {port} 127.0.0.1\nallow_anonymous true\n"
_START_SECONDS = 60.0


class HubStage:
    """Broker and hub in `folder`. `store`: district.toml's lines of [store]; `broker`: mosquitto.conf, with {port}."""

    def __init__(self, folder: Path, wards: Sequence[str], store: str = "", broker: str = PLAIN_BROKER) -> None:
        self.folder = folder
        self.port, console = free_port(), free_port()
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            raise SystemExit("bench: mosquitto is not installed")
        (folder / "mosquitto.conf").write_text(broker.format(port=self.port), encoding="utf-8")
        names = "".join(f'[[ward]]\nid = "{ward}"\nname = "{ward}"\n' for ward in wards)
        self._file = folder / "district.toml"
        self._file.write_text(
            f'[district]\nid = "{DISTRICT}"\nname = "Bench"\n[broker]\nurl = "mqtt://127.0.0.1:{self.port}"\n'
            f'[console]\nlisten = "127.0.0.1:{console}"\n{store}{names}',
            encoding="utf-8",
        )
        self.broker = Program("mosquitto", (program, "-c", folder / "mosquitto.conf"), folder / "mosquitto.log")
        self.hub = Program("district", (BIN / "ward-district", "run", "-c", self._file), folder / "district.log")
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{console}", timeout=30)

    def start(self) -> None:
        """Both, until the hub answers. Raises SystemExit where it does not."""
        self.broker.start()
        password = self._run("user", "add", USER, "--role", "district").split()[-1]
        self.hub.start()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._client.post("/api/session", json={"user": USER, "password": password}).raise_for_status()
                return
            except httpx.TransportError:
                if time.monotonic() > deadline or not self.hub.running:
                    raise SystemExit(f"bench: no hub\n{self.hub.last_words()}") from None
                time.sleep(0.1)

    def statistics(self, of: str = "") -> Any:
        """The hub's own figures; of a ward with `of`, such as "/ward-1/live-ages"."""
        return self._client.get(f"/api/statistics{of}").raise_for_status().json()

    def counts(self) -> dict[str, dict[str, Any]]:
        """By ward, from the files, after the hub has ended."""
        return {ward["id"]: ward for ward in json.loads(self._run("counts", "--json"))["wards"]}

    def stop(self) -> None:
        self._client.close()
        self.hub.stop(seconds=30)
        self.broker.stop(seconds=5)

    def _run(self, *arguments: str) -> str:
        command = [str(BIN / "ward-district"), *arguments, "-c", str(self._file)]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
