"""What stands in a ward office: the closed list of device kinds, and what an id may look like."""

from __future__ import annotations

import re
from enum import StrEnum

ID_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class Kind(StrEnum):
    """The kinds of device (DESIGN "Contracts"). A new kind is a line here and its words in the catalogues."""

    CAMERA = "camera"
    RECORDER = "recorder"
    UPS = "ups"
    AIRCON = "aircon"
    SENSOR = "sensor"
    PRINTER = "printer"
    SCANNER = "scanner"
    SWITCH = "switch"
    ROUTER = "router"
    UPLINK = "uplink"
    SERVER = "server"
    WORKSTATION = "workstation"
    KIOSK = "kiosk"
    QUEUE = "queue"
    COUNTER_DISPLAY = "counter_display"
    TABLET = "tablet"
    SIGNBOARD = "signboard"
    DISPLAY = "display"
    SERVICE = "service"


def is_id(text: str) -> bool:
    """Whether `text` may name a ward, district or device."""
    return ID_PATTERN.fullmatch(text) is not None
