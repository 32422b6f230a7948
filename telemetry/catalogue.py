"""The metric catalogue: what each number means, when a change of it is news, and what people call it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the catalogue (metrics.toml says what each field means)."""

    name: str
    unit: str
    dead_band: float
    relative: bool
    digits: int
    vi: str
    en: str

    def is_news(self, before: float, now: float) -> bool:
        """Whether `now` moved beyond the dead-band around `before`, the value last written."""
        band = self.dead_band * abs(before) if self.relative else self.dead_band
        return abs(now - before) > band


@lru_cache(maxsize=1)
def metrics() -> dict[str, Metric]:
    """The whole catalogue by metric name."""
    text = resources.files("telemetry").joinpath("metrics.toml").read_text(encoding="utf-8")
    return {
        name: Metric(
            name=name,
            unit=line["unit"],
            dead_band=float(line["dead_band"]),
            relative=bool(line.get("relative", False)),
            digits=int(line.get("digits", 0)),
            vi=line["vi"],
            en=line["en"],
        )
        for name, line in tomllib.loads(text).items()
    }
