"""What every collector does: poll one configured device and say what came of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol, runtime_checkable

from telemetry.readings import PollResult


class Collector(Protocol):
    """Polls one device. Holds what it needs between polls (a session, the last counters); never raises out.

    The scheduler bounds each call in time and never runs two of one collector at once. Collectors know nothing of
    MQTT, storage or the web.
    """

    has_vital: bool  # whether poll_vital asks for something worth asking every few seconds

    async def poll(self) -> PollResult:
        """Ask for everything this kind of device should tell."""

    async def poll_vital(self) -> PollResult:
        """Ask only for the few values that must be known within seconds (power, line). One datagram if it can be."""

    async def close(self) -> None:
        """Give back sockets and the like."""


@runtime_checkable
class TakesTurns(Protocol):
    """A collector of a device whose address serves few polls at a time (several devices behind one SNMP proxy).

    Waiting for one's turn is no fault of the device: who bounds a poll in time takes the turn first.
    """

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until the address is free for a poll, and hold it."""


def turn_of(collector: Collector) -> AbstractAsyncContextManager[None]:
    """The collector's turn, at once where it takes none."""
    return collector.turn() if isinstance(collector, TakesTurns) else nullcontext()
