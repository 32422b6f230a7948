"""What the district's hub costs: readings from MQTT (a real mosquitto) to the committed store, hub and broker as
processes, the wards by the agent's own uplink.

CPU is the hub's user+sys while a load runs, by /proc; RSS its peak, in MB (10^6 bytes); lag from the making of a live
batch's newest entry to its commit, by the hub's own statistics; bytes are the store's file as the hub left it, by all
that is in it: a day of one ward, and of the others so little that their series themselves are most of it.
Replay: one ward comes back with an hour that the district never saw.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench import ingest_plot
from bench.ingest_district import District, fill_a_day, history_ms
from bench.ingest_wards import METRICS_PER_DEVICE, POLL_SECONDS, TURNS, Ward, ward_id

MOST_CPU_SECONDS = 0.05
MOST_LAG_MS = 1000.0
MOST_RSS_MB = 400.0
MOST_HISTORY_MS = 5.0
GROWTH = (1, 10, 100)
_SETTLE_SECONDS = 15.0
_IDLE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many wards of so many metrics each, all of them read every 30 s, for so long; then one ward's hours again."""

    wards: int = 100
    metrics: int = 400
    seconds: float = 60.0
    hours: float = 1.0

    @property
    def devices(self) -> int:
        return self.metrics // METRICS_PER_DEVICE


def measure(folder: Path, load: Load) -> dict[str, float]:
    district = District(folder, [ward_id(number) for number in range(1, load.wards + 2)])
    wards = [Ward(number, load.devices, district.port) for number in range(1, load.wards + 1)]
    late = Ward(load.wards + 1, load.devices, district.port)
    _say(f"{load.wards} wards of {load.metrics} metrics; a store with a day of one of them first")
    samples = fill_a_day(district.store, wards[0])
    figures: dict[str, float] = {"wards": float(load.wards), "metrics": float(load.metrics)}
    try:
        district.start()
        for ward in wards:
            ward.uplink.start()
        time.sleep(_SETTLE_SECONDS)
        idle = _cpu_while(district, lambda: time.sleep(_IDLE_SECONDS)) / _IDLE_SECONDS
        figures["idle_core_percent"] = round(100 * idle, 2)
        live = _live(district, wards, load, figures)
        again = _again(district, late, load, figures)
        for ward in (*wards, late):
            ward.uplink.stop()
    finally:
        district.stop()
    figures["cpu_seconds_per_1000_readings"] = max(
        figures["live_cpu_seconds_per_1000_readings"], figures["replay_cpu_seconds_per_1000_readings"]
    )
    figures["rss_mb"] = round(district.hub.usage.peak_rss_mb, 1)
    figures["history_24h_p95_ms"], figures["history_24h_cpu_p95_ms"] = history_ms(
        district.store, wards[0], hub_runs=False
    )
    counts = district.counts()
    committed = sum(ward["readings_committed"] for ward in counts.values())
    if committed != samples + live + again or any(ward["duplicate_positions"] for ward in counts.values()):
        raise SystemExit(f"bench ingest: {committed} readings are committed, not {samples + live + again}")
    figures["readings"] = live + again
    figures["bytes_per_1000_readings"] = round(1000 * district.store.stat().st_size / committed)
    return figures


def _live(district: District, wards: list[Ward], load: Load, figures: dict[str, float]) -> int:
    """The wards take their turns, evenly, as wards that know nothing of each other do."""
    readings, history = 0, [0.0]
    query = threading.Thread(
        target=lambda: history.append(history_ms(district.store, wards[0], hub_runs=True)[0]), daemon=True
    )

    def turns() -> None:
        nonlocal readings
        began, seconds = time.monotonic(), POLL_SECONDS / TURNS
        for turn in range(round(load.seconds / seconds)):
            for number, ward in enumerate(wards):
                at = began + (turn + number / len(wards)) * seconds
                time.sleep(max(0.0, at - time.monotonic()))
                readings += ward.turn(turn)
            if turn == 5:
                query.start()
            if turn % 10 == 9:
                lag = district.statistics()["live_age_ms_p99"]
                _say(f"{turn * seconds:.0f} of {load.seconds:.0f} s, lag p99 {lag:.0f} ms")
        time.sleep(1.0)  # the last ones are committed

    began = time.monotonic()
    spent = _cpu_while(district, turns)
    took = time.monotonic() - began
    query.join(60)
    statistics = district.statistics()
    figures["live_cpu_seconds_per_1000_readings"] = round(1000 * spent / readings, 4)
    figures["core_percent"] = round(100 * spent / took, 2)
    figures["readings_per_second"] = round(readings / took, 1)
    figures["lag_ms_p50"] = round(statistics["live_age_ms_p50"], 1)
    figures["lag_ms_p99"] = round(statistics["live_age_ms_p99"], 1)
    figures["history_24h_live_p95_ms"] = history[-1]
    return readings


