"""One line to the city, measured over that line alone: up, delay, loss, jitter; whether it carries the ward's traffic
now; whether names resolve over it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Sequence

from collectors.config import IcmpDevice
from collectors.protocols import dns, pinned
from collectors.protocols.echo import Burst, burst
from collectors.protocols.pinned import Pin
from telemetry.clock import Clock
from telemetry.readings import PollResult, Reading, Reason, ReasonCode, unreachable

PROBES = 5  # echo requests of one poll
WINDOW_SECONDS = 60.0  # over which loss is told
_GAP = 0.02  # seconds between requests
_WAIT = 1.0  # seconds that answers may take: a line slower than that carries no work
_JITTER_GAIN = 1 / 16  # RFC 3550 section 6.4.1
_KNOWN_FOR = 300.0  # seconds until a name's address is looked up again


class LineHistory:
    """The last minute's probes of a line, and its jitter."""

    def __init__(self) -> None:
        self._probes: deque[tuple[float, bool]] = deque()  # when (monotonic seconds), answered
        self._last: dict[str, float] = {}  # by target, the answer before this one
        self._jitter: float | None = None

    def add(self, targets: Sequence[str], times: Sequence[float | None], now: float) -> None:
        """One burst, in the order sent. `times`: seconds, None for a probe that was lost."""
        for target, taken in zip(targets, times, strict=True):
            self._probes.append((now, taken is not None))
            if taken is None:
                self._last.pop(target, None)  # RFC 3550 compares successive packets
                continue
            before = self._last.get(target)
            self._last[target] = taken
            if before is not None:
                step = abs(taken - before)
                self._jitter = step if self._jitter is None else self._jitter + (step - self._jitter) * _JITTER_GAIN
        while self._probes and now - self._probes[0][0] > WINDOW_SECONDS:
            self._probes.popleft()

    @property
    def loss_percent(self) -> float:
        """Of the window's probes; 0 where there were none."""
        lost = sum(not answered for _, answered in self._probes)
        return 100.0 * lost / len(self._probes) if self._probes else 0.0

    @property
    def jitter_seconds(self) -> float | None:
        """Smoothed mean difference of successive round trips to one target; None before there are two."""
        return self._jitter


