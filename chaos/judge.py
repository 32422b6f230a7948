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
from chaos.losses import Gone
from chaos.served import Served, ServedVerdict
from chaos.ward import Life
from chaos.witness import Positions, Witness, positions
from district import rebuild
from district.config import Configuration, load
from district.database import open_database
from district.hub_conditions import AGENT_RESTORED, DISTRICT_BEHIND, JOURNAL_FORKED, TWO_AGENTS, WARD_FLOODS
from district.records import Records
from district.stores import open_store
from district.verification import verify as verify_district
from journal.model import JournalSettings
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
    tombstones: int = 0
    named_in_vain: int = 0  # by tombstones, and held by the district after all
    unwitnessed: int = 0  # written and gone again before anybody saw it

    def told(self) -> list[str]:
        """The first of all that is wrong, in words."""
        unseen = [f"{self.unwitnessed} entries were gone before they were seen"] if self.unwitnessed else []
        found = [*self.comparison.told, *self.proofs.told, *self.served.told, *self.unsound, *self.false_alarms]
        return [*found, *unseen]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a ward: who saw its journal all the while, when its agent ran, and when its disk was full."""

    ward: str
    witness: Witness
    lives: Sequence[Life]
    full: Sequence[tuple[int, int]] = ()
    max_bytes: int = JournalSettings().max_bytes  # of its journal


def judge(wards: Sequence[Left], district_file: Path, served_file: Path) -> Judgement:
    """After hub and agents have ended; where numbers are in VictoriaMetrics, that runs still, and the calling thread is
    in its namespace. Raises JournalError, StoreError, HubDatabaseError, OSError: then nothing can be said."""
    found = Judgement()
    configuration = load(district_file)
    form: Callable[[Sample], Sample] = kept if configuration.store.kind == VICTORIA else _as_it_is
    answers = _read_served(served_file)
    journals = {left.ward: _read_journal(left, found) for left in wards}
    for left in wards:
        found.lifecycle.update(_lifecycle(journals[left.ward].journaled))
        lives = served.runs(left.lives, left.full, journals[left.ward].journaled)
        served.judge(answers.get(left.ward, []), journals[left.ward].journaled, lives, found.served)
    store = open_store(configuration, SystemClock(), shipping=False)
    try:
        said = _hub_says(configuration, store)
        found.false_alarms, found.dropped_duplicates = said.false_alarms, said.dropped_duplicates
        for left in wards:
            journal = journals[left.ward]
            committed = _read_committed(store, left.ward, journal.journaled)
            gone = _gone(left, journal, committed, said.named)
            compare.compare(left.ward, journal.journaled, committed, gone, form, found.comparison)
            points = [decode(event.entry) for event in committed.events if event.payload == "checkpoint"]
            checkpoints.check(journal.journaled, points, found.proofs)
            found.false_alarms += [f"false alarm: {left.ward} {words}" for words in gone.false_alarms()]
            found.named_in_vain += gone.in_vain()
    finally:
        store.close()
    words = Words("en", "district")
    found.unsound += [f"ward-district verify: {each.text(words)}" for each in verify_district(configuration).violations]
    return found


def _as_it_is(sample: Sample) -> Sample:
    return sample


@dataclass(frozen=True, slots=True)
class _Journal:
    """`journaled`: all that was ever durable. `still`: what of it the file holds in the end."""

    journaled: list[Journaled]
    still: Positions


def _read_journal(left: Left, found: Judgement) -> _Journal:
    witness = left.witness
    report = verify_journal(witness.journal)
    witness.look()
    found.journals += 1
    found.incarnations += len({incarnation for incarnation, _ in witness.entries})
    found.tombstones += witness.tombstones
    found.unwitnessed += sum(map(len, witness.unseen().values()))
    for invariant in report.invariants.values():
        found.unsound += [f"{left.ward} journal verify: {invariant.name} {words}" for words in invariant.violations]
    held = {(incarnation, position): data for incarnation, position, data in read_entries(witness.journal)}
    for (incarnation, position), data in held.items():
        if witness.entries.get((incarnation, position)) != data:
            found.unsound.append(f"{left.ward} {incarnation.hex()[:8]}:{position} is not what it was when it was new")
    return _Journal([Journaled.read(left.ward, data) for data in witness.entries.values()], positions(held))


def _gone(left: Left, journal: _Journal, committed: Committed, named: Losses) -> Gone:
    durable, unseen = positions(left.witness.entries), left.witness.unseen()
    for incarnation, more in unseen.items():
        durable.setdefault(incarnation, IntervalSet()).update(more)
    return Gone(
        durable=durable,
        unseen=unseen,
        still=journal.still,
        stones=left.witness.named,
        disowned=left.witness.disowned,
        held=committed.positions,
        least_kept=left.witness.least_kept,
        most=left.max_bytes,
        named={incarnation: lost for (ward, incarnation), lost in named.items() if ward == left.ward},
    )


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


def _read_committed(store: Store, ward: str, journaled: Iterable[Journaled]) -> Committed:
    keys = {series_of(sample) for each in journaled for sample in each.samples()}
    keys |= {latest.key for latest in store.latest(ward)}
    until_us = time.time_ns() // 1000 + 10 * _DAY_US
    series = {key: store.history(key, 0, until_us) for key in keys}
    return Committed(
        positions={name: store.positions(ward, name) for name in store.incarnations(ward)},
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
