"""A real upsd with NUT's dummy-ups driver in a folder of its own, and servers that answer what a test says."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from collectors.config import NutDevice
from collectors.nut import NutCollector
from telemetry.clock import Clock, SystemClock
from telemetry.kinds import Kind

USER, PASSWORD = "watch", 'a "quoted" \\ word'
OFFICE_UPS = {
    "battery.charge": "100",
    "battery.charge.low": "20",
    "battery.runtime": "1320",
    "battery.voltage": "27.1",
    "battery.mfr.date": "2024/03/10",
    "device.mfr": "Santak",
    "device.model": "TG1000",
    "device.serial": "3A1915X00042",
    "device.type": "ups",
    "input.voltage": "228.4",
    "output.voltage": "229.8",
    "ups.load": "31",
    "ups.status": "OL CHRG",
    "ups.test.result": "Done and passed",
}
SECONDS = 15.0


def nut_device(port: int, **more: object) -> NutDevice:
    if isinstance(more.get("password"), str):
        more["password"] = SecretStr(str(more["password"]))
    told = {"id": "ups-1", "kind": Kind.UPS, "protocol": "nut", "host": "127.0.0.1", "port": port, "timeout": 2.0}
    return NutDevice.model_validate({**told, **more})


@asynccontextmanager
async def collecting(device: NutDevice, clock: Clock | None = None) -> AsyncIterator[NutCollector]:
    collector = NutCollector(device, clock or SystemClock())
    try:
        yield collector
    finally:
        await collector.close()


class NutServer:
    """NUT in one folder: upsd on a free port, one dummy-ups whose variables the test writes."""

    def __init__(self, folder: Path, port: int, driver: str, server: str) -> None:
        self.port = port
        self._folder = folder
        self._driver_program, self._server_program = driver, server
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {**os.environ, "NUT_CONFPATH": str(folder), "NUT_STATEPATH": str(folder)}
        self._environment["NUT_ALTPIDPATH"] = str(folder)
        self._files()

    def tell(self, variables: Mapping[str, str]) -> None:
        """What the UPS has; the driver looks at the file every second (pollinterval)."""
        lines = "".join(f"{name}: {value}\n" for name, value in variables.items())
        draft = self._folder / "draft"
        draft.write_text(lines, encoding="utf-8")
        draft.replace(self._folder / "ups.dev")

    def start_driver(self) -> None:
        self._run("driver", self._driver_program, "-a", "ups", "-F", "-u", "root")

    def start_server(self) -> None:
        self._run("server", self._server_program, "-F", "-u", "root")

    def stop(self, which: str) -> None:
        process = self._processes.pop(which, None)
        if process is not None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def ask(self, *commands: str) -> list[str]:
        """What upsd answers to lines of our own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as asker:
            stream = asker.makefile("rw", encoding="utf-8", newline="\n")
            answers = []
            for command in commands:
                stream.write(command + "\n")
                stream.flush()
                answers.append(stream.readline().strip())
            return answers

    def wait_until(self, good: Callable[[str], bool]) -> None:
        """Until upsd's word on ups.status is so."""
        deadline = time.monotonic() + SECONDS
        answer = ""
        while not good(answer):
            if time.monotonic() > deadline:
                pytest.fail(f"upsd still says {answer!r}: {self._log()}")
            time.sleep(0.05)
            try:
                answer = self.ask("GET VAR ups ups.status")[0]
            except OSError as error:
                answer = str(error)

    def _run(self, name: str, *command: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)

    def _log(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self._folder.glob("*.log"))

    def _files(self) -> None:
        texts = {
            "nut.conf": "MODE=netserver\n",
            "ups.conf": f'[ups]\ndriver = dummy-ups\nport = "{self._folder / "ups.dev"}"\nmode = dummy-loop\n'
            "pollinterval = 1\ndesc = test\n",
            "upsd.conf": f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 5\n",
            "upsd.users": f"[{USER}]\npassword = {_quoted(PASSWORD)}\nupsmon slave\n",
        }
        for name, text in texts.items():
            (self._folder / name).write_text(text, encoding="utf-8")
            (self._folder / name).chmod(0o600)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@asynccontextmanager
async def saying(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """A server that answers each line with what `answer` returns; None: it says no more and keeps the line open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                reply = answer(line.strip())
                if reply is None:
                    await asyncio.Event().wait()
                    return
                writer.write(reply)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
