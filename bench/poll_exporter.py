"""CPU seconds per 1000 SNMP rows, from wire to durable journal entry, beside prometheus-snmp-exporter.

Both walk the same columns of one agent with many interfaces, with GETBULKs of one size, in turns, in the same run, and
find every row changed since their turn before. Ours counts the whole chain of the agent (switch collector, report by
exception, entry, SQLite commit); the exporter its walk and its text page.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.snmp_agents import advance, running
from collectors.base import Collector
from collectors.config import SnmpDevice
from collectors.protocols.snmp import REPETITIONS, SnmpClient
from collectors.protocols.snmp_values import Value
from collectors.registry import collector_for
from edge_agent.exception_report import DeviceReport
from journal.journal import Journal
from telemetry.clock import SystemClock
from telemetry.kinds import Kind

MOST_RATIO = 1.2
PEER = "prometheus-snmp-exporter"


@dataclass(frozen=True, slots=True)
class Walked:
    """One walk of a steady poll and the rows it brought: the OIDs below root → value."""

    root: str
    rows: Mapping[str, Value]


def measure(folder: Path, polls: int) -> dict[str, float]:
    """The figures; SystemExit with a word where the peer is missing or a condition of the comparison does not hold."""
    if _program(PEER) is None:
        raise SystemExit(f"bench poll: not installed: {PEER}")
    return asyncio.run(_measure(folder, polls))


async def _measure(folder: Path, polls: int) -> dict[str, float]:
    (agent,), (exporter,) = free_ports(socket.SOCK_DGRAM, 1), free_ports(socket.SOCK_STREAM, 1)
    clock = SystemClock()
    with running(folder, [(agent, "switch-120")]), _journal(folder, clock) as journal:
        device = SnmpDevice(id="switch-1", kind=Kind.SWITCH, protocol="snmp", host="127.0.0.1", port=agent)
        chain = _Chain(collector_for(device, clock=clock), DeviceReport(), journal, clock)
        for _ in range(2):  # names and speeds are known, the session is up, there are rates
            await chain.poll()
            advance(agent)
        walks, changed = await _recorded_twice(chain, agent)
        rows = sum(len(walk.rows) for walk in walks)
        ours = theirs = 0.0
        written: list[int] = []
        with _snmp_exporter(folder, exporter, agent, walks) as process:
            for _ in range(polls):
                advance(agent)
                started = _own_cpu()
                written.append(await chain.poll())
                ours += _own_cpu() - started
                before = _cpu_of(process)
                _scrape(exporter, agent)
                theirs += _cpu_of(process) - before
        await chain.collector.close()
    per_1000, theirs_per_1000 = (1000 * seconds / (rows * polls) for seconds in (ours, theirs))
    return {
        "cpu_per_1000_rows": round(per_1000, 5),
        "exporter_cpu_per_1000_rows": round(theirs_per_1000, 5),
        "ratio_to_exporter": round(per_1000 / theirs_per_1000, 3),
        "rows": rows * polls,
        "rows_changed_percent": changed,
        "readings_written_per_poll": round(sum(written) / len(written), 1),
    }


# ---- what is measured --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chain:
    """From the wire to the disk, as the agent does it."""

    collector: Collector
    report: DeviceReport
    journal: Journal
    clock: SystemClock

    async def poll(self) -> int:
        """One poll; the readings that it made durable."""
        result = await self.collector.poll()
        if not result.reachable or result.reason is not None:
            raise SystemExit(f"bench poll: the agent was not wholly read: {result.reason}")
        entries = self.report.readings(result, self.clock.monotonic(), 30.0)
        for entry in entries:
            self.journal.append(entry, kind="switch", device="switch-1")
        if not self.journal.flush():
            raise SystemExit("bench poll: the journal did not commit")
        return sum(len(entry.readings) for entry in entries)


async def _recorded_twice(chain: _Chain, agent: int) -> tuple[list[Walked], float]:
    """The walks of a steady poll, and how many per cent of their rows had another value in the turn before."""
    taken: list[list[Walked]] = []
    for _ in range(2):
        with _recorded() as walks:
            await chain.poll()
        taken.append(walks)
        advance(agent)
    before, now = (
        {(walk.root, below): value for walk in walks for below, value in walk.rows.items()} for walks in taken
    )
    moved = sum(value != before.get(row) for row, value in now.items())
    if moved < len(now):
        raise SystemExit(f"bench poll: {len(now) - moved} of {len(now)} rows stood still")
    return taken[-1], round(100 * moved / len(now), 1)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _cpu_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextlib.contextmanager
def _recorded() -> Iterator[list[Walked]]:
    """The walks of one poll, taken down once; the measured polls run the code as it is."""
    walks: list[Walked] = []
    walk = SnmpClient._walk

    async def noted(self: SnmpClient, root: str, max_rows: int) -> dict[str, Value]:
        rows = await walk(self, root, max_rows)
        if rows:
            walks.append(Walked(root, rows))
        return rows

    SnmpClient._walk = noted  # type: ignore[method-assign]
    try:
        yield walks
    finally:
        SnmpClient._walk = walk  # type: ignore[method-assign]


@contextlib.contextmanager
def _journal(folder: Path, clock: SystemClock) -> Iterator[Journal]:
    journal = Journal.open(folder / "journal.db", clock=clock, agent_version="bench")
    try:
        yield journal
    finally:
        journal.close()


# ---- the peers -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _snmp_exporter(folder: Path, port: int, agent: int, walks: list[Walked]) -> Iterator[psutil.Process]:
    own = folder / "snmp.yml"
    own.write_text(_exporter_config(walks), encoding="ascii")
    program = str(_program(PEER))
    command = [program, f"--config.file={own}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with _running(command, {}) as process:
        for attempt in range(100):
            try:
                _scrape(port, agent)
                break
            except (urllib.error.URLError, ConnectionError):
                if attempt == 99:
                    raise
                time.sleep(0.1)
        _scrape(port, agent)
        yield process


def _exporter_config(walks: list[Walked]) -> str:
    """The same subtrees, and a metric for each column in them, so that the exporter writes out every row."""
    lines = [
        "bench:",
        "  version: 2",
        f"  max_repetitions: {REPETITIONS}",
        "  auth:",
        "    community: public",
        "  walk:",
    ]
    lines += [f"  - {walk.root}" for walk in walks]
    lines.append("  metrics:")
    for walk in walks:
        depth = max(below.count(".") for below in walk.rows)
        columns = [walk.root] if depth == 0 else sorted({f"{walk.root}.{below.split('.')[0]}" for below in walk.rows})
        for column in columns:
            name = "column_" + column.replace(".", "_")
            lines += [f"  - name: {name}", f"    oid: {column}", "    type: gauge", f"    help: {column}"]
            lines += ["    indexes:", "    - labelname: index", "      type: gauge"]
    return "\n".join([*lines, ""])


def _scrape(port: int, agent: int) -> None:
    url = f"http://127.0.0.1:{port}/snmp?module=bench&target=127.0.0.1:{agent}"
    with urllib.request.urlopen(url, timeout=20) as page:
        body = page.read()
    if body.count(b"\ncolumn_") < 10:
        raise SystemExit(f"bench poll: the exporter found nothing: {body[:300]!r}")


@contextlib.contextmanager
def _running(command: list[str], env: dict[str, str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def free_ports(kind: int, count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody has, each another: SOCK_DGRAM or SOCK_STREAM."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
