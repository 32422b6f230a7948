"""Which of a device's pictures a camera is: its recorder's channel only where it has the recorder's own address."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.config import VideoDevice
from edge_agent import config
from edge_agent.cameras import channel_of

_WARD = '[ward]\nid = "w"\nname = "W"\ndistrict = "d"\n'
_RECORDER = '[[device]]\nid = "nvr-1"\nkind = "recorder"\nprotocol = "onvif"\nhost = "10.0.0.9"\nport = 80\n'


@pytest.mark.parametrize(
    ("host", "port", "channel"),
    [("10.0.0.9", 80, 4), ("10.0.0.31", 80, 1), ("10.0.0.9", 8004, 1)],
    ids=["on the recorder's ports", "by itself", "by itself, on the recorder's host"],
)
def test_the_recorders_channel_counts_only_at_the_recorder(tmp_path: Path, host: str, port: int, channel: int) -> None:
    camera = '[[device]]\nid = "cam-4"\nkind = "camera"\nprotocol = "onvif"\nrecorder = "nvr-1"\nchannel = 4\n'
    file = tmp_path / "ward.toml"
    file.write_text(f'{_WARD}{_RECORDER}{camera}host = "{host}"\nport = {port}\n', encoding="utf-8")
    devices = config.load(file).devices
    found = next(device for device in devices if device.id == "cam-4")
    assert isinstance(found, VideoDevice)
    assert channel_of(found, devices) == channel
