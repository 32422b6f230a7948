"""MQTT topics: wardwatch/1/<district>/<ward>/<what>."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from telemetry.kinds import is_id

PREFIX = "wardwatch/1"


class What(StrEnum):
    """What a topic carries, and which message of wire.proto."""

    STATUS = "status"  # ward → hub, retained, and the will: Status
    ENTRIES = "entries"  # ward → hub: Batch, as committed
    REPLAY = "replay"  # ward → hub: Batch, as asked for
    REQUESTS = "requests"  # hub → ward: Request
    REPLIES = "replies"  # ward → hub: Reply


FROM_WARD = (What.STATUS, What.ENTRIES, What.REPLAY, What.REPLIES)


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, taken apart."""

    district: str
    ward: str
    what: What

    def __str__(self) -> str:
        return f"{PREFIX}/{self.district}/{self.ward}/{self.what}"


def parse(topic: str) -> Topic:
    """Take a topic apart. Raises ValueError for one that is not ours."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != PREFIX or not is_id(parts[2]) or not is_id(parts[3]):
        raise ValueError(f"not a WardWatch topic: {topic!r}")
    return Topic(parts[2], parts[3], What(parts[4]))


def all_wards(district: str, what: What) -> str:
    """The subscription filter for one kind of topic of every ward of a district."""
    return f"{PREFIX}/{district}/+/{what}"
