"""The figures of an unattended demo, read from the real files and the real API after the fact."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from dashboards.console.models import WardPageOut
from demo.live import Live
from demo.plan import Plan, Programs
from demo.processes import BIN
from journal.verify import read_counts


@dataclass(frozen=True, slots=True)
class Report:
    """What `--report FILE` writes. `missing_positions` are durable in the ward and not held by the district 10 s
    after the last entry; `duplicate_positions` are counted twice by it. MB are 10^6 bytes of peak RSS."""

    devices: dict[str, int]
    readings_journaled: int
    readings_committed: int
    missing_positions: int
    duplicate_positions: int
    seconds_to_first_screen: float | None
    agent_rss_mb: float
    hub_rss_mb: float
    agent_cpu_seconds: float
    hub_cpu_seconds: float
    live: Live | None  # of a ward without cameras, or a run too short to look: null

    def good(self) -> bool:
        return (
            self.seconds_to_first_screen is not None
            and self.missing_positions == 0
            and self.duplicate_positions == 0
            and self.readings_committed == self.readings_journaled
        )

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class DistrictCounts:
    """What the district's own files say, once it has stopped."""

    readings_committed: int
    duplicate_positions: int
    positions: dict[str, list[tuple[int, int]]]  # by incarnation in hex


def district_counts(plan: Plan) -> DistrictCounts:
    """Ask the district's own command, which reads its files. Raises CalledProcessError."""
    done = subprocess.run(
        [str(BIN / "ward-district"), "counts", "-c", str(plan.district_file), "--json"],
        check=True,
        capture_output=True,
        timeout=60,
    )
    ward = next(item for item in json.loads(done.stdout)["wards"] if item["id"] == plan.ward.id)
    return DistrictCounts(
        ward["readings_committed"],
        ward["duplicate_positions"],
        {name: [(first, last) for first, last in ranges] for name, ranges in ward["positions"].items()},
    )


def make(
    plan: Plan, programs: Programs, page: WardPageOut | None, first_screen: float | None, live: Live | None
) -> Report:
    """Read everything after all processes have ended."""
    journaled = read_counts(plan.agent_data / "journal.db")
    district = district_counts(plan)
    missing = 0
    for held in journaled.held:
        has = district.positions.get(held.incarnation.hex(), [])
        covered = sum(
            min(last, held.last_position) - max(first, held.first_position) + 1
            for first, last in has
            if last >= held.first_position and first <= held.last_position
        )
        missing += held.last_position - held.first_position + 1 - covered
    agent, hub = programs.agent.usage, programs.hub.usage
    return Report(
        devices=dict(sorted(Counter(device.kind for device in page.devices).items())) if page else {},
        readings_journaled=journaled.readings,
        readings_committed=district.readings_committed,
        missing_positions=missing,
        duplicate_positions=district.duplicate_positions,
        seconds_to_first_screen=None if first_screen is None else round(first_screen, 2),
        agent_rss_mb=round(agent.peak_rss_mb, 1),
        hub_rss_mb=round(hub.peak_rss_mb, 1),
        agent_cpu_seconds=round(agent.cpu_seconds, 2),
        hub_cpu_seconds=round(hub.cpu_seconds, 2),
        live=live,
    )
