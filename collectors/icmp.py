"""Echo requests: whether any device is there, how far, how much is lost. Works for every kind.

Devices that people use may answer none and yet be there: a tablet asleep, a computer behind its firewall. Those that
answer ARP are present, and reachable in that sense: `echo_answered` tells the two apart.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import socket
from dataclasses import dataclass, replace
from enum import Enum

from icmplib import async_ping
from icmplib.exceptions import DestinationUnreachable, ICMPLibError, NameLookupError, SocketPermissionError

from collectors.config import IcmpDevice
from collectors.protocols import neighbours
from telemetry.clock import Clock
from telemetry.kinds import Kind
from telemetry.readings import PollResult, Reading, Reason, ReasonCode, unreachable

_LOG = logging.getLogger(__name__)
_COUNT, _VITAL_COUNT = 4, 2
_GAP = 0.2  # seconds between echo requests: ping's smallest for an ordinary user
_ARP_WAIT = 7.0  # seconds: the kernel's 5 until it asks a neighbour that it knew, and an answer
_BY_ARP = frozenset(
    {
        *(Kind.WORKSTATION, Kind.KIOSK, Kind.TABLET, Kind.QUEUE, Kind.COUNTER_DISPLAY, Kind.SIGNBOARD, Kind.DISPLAY),
        *(Kind.PRINTER, Kind.SCANNER),
    }
)
_SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) (?:packets )?received")
_TIMES = re.compile(r"(?:rtt|round-trip) min/avg/max(?:/(?:mdev|stddev))? = ([\d.]+)/([\d.]+)/([\d.]+)")
_EACH = re.compile(r"time[=<]([\d.]+) ?ms")


class Way(Enum):
    """How this machine lets us send echo requests; the first that works is kept."""

    RAW = "raw socket"
    DATAGRAM = "datagram socket"  # net.ipv4.ping_group_range
    PROGRAM = "the ping program"


@dataclass(frozen=True, slots=True)
class Echoes:
    """What came back: seconds of each answer, of so many requests."""

    sent: int
    times: tuple[float, ...]


class NotPermitted(Exception):
    """This machine lets the agent send echo requests in none of the ways."""


class IcmpCollector:
    """reachable, rtt_seconds (mean), packet_loss_percent, jitter_seconds (mean difference of successive answers,
    RFC 3550 section 6.4.1 without its smoothing).

    Of a device that people use, echo_answered too: 1, or 0 where it is known to be there only because it answers ARP.
    """

    has_vital = True

    def __init__(self, device: IcmpDevice, clock: Clock) -> None:
        self._device = device
        self._way: Way | None = None

    async def poll(self) -> PollResult:
        return await self._ask(_COUNT, arp_wait=min(_ARP_WAIT, self._device.timeout))

    async def poll_vital(self) -> PollResult:
        return await self._ask(_VITAL_COUNT, arp_wait=0.0)

    async def close(self) -> None:
        """Nothing is held between polls."""

    async def _ask(self, count: int, arp_wait: float) -> PollResult:
        host = self._device.host
        timeout = max(0.2, self._device.timeout - _GAP * count)
        try:
            address = await _resolve(host)
            echoes = await self._echo(address, count, timeout)
        except NotPermitted as error:
            return unreachable(ReasonCode.NOT_PERMITTED, str(error))
        except socket.gaierror as error:
            return unreachable(ReasonCode.NAME_UNKNOWN, f"{host}: {error}")
        except DestinationUnreachable as error:
            return unreachable(ReasonCode.HOST_UNREACHABLE, str(error))
        except (ICMPLibError, OSError) as error:
            return unreachable(ReasonCode.HOST_UNREACHABLE, f"{type(error).__name__}: {error}")
        if self._device.kind not in _BY_ARP:
            return result_of(echoes)
        if not echoes.times and await neighbours.answers(address, arp_wait):
            return PollResult(reachable=True, readings=[Reading("echo_answered", 0.0)])
        result = result_of(echoes)
        answered = [Reading("echo_answered", 1.0)] if echoes.times else []
        return replace(result, readings=[*result.readings, *answered])

    async def _echo(self, address: str, count: int, timeout: float) -> Echoes:
        for way in [self._way] if self._way is not None else list(Way):
            try:
                echoes = await _WAYS[way](address, count, timeout)
            except (NotPermitted, SocketPermissionError, PermissionError) as error:
                _LOG.debug("echo by %s: %s", way.value, error)
                continue
            self._way = way
            return echoes
        self._way = None
        raise NotPermitted("raw and datagram ICMP sockets are refused and there is no usable ping program")


def result_of(echoes: Echoes) -> PollResult:
    """Readings of a set of echoes. Nothing back is no answer."""
    loss = 100.0 * (1 - len(echoes.times) / echoes.sent) if echoes.sent else 100.0
    if not echoes.times:
        return PollResult(
            reachable=False,
            readings=[Reading("packet_loss_percent", 100.0)],
            reason=Reason(ReasonCode.NO_ANSWER, f"none of {echoes.sent} echo requests was answered"),
        )
    readings = [
        Reading("rtt_seconds", sum(echoes.times) / len(echoes.times)),
        Reading("packet_loss_percent", max(0.0, loss)),
    ]
    if len(echoes.times) > 1:
        steps = [abs(b - a) for a, b in zip(echoes.times, echoes.times[1:], strict=False)]
        readings.append(Reading("jitter_seconds", sum(steps) / len(steps)))
    return PollResult(reachable=True, readings=readings)


async def _resolve(host: str) -> str:
    infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_RAW)
    return str(infos[0][4][0])


async def _by_raw(address: str, count: int, timeout: float) -> Echoes:
    return await _by_library(address, count, timeout, privileged=True)


async def _by_datagram(address: str, count: int, timeout: float) -> Echoes:
    return await _by_library(address, count, timeout, privileged=False)


async def _by_library(address: str, count: int, timeout: float, privileged: bool) -> Echoes:
    try:
        host = await async_ping(address, count=count, interval=_GAP, timeout=timeout / count, privileged=privileged)
    except NameLookupError as error:
        raise socket.gaierror(str(error)) from error
    return Echoes(host.packets_sent, tuple(milliseconds / 1000 for milliseconds in host.rtts))


async def _by_program(address: str, count: int, timeout: float) -> Echoes:
    """The system's ping, which is setuid or has the capability where sockets are refused to us."""
    program = shutil.which("ping")
    if program is None:
        raise NotPermitted("no ping program")
    arguments = ["-n", "-c", str(count), "-i", str(_GAP), "-W", str(max(1, round(timeout / count))), address]
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), timeout + _GAP * count + 2)
    except (TimeoutError, asyncio.CancelledError):
        process.kill()
        await process.wait()
        raise
    return parse_ping(output.decode(errors="replace"), errors.decode(errors="replace"))


def parse_ping(output: str, errors: str) -> Echoes:
    """What iputils' or BusyBox' ping prints. Raises NotPermitted where it may not send either."""
    summary = _SUMMARY.search(output)
    if summary is None:
        if "permitted" in errors or "denied" in errors.casefold():
            raise NotPermitted(errors.strip()[:200])
        raise OSError(errors.strip()[:200] or "ping said nothing")
    times = tuple(float(found) / 1000 for found in _EACH.findall(output))
    if not times and (whole := _TIMES.search(output)) is not None:
        times = (float(whole.group(2)) / 1000,) * int(summary.group(2))
    return Echoes(int(summary.group(1)), times)


_WAYS = {Way.RAW: _by_raw, Way.DATAGRAM: _by_datagram, Way.PROGRAM: _by_program}
