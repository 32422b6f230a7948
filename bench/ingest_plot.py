"""How the hub's costs grow with its wards, as a picture for docs/performance.md; readable in light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _PANEL = 880, 250, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 44, 40
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#444}.t{font-weight:600;fill:#222}"
    ".v{fill:#0b6e99;stroke:#fff;stroke-width:4;paint-order:stroke}"
    ".a{stroke:#bbb}.l{stroke:#0b6e99;stroke-width:2;fill:none}.d{fill:#0b6e99}.g{stroke:#c0392b;stroke-dasharray:4 3}"
    "@media (prefers-color-scheme:dark){text{fill:#bbb}.t{fill:#eee}.v{fill:#5cc3ee;stroke:#0d1117}.a{stroke:#555}"
    ".l{stroke:#5cc3ee}.d{fill:#5cc3ee}.g{stroke:#ff8a7a}}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure over the number of wards; `limit` is the target, where there is one."""

    title: str
    figure: str
    unit: str
    limit: float | None = None


PANELS = (
    Panel("Share of a core", "core_percent", "%"),
    Panel("CPU s / 1000 readings", "live_cpu_seconds_per_1000_readings", "", 0.05),
    Panel("Lag, p99", "lag_ms_p99", "ms", 1000.0),
    Panel("Peak memory", "rss_mb", "MB", 400.0),
)


def growth(runs: Sequence[dict[str, float]]) -> str:
    """The figures of one run after the other, by their wards, as SVG."""
    panels = "".join(
        f'<g transform="translate({number * _PANEL},0)">{_panel(panel, runs)}</g>'
        for number, panel in enumerate(PANELS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="What the hub costs with 1, 10 and 100 wards"><style>{_STYLE}</style>{panels}</svg>\n'
    )


def _panel(panel: Panel, runs: Sequence[dict[str, float]]) -> str:
    values = [run[panel.figure] for run in runs]
    top = 1.15 * max([*values, panel.limit or 0.0])
    most = math.log10(max(run["wards"] for run in runs)) or 1.0
    width, height = _PANEL - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(run: dict[str, float]) -> float:
        return round(_LEFT + width * math.log10(run["wards"]) / most, 1)

    def y(value: float) -> float:
        return round(_TOP + height * (1 - value / top), 1)

    base = _HEIGHT - _BOTTOM
    parts = [f'<text class="t" x="{_LEFT}" y="20">{panel.title}</text>']
    parts.append(f'<path class="a" fill="none" d="M{_LEFT} {_TOP}V{base}H{_PANEL - _RIGHT}"/>')
    if panel.limit is not None:
        at = y(panel.limit)
        parts.append(f'<line class="g" x1="{_LEFT}" x2="{_PANEL - _RIGHT}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 5}" y="{at + 4}" text-anchor="end">{panel.limit:g}</text>')
    parts.append(f'<text x="{_LEFT - 5}" y="{base + 4}" text-anchor="end">0</text>')
    parts.append(f'<polyline class="l" points="{" ".join(f"{x(run)},{y(run[panel.figure])}" for run in runs)}"/>')
    for run in runs:
        value = run[panel.figure]
        words = f"{value:.3g} {panel.unit}".strip()
        anchor, aside = ("end", 4) if run is runs[-1] else ("start", 4) if run is runs[0] else ("middle", 0)
        place = f'x="{x(run) + aside}" y="{y(value) - 9}"'
        parts.append(f'<circle class="d" cx="{x(run)}" cy="{y(value)}" r="3.5"/>')
        parts.append(f'<text class="v" {place} text-anchor="{anchor}">{words}</text>')
        parts.append(f'<text x="{x(run)}" y="{base + 17}" text-anchor="middle">{run["wards"]:g}</text>')
    parts.append(f'<text x="{_LEFT + width / 2}" y="{base + 33}" text-anchor="middle">wards</text>')
    return "".join(parts)
