"""One word off the broker, on its way from paho's thread to the ingest's."""

from __future__ import annotations

from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from telemetry import wire_pb2 as wire
from telemetry.deflate import MAX_INFLATED_BYTES
from telemetry.topics import What

_BATCHES = (f"/{What.ENTRIES}", f"/{What.REPLAY}")


@dataclass(frozen=True, slots=True)
class Message:
    """What the broker delivered. `retained`: it was said some time ago. `weight`: how many bytes are to be handled; a
    deflated batch is as much as it becomes, and it cannot become more than it says."""

    topic: str
    payload: bytes
    retained: bool = False
    weight: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        weight = len(self.payload)
        if weight <= MAX_INFLATED_BYTES and self.topic.endswith(_BATCHES):
            weight = max(weight, _inflated_bytes(self.payload))
        object.__setattr__(self, "weight", weight)


def _inflated_bytes(payload: bytes) -> int:
    try:
        return min(wire.Batch.FromString(payload).inflated_bytes, MAX_INFLATED_BYTES)
    except DecodeError:
        return 0  # it will be refused