def _again(district: District, late: Ward, load: Load, figures: dict[str, float]) -> int:
    """A ward comes back with hours that the district has to ask for."""
    readings = late.past(load.hours)
    _say(f"a ward comes back with {late.journal.head()} entries")

    def come_back() -> None:
        late.uplink.start()
        deadline = time.monotonic() + 120
        heard = False
        while True:
            missing = district.missing(late.id)
            heard = heard or missing > 0
            if heard and missing == 0:
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"bench ingest: {missing} positions are still missing")
            time.sleep(0.2)

    began = time.monotonic()
    spent = _cpu_while(district, come_back)
    figures["replay_cpu_seconds_per_1000_readings"] = round(1000 * spent / readings, 4)
    figures["replay_readings_per_second"] = round(readings / (time.monotonic() - began))
    return readings


def _cpu_while(district: District, work: object) -> float:
    assert callable(work)
    before = district.cpu_seconds()
    work()
    return district.cpu_seconds() - before


def _run(load: Load) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        return measure(Path(folder), load)


def _good(figures: dict[str, float]) -> bool:
    history = max(figures["history_24h_p95_ms"], figures["history_24h_live_p95_ms"])
    return (
        figures["cpu_seconds_per_1000_readings"] <= MOST_CPU_SECONDS
        and figures["lag_ms_p99"] <= MOST_LAG_MS
        and figures["rss_mb"] <= MOST_RSS_MB
        and history <= MOST_HISTORY_MS
    )


def _grow(options: argparse.Namespace) -> int:
    """From 1 to 10 to 100 wards. What one ward costs is a core's share, not a thousand readings'."""
    found = []
    for wards in GROWTH:
        found.append(_run(Load(wards, options.metrics, options.seconds)))
        print(json.dumps(found[-1]), flush=True)
    options.plot.write_text(ingest_plot.growth(found), encoding="utf-8")
    _say(f"wrote {options.plot}")
    return 0 if _good(found[-1]) else 1


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench ingest", description=__doc__)
    parser.add_argument("--wards", type=int, default=100, help="wards of the district (default 100)")
    parser.add_argument("--metrics", type=int, default=400, help="metrics of a ward, each every 30 s (default 400)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they send (default 60)")
    parser.add_argument("--full", action="store_true", help="for 10 minutes")
    parser.add_argument("--grow", action="store_true", help="1, 10 and 100 wards, and a plot of what that costs")
    parser.add_argument("--plot", type=Path, default=Path("docs/ingest-growth.svg"), help="where --grow draws")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    if options.full:
        options.seconds = 600.0
    if options.seconds < 2 * POLL_SECONDS / 3:
        parser.error("a run needs 20 s at least: a day's history is asked for in the midst of it")
    if not options.json:
        print(
            f"targets: cpu_seconds_per_1000_readings <= {MOST_CPU_SECONDS} (the worse of live and replay),"
            f" lag_ms_p99 <= {MOST_LAG_MS:.0f}, rss_mb <= {MOST_RSS_MB:.0f},"
            f" history_24h_p95_ms <= {MOST_HISTORY_MS:.0f} (with and without load)"
        )
    if options.grow:
        return _grow(options)
    figures = _run(Load(options.wards, options.metrics, options.seconds))
    print(json.dumps(figures))
    return 0 if _good(figures) else 1


def _say(what: str) -> None:
    print(f"ingest: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
