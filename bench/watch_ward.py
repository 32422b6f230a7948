"""A complete agent of a ward with 8 ONVIF cameras and 30 SNMP devices: the peak of its memory, in MB (10^6 bytes)."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.live_relay import FOOTAGE, _ffmpeg
from bench.poll_devices import _peak_rss_mb, _process, _reached, _wait
from bench.poll_exporter import free_ports
from bench.snmp_agents import running
from tests.camera.onvif_server import PASSWORD, USERNAME, OnvifServer
from tests.camera.peers import Footage, GstreamerCamera

CAMERAS = 8
_SUB = Footage(640, 360, fps=15, seconds=8.0, kbps=512, keyframe_every=2.0, noise=12)
_WARD = (("switch-24", "switch", 3), ("ups", "ups", 3), ("printer", "printer", 8), ("sensor", "sensor", 4),
         ("computer", "server", 2), ("computer", "workstation", 10))  # fmt: skip
_SECONDS = 90.0  # every main stream has been looked into by then


def agent_rss_mb() -> float:
    """Raises SystemExit where the agent does not reach every device."""
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as name:
        folder = Path(name)
        (folder / "secret").write_text(PASSWORD, encoding="utf-8")
        films = {"/main": FOOTAGE.encode(_ffmpeg(), folder, "main"), "/sub": _SUB.encode(_ffmpeg(), folder, "sub")}
        with _cameras(films) as cameras:
            return _measure(folder, cameras)


@contextmanager
def _cameras(films: dict[str, Path]) -> Iterator[Sequence[OnvifServer]]:
    stream = GstreamerCamera(films).start()
    servers = [OnvifServer(rtsp_port=stream.port) for _ in range(CAMERAS)]
    try:
        yield servers
    finally:
        for server in servers:
            server.close()
        stream.kill()


def _measure(folder: Path, cameras: Sequence[OnvifServer]) -> float:
    broker = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if broker is None:
        raise SystemExit("bench watch: not installed: mosquitto")
    models = [(model, kind) for model, kind, count in _WARD for _ in range(count)]
    asked = [(port, *each) for port, each in zip(free_ports(socket.SOCK_DGRAM, len(models)), models, strict=True)]
    (mqtt,) = free_ports(socket.SOCK_STREAM, 1)
    configuration = _configuration(folder, asked, cameras, mqtt)
    with running(folder, [(port, model) for port, model, _ in asked]), _process([broker, "-p", str(mqtt)], folder):
        command = [shutil.which("ward-agent") or ".venv/bin/ward-agent", "run", "-c", str(configuration)]
        with _process(command, folder) as agent:
            _wait(agent, _SECONDS)
            peak = _peak_rss_mb(agent)
    reached = _reached(folder)
    if reached != len(asked) + len(cameras):
        raise SystemExit(f"bench watch: the agent reached {reached} of {len(asked) + len(cameras)} devices")
    return round(peak, 1)


def _configuration(
    folder: Path, asked: Sequence[tuple[int, str, str]], cameras: Sequence[OnvifServer], mqtt: int
) -> Path:
    lines = ["[ward]", 'id = "bench"', 'name = "Bench"', 'district = "bench"']
    lines += ["[uplink]", f'broker = "mqtt://127.0.0.1:{mqtt}"']
    lines += ["[agent]", f'data_dir = "{folder / "data"}"', 'log_level = "warning"']
    for at, (port, _, kind) in enumerate(asked):
        lines += ["[[device]]", f'id = "{kind}-{at}"', f'kind = "{kind}"', 'protocol = "snmp"', 'host = "127.0.0.1"']
        lines += [f"port = {port}"]
    for at, camera in enumerate(cameras):
        lines += ["[[device]]", f'id = "cam-{at}"', 'kind = "camera"', 'protocol = "onvif"', 'host = "127.0.0.1"']
        lines += [f"port = {camera.port}", f'username = "{USERNAME}"', 'password_file = "secret"']
    file = folder / "ward.toml"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file
