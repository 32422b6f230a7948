"""Who the uplink is, how it speaks, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.uplink.link import Broker


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Who we are and how we speak. Seconds and bytes."""

    district: str
    ward: str
    broker: Broker
    agent_version: str
    heartbeat_seconds: float = 15.0
    news_seconds: float = 5.0  # between statuses while the journal grows
    keepalive_seconds: int = 10
    ready_seconds: float = 15.0  # from the connection to an accepted subscription
    retry_seconds: tuple[float, float] = (1.0, 15.0)  # first and longest pause between attempts
    max_in_flight: int = 16
    max_live_bytes: int = 4_000_000  # of durable entries that wait for a slow line; beyond it the district asks
    replay_bytes_per_second: float = 1_000_000.0
    replay_wait_seconds: float = 0.25  # how long a live entry may wait behind what is replayed


@dataclass(slots=True)
class UplinkCounts:
    """Since the start."""

    connections: int = 0
    batches_sent: int = 0
    replays: int = 0
    bad_requests: int = 0
    live_dropped: int = 0  # entries that were durable, but had to wait too long for the line
