"""Debian's onvif-util, a program not of our making, finds the ward's ONVIF devices and reads a camera."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.conftest import command
from tests.simulator.test_onvif import RECORDERS

# A network of its own: its loopback gets multicast, and nobody else's probes are answered.
_SCRIPT = """
ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo
"$1" -c "from simulator.cli import main; main()" run --ward "$2" --discoverable --write-config "$3/w.toml" \\
    >"$3/ready" 2>"$3/log" &
ward=$!
while [ ! -s "$3/ready" ]; do kill -0 $ward || exit 9; sleep 0.1; done
"$4" -a </dev/null
{ printf 'get %s\\n' rtsp capabilities time profiles video 'video options' network; echo quit; } |
    timeout 30 "$4" -u wardwatch -p "$(cat "$3/secrets/cam-1.password")" 127.0.0.1
kill $ward
"""


@pytest.mark.peer("onvif-util")
async def test_onvif_util_finds_and_reads_the_ward(tmp_path: Path, peer: Callable[[str], str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("a network namespace needs root")
    arguments = (sys.executable, RECORDERS, tmp_path, peer("onvif-util"))
    env = ("env", f"XDG_RUNTIME_DIR={tmp_path}")
    status, said = await command(peer("unshare"), "-n", *env, "sh", "-c", _SCRIPT, "sh", *arguments)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert status == 0, said + log
    assert "Found 4 cameras" in said, said + log
    for found in ("cam-1(Camera quầy 1 KX-A2011N3)", "nvr-1(Đầu ghi camera KX-C4K8104N2)"):
        assert found in said
    assert "successfully connected to host" in said
    devices = json.loads((tmp_path / "ready").read_text(encoding="utf-8"))["devices"]
    assert devices["cam-1"]["protocol"] == "onvif"
    words = " ".join(said.split())
    assert "Resolution: 1280 x 720 Frame Rate: 25 Gov Length: 25 Bit Rate: 1900" in words
    assert "Time Offset: 0 seconds Timezone: <+07>-7" in words
    assert "Token 0: main Token 1: sub" in words
    assert "Available Resolutions 1280 x 720 640 x 360" in words
    assert "IP Address: 127.0.0.1" in words
    assert "rtsp://127.0.0.1:" in words
    assert "ERROR" not in said
