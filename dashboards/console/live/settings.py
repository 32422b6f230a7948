"""What may be set about the live picture; the defaults are for a district's hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Durations in seconds, sizes in bytes."""

    publish_path: str = "/live/publish"  # told to the wards; they know the hub's own address

    # A link at 80 % of the stream's rate delivers the last frame sent before the limit after limit / 0.8.
    lag_seconds: float = 0.8
    # Some decoders give no frame out until more come in: one that is spared frames so long is tried again.
    probe_seconds: float = 3.0
    tile_batch_seconds: float = 0.17
    buffer_bytes: int = 4_000_000  # what may wait in the hub for one viewer; beyond it waits for a keyframe
    stall_seconds: float = 20.0  # a viewer that took nothing for so long is let go
    group_bytes: int = 12_000_000  # a keyframe group that is larger, or longer, is not kept for late joiners
    group_frames: int = 900
    viewers_per_session: int = 32
    viewers_total: int = 2000

    ticket_seconds: float = 15.0
    ask_seconds: float = 2.5  # a ward is asked again so often while somebody waits
    refused_seconds: float = 10.0  # and so often when it said that it cannot
    linger_seconds: float = 5.0  # a stream goes on so long after its last viewer left
    silence_seconds: float = 10.0  # a publisher that says nothing for so long is closed
    keyframe_seconds: float = 15.0  # and one whose frames bring no keyframe for so long
    session_seconds: float = 60.0  # how often it is asked whether viewers are still signed in
