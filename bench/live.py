"""The live picture beside its peers, in one run: `make bench ARGS="live --json"`; docs/performance.md has the figures.

CPU of the relay beside `ffmpeg -c copy`, CPU of the fan-out to 200 viewers, copies over the MAN, milliseconds from
glass to glass in Chromium, the lag over a line that is too narrow. Takes about five minutes; `--only NAME` measures one
part.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass

from bench.live_narrow import MOST_BACK_SECONDS, MOST_LAG_SECONDS

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure must not be above `most`."""

    figure: str
    most: float


TARGETS = (
    Target("relay_ratio_to_copy", 1.2),
    Target("fanout_200_core_percent", 8),
    Target("fanout_200_rss_mb", 100),
    Target("stalled_viewer_gap_ratio", 1.2),  # "unchanged" within what two runs of ten seconds differ by themselves
    Target("glass_to_glass_ms_p50", 80),
    Target("glass_to_glass_ms_p95", 120),
    Target("mse_glass_to_glass_ms_p50", 150),
    Target("mse_glass_to_glass_ms_p95", 250),
    Target("delay_20ms_adds_ms", 40),
    Target("first_frame_watched_ms", 500),
    Target("first_frame_ms", 1500),  # 500 and the camera's keyframe interval of one second
    Target("man_copies", 1.05),
    Target("narrow_most_lag_seconds", MOST_LAG_SECONDS),
    Target("narrow_back_seconds", MOST_BACK_SECONDS),
)


def relay() -> Figures:
    from bench.live_relay import measure_relay

    found: Figures = {}
    for streams in (16, 4, 1):
        figures = measure_relay(streams, 20.0)
        suffix = "" if streams == 16 else f"_{streams}"
        found[f"relay_ratio_to_copy{suffix}"] = round(figures.ratio, 3)
        found[f"relay_cpu_seconds_per_stream_minute{suffix}"] = round(figures.cpu_per_stream_minute, 3)
    return found


def fanout() -> Figures:
    from bench.live_fanout import measure_copies, measure_fanout

    plain = measure_fanout(200, 10.0)
    tiles = measure_fanout(200, 10.0, stream="sub")
    stalled = measure_fanout(200, 10.0, stalled=1)
    return {
        "fanout_200_core_percent": round(plain.core_percent, 2),
        "fanout_200_tiles_core_percent": round(tiles.core_percent, 2),
        "fanout_200_rss_mb": round(plain.rss_mb, 1),
        "fanout_200_rss_growth_mb": round(plain.rss_growth_mb, 1),
        "gap_ms_p99": round(plain.gap_ms_p99, 1),
        "gap_ms_p99_beside_a_stalled_viewer": round(stalled.gap_ms_p99, 1),
        "stalled_viewer_gap_ratio": round(stalled.gap_ms_p99 / plain.gap_ms_p99, 3),
        "man_copies": round(measure_copies().man_copies, 3),
    }


def glass() -> Figures:
    from bench.live_glass import chromium, measure_glass

    with chromium() as browser:
        quick = measure_glass(browser, "webcodecs", 0, 10.0)
        slow = measure_glass(browser, "webcodecs", 20, 10.0)
        mse = measure_glass(browser, "mse", 0, 10.0)
    return {
        "glass_to_glass_ms_p50": quick.p50,
        "glass_to_glass_ms_p95": quick.p95,
        "first_frame_ms": quick.first_ms,
        "first_frame_watched_ms": quick.first_watched_ms,
        "delay_20ms_adds_ms": round(slow.p50 - quick.p50, 1),
        "mse_glass_to_glass_ms_p50": mse.p50,
        "mse_glass_to_glass_ms_p95": mse.p95,
        "mse_first_frame_ms": mse.first_ms,
    }


def narrow() -> Figures:
    from bench.live_narrow import measure_narrow_link

    found = measure_narrow_link()
    return {
        "narrow_most_lag_seconds": found.most_lag_seconds,
        "narrow_back_seconds": found.back_seconds,
        "narrow_frames_dropped": float(found.frames_dropped),
    }


PARTS: dict[str, Callable[[], Figures]] = {"relay": relay, "fanout": fanout, "glass": glass, "narrow": narrow}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench live", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure this part alone")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    options = parser.parse_args(arguments)
    found: Figures = {}
    for name, measure in PARTS.items():
        if options.only in (None, name):
            found |= measure()
    missed = [target for target in TARGETS if found.get(target.figure, 0.0) > target.most]
    if not options.json:
        for target in TARGETS:
            if target.figure in found:
                word = "MISSED" if target in missed else "kept"
                print(f"{word:7} {target.figure} {found[target.figure]} (at most {target.most})")
    print(json.dumps(found))
    return 1 if missed else 0