class UplinkCollector:
    """line_up, rtt_seconds, packet_loss_percent, jitter_seconds, line_active with every poll; names_resolve and
    name_resolution_seconds with whole ones."""

    has_vital = True

    def __init__(self, device: IcmpDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._pin = Pin(device.interface or "", device.source or "")
        self._history = LineHistory()
        self._addresses: dict[str, tuple[float, str]] = {}  # name → when looked up, address

    async def poll(self) -> PollResult:
        result = await self.poll_vital()
        return PollResult(result.reachable, [*result.readings, *await self._names()], reason=result.reason)

    async def poll_vital(self) -> PollResult:
        active = await self._active()
        try:
            async with asyncio.timeout(self._device.timeout):
                targets = [await self._address(target) for target in self._device.targets or (self._device.host,)]
                sent = await burst(_spread(targets), self._pin, self._clock, gap=_GAP, wait=self._wait())
        except PermissionError as error:
            return await self._by_tcp(active, ReasonCode.NOT_PERMITTED, str(error))
        except (socket.gaierror, UnicodeError) as error:
            return unreachable(ReasonCode.NAME_UNKNOWN, f"{', '.join(self._device.targets)}: {error}")
        except TimeoutError:
            return unreachable(ReasonCode.NAME_UNKNOWN, "the targets' names were not resolved in time")
        except OSError as error:
            return _down(active, ReasonCode.HOST_UNREACHABLE, f"{self._device.address()}: {error.strerror or error}")
        if not sent.answered and self._device.tcp_port is not None:
            return await self._by_tcp(active, ReasonCode.NO_ANSWER, "neither echo nor TCP is answered")
        self._history.add(sent.targets, sent.times, self._clock.monotonic())
        return self._judged(sent, active)

    async def close(self) -> None:
        """Nothing is held between polls but numbers."""

    def _wait(self) -> float:
        return min(_WAIT, max(0.2, self._device.timeout / 2))

    def _judged(self, sent: Burst, active: list[Reading]) -> PollResult:
        loss = Reading("packet_loss_percent", self._history.loss_percent)
        if not sent.answered:
            code = ReasonCode.HOST_UNREACHABLE if sent.error else ReasonCode.NO_ANSWER
            down = _down(active, code, sent.error or f"none of {len(sent.times)} echo requests was answered")
            return PollResult(False, [*down.readings, loss], reason=down.reason)
        readings = [
            Reading("line_up", 1.0),
            Reading("rtt_seconds", sum(sent.answered) / len(sent.answered)),
            loss,
            *active,
        ]
        if self._history.jitter_seconds is not None:
            readings.append(Reading("jitter_seconds", self._history.jitter_seconds))
        return PollResult(True, readings)

    async def _by_tcp(self, active: list[Reading], code: ReasonCode, detail: str) -> PollResult:
        """Where echoes are filtered or not permitted: a TCP connection, accepted or refused, proves the line."""
        port = self._device.tcp_port
        if port is None:
            return unreachable(code, detail)
        for name in self._device.targets or (self._device.host,):
            with contextlib.suppress(TimeoutError, OSError):
                taken = await self._connect(await self._address(name), port)
                return PollResult(True, [Reading("line_up", 1.0), Reading("rtt_seconds", taken), *active])
        return _down(active, code, detail)

    async def _connect(self, address: str, port: int) -> float:
        with pinned.pinned_socket(pinned.family_of(address), socket.SOCK_STREAM, 0, self._pin) as opened:
            started = self._clock.monotonic()
            async with asyncio.timeout(self._wait()):
                with contextlib.suppress(ConnectionRefusedError):
                    await asyncio.get_running_loop().sock_connect(opened, (address, port))
            return self._clock.monotonic() - started

    async def _active(self) -> list[Reading]:
        """Whether the kernel's route to the district leaves by this line; nothing where that cannot be told."""
        pin = self._pin
        if not self._device.route_to or not (pin.interface or pin.source):
            return []
        try:
            own = pinned.addresses_of(pin.interface) if pin.interface else {pin.source}
            towards = pinned.source_towards(await self._address(self._device.route_to))
        except (OSError, UnicodeError):  # no route by any line, or the name is not to be had: this one carries nothing
            return [Reading("line_active", 0.0)]
        return [Reading("line_active", 1.0 if towards in own else 0.0)]

    async def _names(self) -> list[Reading]:
        name = self._device.resolve
        if name is None:
            return []
        try:
            server = self._device.nameserver or dns.system_server()
            if server is None:
                return [Reading("names_resolve", 0.0)]
            taken = await dns.resolve(name, server, self._pin, self._clock, timeout=min(2.0, self._device.timeout))
        except (dns.NotResolved, OSError):
            return [Reading("names_resolve", 0.0)]
        return [Reading("names_resolve", 1.0), Reading("name_resolution_seconds", taken)]

    async def _address(self, name: str) -> str:
        """The literal address; one that was known serves on while names do not resolve."""
        try:
            pinned.family_of(name)
        except ValueError:
            pass
        else:
            return name
        now = self._clock.monotonic()
        known = self._addresses.get(name)
        if known is None or now - known[0] > _KNOWN_FOR:
            try:
                infos = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
                known = (now, str(infos[0][4][0]))
            except socket.gaierror:
                if known is None:
                    raise
                known = (now, known[1])
            self._addresses[name] = known
        return known[1]


def _spread(targets: Sequence[str]) -> list[str]:
    """The burst's probes over the line's targets, each at least once."""
    return [targets[number % len(targets)] for number in range(max(PROBES, len(targets)))]


def _down(active: Sequence[Reading], code: ReasonCode, detail: str) -> PollResult:
    return PollResult(False, [Reading("line_up", 0.0), *active], reason=Reason(code, detail))
