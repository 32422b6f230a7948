"""SNMP traps and informs: a device that says that something happened is asked at once what it is.

A notification of a configured device's address brings that device's poll forward, each device at most once a second,
the last of several not forgotten. One of anybody else is counted and ignored. Counts are readings of the agent's own
machine, where that is a device (protocol psutil), and in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from collectors.base import Collector
from collectors.config import BaseDevice, HostDevice, PsutilDevice, TrapListener
from edge_agent.schedule import Schedule
from telemetry.clock import Clock
from telemetry.configuration.addresses import canonical_ip
from telemetry.readings import PollResult, Reading

if TYPE_CHECKING:
    from collectors.protocols.snmp_traps import TrapReceiver

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # a device is asked at most so often because of its notifications
MOST_OF_ONE_SENDER = 20  # notifications decoded in a second
LOOK_UP_SECONDS = 300.0  # how often devices that are configured by name are looked up
BIND_AGAIN_SECONDS = 30.0  # the address may come later: a cable, a lease
TELL_SECONDS = 3600.0  # how often the log names one stranger
MOST_STRANGERS = 200  # that the log tells apart


@dataclass(slots=True)
class TrapCounts:
    """Since the agent started."""

    taken: int = 0  # of configured devices, understood
    unknown: int = 0  # of nobody who is configured
    refused: int = 0  # of configured devices, but with the wrong community or user, or not understood
    flooded: int = 0  # of configured devices that sent more than anybody needs

    @property
    def ignored(self) -> int:
        return self.unknown + self.refused + self.flooded

    def readings(self) -> list[Reading]:
        return [Reading("traps_taken_total", float(self.taken)), Reading("traps_ignored_total", float(self.ignored))]


class PollsBrought:
    """Brings polls forward: at once, but not within a second of the last time; then at the end of that second."""

    def __init__(self, poll_now: Callable[[str], object]) -> None:
        self._poll_now = poll_now
        self._last: dict[str, float] = {}
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def ask(self, device: str) -> None:
        """To be called in the event loop."""
        loop = asyncio.get_running_loop()
        due = self._last.get(device, -POLL_SECONDS) + POLL_SECONDS
        if device in self._waiting:
            return
        if loop.time() >= due:
            self._ask_now(device)
        else:
            self._waiting[device] = loop.call_at(due, self._ask_now, device)

    def forget(self) -> None:
        """Nothing that waits will be asked."""
        for handle in self._waiting.values():
            handle.cancel()
        self._waiting.clear()

    def _ask_now(self, device: str) -> None:
        self._waiting.pop(device, None)
        self._last[device] = asyncio.get_running_loop().time()
        self._poll_now(device)


class Senders:
    """Which devices stand at which address. Several may: behind a proxy, or with a printer and its scanner."""

    def __init__(self, devices: Sequence[BaseDevice]) -> None:
        self._hosts: dict[str, list[str]] = {}
        for device in devices:
            if isinstance(device, HostDevice):
                self._hosts.setdefault(device.host, []).append(device.id)
        self._names = [host for host in self._hosts if canonical_ip(host) is None]
        self._found: dict[str, str] = {}  # name → address
        self.by_address: Mapping[str, Sequence[str]] = self._joined()

    async def look_up(self) -> None:
        """Find the addresses of names; one that is not found keeps the address that it had."""
        for name in self._names:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(5):
                    infos = await asyncio.get_running_loop().getaddrinfo(name, None)
                self._found[name] = canonical_ip(str(infos[0][4][0])) or ""
        self.by_address = self._joined()

    def _joined(self) -> dict[str, list[str]]:
        joined: dict[str, list[str]] = {}
        for host, devices in self._hosts.items():
            address = canonical_ip(host) or self._found.get(host)
            if address:
                joined.setdefault(address, []).extend(devices)
        return joined


class TrapDoor:
    """Listens while it runs. Made only where [traps] is configured, so that nobody else loads pysnmp."""

    def __init__(
        self,
        settings: TrapListener,
        ward: str,
        devices: Sequence[BaseDevice],
        poll_now: Callable[[str], object],
        clock: Clock,
        counts: TrapCounts,
    ) -> None:
        self._settings, self._ward, self._clock = settings, ward, clock
        self._senders = Senders(devices)
        self._polls = PollsBrought(poll_now)
        self._strangers: dict[str, tuple[float, int]] = {}  # when the log named it last, how many since
        self._rates: dict[str, tuple[int, int]] = {}  # by known sender: the second, how many in it
        self.counts = counts

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong here must not end the watch over the devices."""
        try:
            await self._listen()
        except Exception:
            log.exception("[traps] nobody listens")

    async def _listen(self) -> None:
        receiver = self._receiver()
        try:
            await self._senders.look_up()
            await self._open(receiver)
            while True:
                await asyncio.sleep(LOOK_UP_SECONDS)
                await self._senders.look_up()
        finally:
            receiver.close()
            self._polls.forget()

    async def _open(self, receiver: TrapReceiver) -> None:
        settings, told = self._settings, False
        while True:
            try:
                port = receiver.open()
            except OSError as error:
                level = logging.DEBUG if told else logging.ERROR
                log.log(level, "[traps] cannot listen at %s port %d: %s", settings.listen, settings.port, error)
                told = True
                await asyncio.sleep(BIND_AGAIN_SECONDS)
            else:
                log.info("traps are taken at %s port %d", settings.listen, port)
                return

    def _receiver(self) -> TrapReceiver:
        from collectors.protocols.snmp_traps import TrapReceiver

        return TrapReceiver(self._settings, self._ward, self._clock, self.admits, self.heard, self.refused)

    # ---- what the receiver asks and tells -------------------------------------------------------------------------

    def admits(self, sender: str) -> bool:
        """Whether a datagram of this address is worth decoding."""
        if sender not in self._senders.by_address:
            self.counts.unknown += 1
            self._tell_of_stranger(sender)
            return False
        second = int(self._clock.monotonic())
        then, many = self._rates.get(sender, (second, 0))
        many = many + 1 if then == second else 1
        self._rates[sender] = (second, many)
        if many > MOST_OF_ONE_SENDER:
            self.counts.flooded += 1
            return False
        return True

    def heard(self, sender: str) -> None:
        self.counts.taken += 1
        for device in self._senders.by_address.get(sender, ()):
            log.debug("%s: a notification", device)
            self._polls.ask(device)

    def refused(self, sender: str) -> None:
        self.counts.refused += 1
        self._tell(sender, "sent a notification with the wrong community or user, or none at all")

    def _tell_of_stranger(self, sender: str) -> None:
        self._tell(sender, "sends notifications and is no configured device: they are ignored")

    def _tell(self, sender: str, what: str) -> None:
        now = self._clock.monotonic()
        at, many = self._strangers.get(sender, (-TELL_SECONDS, 0))
        if now - at >= TELL_SECONDS:
            if sender in self._strangers or len(self._strangers) < MOST_STRANGERS:
                log.warning("traps: %s %s (%d more since this was last said)", sender, what, many)
                self._strangers[sender] = (now, 0)
        else:
            self._strangers[sender] = (at, many + 1)


class WithReadings:
    """A collector whose device tells a little more: figures of the agent itself, with its machine's."""

    def __init__(self, inner: Collector, more: Callable[[], list[Reading]]) -> None:
        self._inner, self._more = inner, more
        self.has_vital = inner.has_vital

    async def poll(self) -> PollResult:
        result = await self._inner.poll()
        return replace(result, readings=[*result.readings, *self._more()]) if result.reachable else result

    async def poll_vital(self) -> PollResult:
        return await self._inner.poll_vital()

    async def close(self) -> None:
        await self._inner.close()


def counted(schedules: Sequence[Schedule], devices: Sequence[BaseDevice], counts: TrapCounts) -> list[Schedule]:
    """The schedules, with the counts as readings of the agent's own machine, where that is a device."""
    own = {device.id for device in devices if isinstance(device, PsutilDevice)}
    return [
        replace(each, collector=WithReadings(each.collector, counts.readings)) if each.device in own else each
        for each in schedules
    ]
