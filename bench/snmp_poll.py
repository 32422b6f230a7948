"""CPU seconds per 1000 SNMP rows, from wire to durable journal entry, beside prometheus-snmp-exporter.

Both walk the same columns of one snmpd with many interfaces, with GETBULKs of one size, in turns, in the same run.
Ours counts the whole chain (switch collector, entry, SQLite commit with every reading written); the exporter its walk
and its text page. It runs in a network namespace of its own, where the interfaces are made and vanish with it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from collectors.base import Collector
from collectors.config import SnmpDevice
from collectors.protocols.snmp import REPETITIONS, SnmpClient
from collectors.protocols.snmp_values import Value
from collectors.registry import collector_for
from journal.journal import Journal
from telemetry.clock import SystemClock
from telemetry.entry import Readings
from telemetry.kinds import Kind

MOST_RATIO = 1.5
PEERS = ("snmpd", "prometheus-snmp-exporter", "ip", "unshare")
_INSIDE = "--inside-namespace"


@dataclass(frozen=True, slots=True)
class Walked:
    """One walk of a steady poll and the rows it brought."""

    root: str
    below: tuple[str, ...]  # the OIDs below root


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench snmp", description=__doc__)
    parser.add_argument("--polls", type=int, default=60, help="polls and scrapes measured (default 60)")
    parser.add_argument("--interfaces", type=int, default=120, help="interfaces of the agent (default 120)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    parser.add_argument(_INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    missing = [name for name in PEERS if _program(name) is None]
    if missing:
        print(f"bench snmp: not installed: {', '.join(missing)}", file=sys.stderr)
        return 1
    if not options.inside_namespace:
        unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        own = [sys.executable, "-m", "bench", "snmp", _INSIDE, *arguments]
        return subprocess.run([*unshare, *own], cwd=Path(__file__).resolve().parent.parent).returncode
    _make_interfaces(options.interfaces)
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        figures = asyncio.run(_measure(Path(folder), options.polls))
    if not options.json:
        print(f"target: ratio <= {MOST_RATIO}")
    print(json.dumps(figures))
    return 0 if figures["ratio"] <= MOST_RATIO else 1


async def _measure(folder: Path, polls: int) -> dict[str, float]:
    agent, exporter = _free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_STREAM)
    clock = SystemClock()
    with _snmpd(folder, agent), _journal(folder, clock) as journal:
        device = SnmpDevice(id="switch-1", kind=Kind.SWITCH, protocol="snmp", host="127.0.0.1", port=agent)
        collector = collector_for(device, clock=clock)
        await _until_it_answers(collector)
        await collector.poll()  # names and speeds are known, the session is up
        with _recorded() as walks:
            await collector.poll()
        rows = sum(len(walk.below) for walk in walks)
        with _snmp_exporter(folder, exporter, agent, walks) as process:
            ours = theirs = 0.0
            for _ in range(polls):
                started = _own_cpu()
                result = await collector.poll()
                journal.append(Readings(result.readings), kind="switch", device="switch-1")
                if not journal.flush():
                    raise SystemExit("bench snmp: the journal did not commit")
                ours += _own_cpu() - started
                before = _cpu_of(process)
                _scrape(exporter, agent)
                theirs += _cpu_of(process) - before
        await collector.close()
    per_1000, theirs_per_1000 = (1000 * seconds / (rows * polls) for seconds in (ours, theirs))
    ratio = round(per_1000 / theirs_per_1000, 3)
    return {
        "cpu_per_1000_rows": round(per_1000, 5),
        "exporter_cpu_per_1000_rows": round(theirs_per_1000, 5),
        "ratio": ratio,
        "ratio_to_exporter": ratio,
        "rows": rows * polls,
        "readings_per_poll": len(result.readings),
    }


# ---- what is measured --------------------------------------------------------------------------------------------


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
            walks.append(Walked(root, tuple(rows)))
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


def _make_interfaces(count: int) -> None:
    """Pairs of virtual Ethernet, in this namespace only."""
    commands = ["link set lo up"] + [f"link add a{n} type veth peer name b{n}" for n in range(count // 2)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


@contextlib.contextmanager
def _snmpd(folder: Path, port: int) -> Iterator[None]:
    own = folder / "snmpd.conf"
    own.write_text(f"agentaddress udp:127.0.0.1:{port}\nrocommunity public\n", encoding="ascii")
    command = [str(_program("snmpd")), "-f", "-Lf", str(folder / "snmpd.log"), "-C", "-c", str(own), "-I", "-smux"]
    with _running(command, {"SNMP_PERSISTENT_DIR": str(folder)}):
        yield


@contextlib.contextmanager
def _snmp_exporter(folder: Path, port: int, agent: int, walks: list[Walked]) -> Iterator[psutil.Process]:
    own = folder / "snmp.yml"
    own.write_text(_exporter_config(walks), encoding="ascii")
    program = str(_program("prometheus-snmp-exporter"))
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
        depth = max(below.count(".") for below in walk.below)
        columns = [walk.root] if depth == 0 else sorted({f"{walk.root}.{below.split('.')[0]}" for below in walk.below})
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
        raise SystemExit(f"bench snmp: the exporter found nothing: {body[:300]!r}")


@contextlib.contextmanager
def _running(command: list[str], env: dict[str, str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)


async def _until_it_answers(collector: Collector) -> None:
    for _ in range(20):
        result = await collector.poll()
        if result.reachable:
            return
        await asyncio.sleep(0.2)
    raise SystemExit("bench snmp: snmpd does not answer")


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
