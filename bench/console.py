"""What the console costs: a page of 40 devices, and 200 pages that listen to a district that lives.

The example district is served by a process of its own over real sockets. Shares are percent of one core, of that
process alone; the share without listeners is what the example itself takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import psutil

WARD = "binh-thuan"  # the example's ward of 40 devices
PASSWORD = "bench-password"
PER_SESSION = 20
REQUESTS = 100
MOST_PAGE_CPU_MS = 20.0  # of processor time: what a page takes whatever else the machine does


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench console", description=__doc__)
    parser.add_argument("--listeners", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to measure (default 20)")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["-m", "dashboards.console.example", "--port", str(port), "--password", PASSWORD]
    server = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    try:
        figures = measure(psutil.Process(server.pid), f"http://127.0.0.1:{port}", options.listeners, options.seconds)
    finally:
        server.terminate()
        server.wait(10)
    if not options.json:
        print(f"target: page_cpu_ms <= {MOST_PAGE_CPU_MS:.0f}")
    print(json.dumps(figures))
    return 0 if figures["page_cpu_ms"] <= MOST_PAGE_CPU_MS else 1


def measure(server: psutil.Process, url: str, listeners: int, seconds: float) -> dict[str, float]:
    cookies = [sign_in(url) for _ in range(-(-listeners // PER_SESSION))]
    times: list[float] = []
    before = cpu_seconds(server)
    with httpx.Client(base_url=url, headers={"Cookie": cookies[0]}) as client:
        for _ in range(REQUESTS):
            start = time.perf_counter()
            page = client.get(f"/api/wards/{WARD}")
            times.append((time.perf_counter() - start) * 1000)
    page_cpu_ms = (cpu_seconds(server) - before) / REQUESTS * 1000
    idle = share(server, lambda: time.sleep(seconds / 2))
    counts = Counts()
    busy = share(server, lambda: asyncio.run(listen(url, cookies, listeners, seconds, counts)))
    return {
        "devices": float(len(page.json()["devices"])),
        "page_cpu_ms": round(page_cpu_ms, 1),
        "page_ms_median": round(statistics.median(times), 1),
        "page_ms_p95": round(sorted(times)[len(times) * 95 // 100], 1),
        "page_bytes": float(len(page.content)),
        "page_bytes_packed": float(page.headers["content-length"]),
        "listeners": float(listeners),
        "core_percent": round(busy, 2),
        "core_percent_without_listeners": round(idle, 2),
        "events_per_second": round(counts.events / seconds, 1),
        "rss_mb": round(server.memory_info().rss / 1e6, 1),
    }


def sign_in(url: str) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            answer = httpx.post(f"{url}/api/session", json={"user": "demo", "password": PASSWORD})
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
            continue
        answer.raise_for_status()
        return f"wardwatch_session={answer.cookies['wardwatch_session']}"


class Counts:
    """Events that arrived, at all listeners together."""

    events = 0


async def listen(url: str, cookies: list[str], listeners: int, seconds: float, counts: Counts) -> None:
    """Half of them on the district's page, half on a ward's."""
    pages = [f"?ward={WARD}" if number % 2 else "" for number in range(listeners)]
    tasks = [
        asyncio.create_task(one(url, page, cookies[number // PER_SESSION], counts)) for number, page in enumerate(pages)
    ]
    await asyncio.sleep(seconds)
    for task in tasks:
        if task.done():
            await task  # a listener that ended early is a failure, not a saving
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def one(url: str, page: str, cookie: str, counts: Counts) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(f"GET /api/events{page} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
        status = await reader.readline()
        if b" 200 " not in status:
            raise SystemExit(f"bench console: a stream was refused: {status!r}")
        while chunk := await reader.read(65536):
            counts.events += chunk.count(b"\nevent: ")
        raise SystemExit("bench console: a stream ended early")
    finally:
        writer.close()


def share(server: psutil.Process, meanwhile: Callable[[], None]) -> float:
    """Percent of one core that the server spends while `meanwhile()` runs."""
    before, started = cpu_seconds(server), time.monotonic()
    meanwhile()
    return 100 * (cpu_seconds(server) - before) / (time.monotonic() - started)


def cpu_seconds(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)
