"""Reads what is left after a run, and has it judged: journals, the district's store, what was served."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos import checkpoints, compare, served
from chaos.checkpoints import Proofs
from chaos.compare import Committed, Comparison, Journaled, series_of
from chaos.district import VICTORIA
from chaos.served import Served, ServedVerdict
from chaos.ward import Life
from district import rebuild
from district.config import Configuration, load
from district.database import open_database
from district.hub_conditions import AGENT_RESTORED, DISTRICT_BEHIND, JOURNAL_FORKED, TWO_AGENTS, WARD_FLOODS
from district.records import Records
from district.stores import open_store
from district.verification import verify as verify_district
from journal.verify import read_entries
from journal.verify import verify as verify_journal
from store.base import Sample, Store
from store.victoria.kept import kept
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words
from telemetry.entry import Lifecycle, decode
from telemetry.intervals import IntervalSet

_DAY_US = 86_400_000_000
_EVER_US = 1 << 62
# What no fault of a run makes true: nothing was put back, copied or forked, and no ward floods.
NEVER = frozenset({AGENT_RESTORED, DISTRICT_BEHIND, JOURNAL_FORKED, TWO_AGENTS, WARD_FLOODS})
Losses = dict[tuple[str, bytes], IntervalSet]


@dataclass(slots=True)
class Judgement:
    """Everything that was found."""

    comparison: Comparison = field(default_factory=Comparison)
    proofs: Proofs = field(default_factory=Proofs)
    served: ServedVerdict = field(default_factory=ServedVerdict)
    unsound: list[str] = field(default_factory=list)  # what the products' own checkers found
    journals: int = 0
    incarnations: int = 0
    lifecycle: Counter[str] = field(default_factory=Counter)
    dropped_duplicates: int = 0
    false_alarms: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """The first of all that is wrong, in words."""
        return [*self.comparison.told, *self.proofs.told, *self.served.told, *self.unsound, *self.false_alarms]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a ward: its journal, when its agent ran, and when its disk was full."""

    ward: str
    journal: Path
    lives: Sequence[Life]
    full: Sequence[tuple[int, int]] = ()


def judge(wards: Sequence[Left], district_file: Path, served_file: Path) -> Judgement:
    """After hub and agents have ended; where numbers are in VictoriaMetrics, that runs still, and the calling thread is
    in its namespace. Raises JournalError, StoreError, HubDatabaseError, OSError: then nothing can be said."""
    found = Judgement()
    configuration = load(district_file)
    form: Callable[[Sample], Sample] = kept if configuration.store.kind == VICTORIA else _as_it_is
    answers = _read_served(served_file)
    journals = {left.ward: _read_journal(left, found) for left in wards}
    for left in wards:
        found.lifecycle.update(_lifecycle(journals[left.ward]))
        lives = served.runs(left.lives, left.full, journals[left.ward])
        served.judge(answers.get(left.ward, []), journals[left.ward], lives, found.served)
    store = open_store(configuration, SystemClock(), shipping=False)
    try:
        said = _hub_says(configuration, store)
        named, found.false_alarms = said.named, said.false_alarms
        found.dropped_duplicates = said.dropped_duplicates
        for name, journaled in journals.items():
            committed = _read_committed(store, name, journaled, named)
            compare.compare(name, journaled, committed, form, found.comparison)
            points = [decode(event.entry) for event in committed.events if event.payload == "checkpoint"]
            checkpoints.check(journaled, points, found.proofs)
    finally:
        store.close()
    words = Words("en", "district")
    found.unsound += [f"ward-district verify: {each.text(words)}" for each in verify_district(configuration).violations]
    return found


def _as_it_is(sample: Sample) -> Sample:
    return sample


def _read_journal(left: Left, found: Judgement) -> list[Journaled]:
    report = verify_journal(left.journal)
    found.journals += 1
    found.incarnations += report.incarnations
    for invariant in report.invariants.values():
        found.unsound += [f"{left.ward} journal verify: {invariant.name} {words}" for words in invariant.violations]
    return [Journaled.read(left.ward, data) for _, _, data in read_entries(left.journal)]


def _lifecycle(journaled: Iterable[Journaled]) -> Counter[str]:
    payloads = (each.entry.payload for each in journaled)
    return Counter(payload.event.name for payload in payloads if isinstance(payload, Lifecycle))


@dataclass(frozen=True, slots=True)
class _Said:
    """Of the hub's own tables: what it named lost, what came again, what it believed and was not so."""

    named: Losses
    dropped_duplicates: int
    false_alarms: list[str]


def _hub_says(configuration: Configuration, store: Store) -> _Said:
    engine = open_database(configuration.hub_path)
    try:
        records = Records(engine)
        told = [each for ward in configuration.names for each in records.conditions(ward, 0, _EVER_US)]
        again = sum(each.dropped_duplicates for each in records.counts().values())
        alarms = [f"false alarm: {each.rule} of {each.ward}" for each in told if each.rule in NEVER]
        return _Said(rebuild.losses(store, records), again, alarms)
    finally:
        engine.dispose()


def _read_committed(store: Store, ward: str, journaled: Iterable[Journaled], named: Losses) -> Committed:
    keys = {series_of(sample) for each in journaled for sample in each.samples()}
    keys |= {latest.key for latest in store.latest(ward)}
    until_us = time.time_ns() // 1000 + 10 * _DAY_US
    series = {key: store.history(key, 0, until_us) for key in keys}
    return Committed(
        positions={name: store.positions(ward, name) for name in store.incarnations(ward)},
        named={name: lost for (whose, name), lost in named.items() if whose == ward},
        events=store.events(ward),
        samples_committed=store.counts(ward).samples_committed,
        series={key: (found.times_us, found.values) for key, found in series.items()},
    )


def _read_served(file: Path) -> dict[str, list[Served]]:
    found: dict[str, list[Served]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            answer = Served(*json.loads(line))
            found.setdefault(answer.ward, []).append(answer)
    return found
