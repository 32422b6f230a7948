"""`ward-district verify`: do the district's real files keep what is promised: the hub's part (H), the store's (S)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from district.chains import breaks
from district.config import Configuration
from district.database import HEAD, HubDatabaseError, open_database
from district.records import Records
from district.staging import payload_name
from district.stores import open_store
from store.base import Event, Store, StoreError
from store.embedded.verify import verify as verify_store
from telemetry.clock import SystemClock
from telemetry.configuration.words import Words
from telemetry.entry import EntryError, Lifecycle, LifecycleEvent, decode

# What must be true of every pair of files, whenever the hub was killed; worded in texts/*.json under "invariant".
INVARIANTS = ("S", "H1", "H2", "H3", "H4", "H5", "H6", "H7", "I3", "I4", "I5")
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where an invariant is broken; `key` names its words in texts/*.json under "violation"."""

    invariant: str
    key: str
    values: Mapping[str, object]

    def text(self, words: Words) -> str:
        return f"{self.invariant} {words.say(f'violation.{self.key}', **self.values)}"


@dataclass(slots=True)
class Verification:
    """What was checked and what is wrong."""

    entries: int = 0
    wards: int = 0
    violations: list[Violation] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.violations

    def as_json(self) -> str:
        """For programs, so in one language whoever asks; `problems` begin with the invariant's name."""
        words = Words("en", "district")
        found = {
            "good": self.good,
            "entries": self.entries,
            "wards": self.wards,
            "invariants": {name: words.say(f"invariant.{name}") for name in INVARIANTS},
            "problems": [violation.text(words) for violation in self.violations],
        }
        return json.dumps(found)

    def as_text(self, words: Words) -> str:
        broken = {violation.invariant for violation in self.violations}
        marks = {name: words.say("verify.broken" if name in broken else "verify.kept") for name in INVARIANTS}
        lines = [f"{mark:8}{name} {words.say(f'invariant.{name}')}" for name, mark in marks.items()]
        lines += [f"  {violation.text(words)}" for violation in self.violations[:_MOST_TOLD]]
        if len(self.violations) > _MOST_TOLD:
            lines.append(f"  {words.say('verify.more', count=len(self.violations) - _MOST_TOLD)}")
        problems = len(self.violations)
        lines.append(words.say("verify.summary", entries=self.entries, wards=self.wards, problems=problems))
        return "\n".join(lines)


def _violation(invariant: str, key: str, **values: object) -> Violation:
    return Violation(invariant, key, values)


def _as_said(invariant: str, detail: object) -> Violation:
    """What another part says, in its own words."""
    return _violation(invariant, "as_said", detail=detail)


def verify(configuration: Configuration) -> Verification:
    """Check everything. A file that cannot even be opened is a problem of its own."""
    found = Verification()
    try:
        engine = open_database(configuration.hub_path)
        with engine.begin() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
            found.violations += [_as_said("H1", line) for line in said if line != "ok"]
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
            if revision != [HEAD]:
                found.violations.append(_violation("H1", "schema", found=revision, wanted=HEAD))
        found.violations += _tables(Records(engine))
        engine.dispose()
    except HubDatabaseError as error:
        found.violations.append(_as_said("H1", error))
    try:
        store = open_store(configuration, SystemClock(), shipping=False)
    except StoreError as error:
        found.violations.append(_violation("H2", "store_not_opened", detail=error))
        return found
    found.violations += _store_file(configuration.store_path)
    try:
        for ward in store.wards():
            found.wards += 1
            # In this order: of what is held now the event comes, or was let go of, which the counts show.
            held = {incarnation: store.positions(ward, incarnation) for incarnation in store.incarnations(ward)}
            events = store.events(ward)
            all_here = store.counts(ward).events_committed == len(events)
            found.entries += len(events)
            found.violations += _events(store, ward, events)
            broken = breaks(ward, events, held if all_here else None)
            found.violations += [_violation(each.invariant, each.key, place=each.place) for each in broken]
    except StoreError as error:
        found.violations.append(_violation("H2", "store_not_read", detail=error))
    finally:
        store.close()
    return found


def _store_file(path: Path) -> Iterator[Violation]:
    try:
        report = verify_store(path)
    except StoreError as error:
        yield _violation("S", "store_file_not_read", detail=error)
        return
    for name, invariant in report.invariants.items():
        for violation in invariant.violations:
            yield _as_said("S", f"{name}: {violation}")


def _events(store: Store, ward: str, events: list[Event]) -> Iterator[Violation]:
    held = {incarnation: store.positions(ward, incarnation) for incarnation in store.incarnations(ward)}
    began = set()
    for event in events:
        place = f"{ward} {event.incarnation.hex()} {event.position}"
        try:
            entry = decode(event.entry)
        except EntryError as error:
            yield _as_said("H2", f"{place}: {error}")
            continue
        told = (event.incarnation, event.position, event.wall_time_us, event.device, event.payload)
        if told != (entry.incarnation, entry.position, entry.wall_time_us, entry.device, payload_name(entry.payload)):
            yield _violation("H2", "columns", place=place)
        if event.incarnation not in held or event.position not in held[event.incarnation]:
            yield _violation("H3", "not_held", place=place)
        if isinstance(entry.payload, Lifecycle) and entry.payload.event is LifecycleEvent.STARTED:
            began.add(event.incarnation)
            if event.position != 1:
                yield _violation("H4", "begins_in_the_middle", place=place)
    for (incarnation, position), count in Counter((event.incarnation, event.position) for event in events).items():
        if count > 1:
            yield _violation("H3", "many_events", place=f"{ward} {incarnation.hex()} {position}", count=count)
    for incarnation, positions in held.items():
        if 1 in positions and incarnation not in began:
            yield _violation("H4", "no_beginning", place=f"{ward} {incarnation.hex()}")


def _tables(records: Records) -> Iterator[Violation]:
    for (ward, incarnation), lost in records.losses().items():
        for first, last in lost:
            if first < 1 or len(incarnation) != 16:
                yield _as_said("H5", f"{ward} {incarnation.hex()}: {first}..{last}")
    for (ward, rule), count in Counter((each.ward, each.rule) for each in records.open_conditions()).items():
        if count > 1:
            yield _violation("H6", "open_often", ward=ward, rule=rule, count=count)
    for ward_record in records.wards():
        changes = [each.online for each in records.presence(ward_record.id)]
        if any(one == other for one, other in pairwise(changes)):
            yield _violation("H7", "twice_in_a_row", ward=ward_record.id)
