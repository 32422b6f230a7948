"""`ward-district counts`: what the district's files hold, read from the files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass

from district import rebuild
from district.config import Configuration
from district.database import open_database
from district.holdings import Holdings
from district.records import Counts, Records
from district.stores import open_store
from store.base import Store
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words


@dataclass(frozen=True, slots=True)
class WardCounts:
    """Of one ward. `positions` are ranges by incarnation (hex); `holes` are positions between the first and last held
    that are neither held nor lost; `duplicate_positions` are entries that the store holds more than once."""

    id: str
    name: str
    readings_committed: int
    events_committed: int
    positions_held: int
    duplicate_positions: int
    holes: int
    named_losses: int
    refused_entries: int
    dropped_duplicates: int
    positions: dict[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class DistrictCounts:
    """All wards of the configuration."""

    wards: list[WardCounts]

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    def as_text(self, words: Words) -> str:
        lines = []
        for ward in self.wards:
            lines.append(f"{ward.name} ({ward.id})")
            for name, value in asdict(ward).items():
                if isinstance(value, int):
                    lines.append(f"  {words.say(f'counts.{name}'):22}{value:>12}")
        return "\n".join(lines)


def count(configuration: Configuration) -> DistrictCounts:
    """Read the files. Raises StoreError, also while the hub has them open (its own figures: GET /api/statistics),
    and HubDatabaseError."""
    engine = open_database(configuration.hub_path)
    store = open_store(configuration, SystemClock(), shipping=False)
    try:
        records = Records(engine)
        counts = records.counts()
        holdings = Holdings(store, rebuild.losses(store, records))
        return DistrictCounts(
            [
                _ward(ward, name, store, holdings, counts.get(ward, Counts()))
                for ward, name in configuration.names.items()
            ]
        )
    finally:
        store.close()
        engine.dispose()


def _ward(ward: str, name: str, store: Store, holdings: Holdings, counts: Counts) -> WardCounts:
    taken = store.counts(ward)
    return WardCounts(
        id=ward,
        name=name,
        readings_committed=taken.samples_committed,
        events_committed=taken.events_committed,
        positions_held=taken.positions,
        duplicate_positions=duplicates(store, ward),
        holes=holdings.missing_count(ward),
        named_losses=holdings.lost_count(ward),
        refused_entries=counts.refused_entries,
        dropped_duplicates=counts.dropped_duplicates,
        positions={each.id.hex(): list(each.held) for each in holdings.ward(ward)},
    )


def duplicates(store: Store, ward: str) -> int:
    """Entries that are in the store more than once. Readings leave no trace of their entry there: were those counted
    twice, `readings_committed` would be more than the ward's journal says."""
    found = Counter((event.incarnation, event.position) for event in store.events(ward))
    return sum(found.values()) - len(found)
