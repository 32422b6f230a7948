"""Which picture of a device is a configured camera's, and where a device's word about its own host is not taken."""

from __future__ import annotations

import pytest

from camera.device_address import DeviceAddress
from collectors.config import device_from
from edge_agent.cameras import channel_of

NVR = device_from({"id": "nvr-1", "kind": "recorder", "protocol": "isapi", "host": "192.168.10.5"})


@pytest.mark.parametrize(("host", "channel"), [("192.168.10.5", 7), ("192.168.10.31", 1)])
def test_a_camera_on_the_recorders_own_ports_is_reached_through_its_channel(host: str, channel: int) -> None:
    told = {"id": "cam-7", "kind": "camera", "protocol": "isapi", "host": host, "recorder": "nvr-1", "channel": 7}
    camera = device_from(told)
    assert channel_of(camera, [NVR, camera]) == channel  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "here"),
    [
        ("http://192.168.1.108:8080/onvif/media", "http://203.0.113.9:9080/onvif/media"),
        ("http://203.0.113.9:8999/onvif/media", "http://203.0.113.9:8999/onvif/media"),
        ("rtsp://192.168.1.108:8554/live?channel=1", "rtsp://203.0.113.9:8554/live?channel=1"),
        ("rtsp://admin:secret@192.168.1.108/live", "rtsp://203.0.113.9:554/live"),
    ],
)
def test_what_a_device_calls_its_host_is_ours_all_the_same(told: str, here: str) -> None:
    assert DeviceAddress("http://203.0.113.9:9080", "watch", "one").here(told) == here


def test_what_is_no_address_is_none() -> None:
    for told in ("", "/onvif/media", "file:///etc/passwd", "javascript:1"):
        with pytest.raises(ValueError, match="no address"):
            DeviceAddress("http://203.0.113.9").here(told)
