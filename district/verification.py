"""`ward-district verify`: do the district's real files keep what is promised: the hub's part (H), the store's (S)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from district.config import Configuration
from district.database import HEAD, HubDatabaseError, open_database
from district.records import Records
from district.staging import payload_name
from store.base import Event, Store, StoreError
from store.embedded import EmbeddedStore
from store.embedded.verify import verify as verify_store
from telemetry.clock import SystemClock
from telemetry.entry import EntryError, Lifecycle, LifecycleEvent, decode

# The invariants by name: what must be true of every pair of files, whenever the hub was killed.
INVARIANTS = {
    "S": "the store's file keeps each of the store's own invariants (S1 to S10, worded in the text catalogues)",
    "H1": "the hub's database is whole and has the newest schema",
    "H2": "every event's bytes are an entry, and its columns say what the bytes say",
    "H3": "every event's position is held, and held by one event only",
    "H4": "an incarnation whose position 1 is held begins with STARTED, and no other position does",
    "H5": "a named loss has a proper range",
    "H6": "at most one condition of a rule is open for a ward",
    "H7": "a ward's presence goes on, off, on",
}
_MOST_TOLD = 20


@dataclass(slots=True)
class Verification:
    """What was checked and what is wrong. `problems` begin with the invariant's name."""

    entries: int = 0
    wards: int = 0
    invariants: dict[str, str] = field(default_factory=lambda: dict(INVARIANTS))
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.problems

    def as_json(self) -> str:
        return json.dumps({"good": self.good, **asdict(self)})

    def as_text(self) -> str:
        broken = {problem.split()[0] for problem in self.problems}
        lines = [f"{'BROKEN' if name in broken else 'kept':8}{name} {words}" for name, words in INVARIANTS.items()]
        lines += [f"  {problem}" for problem in self.problems[:_MOST_TOLD]]
        if len(self.problems) > _MOST_TOLD:
            lines.append(f"  and {len(self.problems) - _MOST_TOLD} more")
        lines.append(f"{self.entries} entries of {self.wards} wards, {len(self.problems)} problems")
        return "\n".join(lines)


def verify(configuration: Configuration) -> Verification:
    """Check everything. A file that cannot even be opened is a problem of its own."""
    found = Verification()
    try:
        engine = open_database(configuration.hub_path)
        with engine.begin() as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalars().all()
            found.problems += [f"H1 {line}" for line in said if line != "ok"]
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
            if revision != [HEAD]:
                found.problems.append(f"H1 the schema is {revision}, not {HEAD}")
        found.problems += _tables(Records(engine))
        engine.dispose()
    except HubDatabaseError as error:
        found.problems.append(f"H1 {error}")
    try:
        store = EmbeddedStore.open(configuration.store_path, clock=SystemClock())
    except StoreError as error:
        found.problems.append(f"H2 the store cannot be opened: {error}")
        return found
    found.problems += _store_file(configuration.store_path)
    try:
        for ward in store.wards():
            found.wards += 1
            events = store.events(ward)
            found.entries += len(events)
            found.problems += _events(store, ward, events)
    except StoreError as error:
        found.problems.append(f"H2 the store cannot be read: {error}")
    finally:
        store.close()
    return found


def _store_file(path: Path) -> Iterator[str]:
    try:
        report = verify_store(path)
    except StoreError as error:
        yield f"S the store's file cannot be read: {error}"
        return
    for name, invariant in report.invariants.items():
        for violation in invariant.violations:
            yield f"S {name}: {violation}"


def _events(store: Store, ward: str, events: list[Event]) -> Iterator[str]:
    held = {incarnation: store.positions(ward, incarnation) for incarnation in store.incarnations(ward)}
    began = set()
    for event in events:
        place = f"{ward} {event.incarnation.hex()} {event.position}"
        try:
            entry = decode(event.entry)
        except EntryError as error:
            yield f"H2 {place}: {error}"
            continue
        told = (event.incarnation, event.position, event.wall_time_us, event.device, event.payload)
        if told != (entry.incarnation, entry.position, entry.wall_time_us, entry.device, payload_name(entry.payload)):
            yield f"H2 {place}: its columns say otherwise than its bytes"
        if event.incarnation not in held or event.position not in held[event.incarnation]:
            yield f"H3 {place}: its position is not held"
        if isinstance(entry.payload, Lifecycle) and entry.payload.event is LifecycleEvent.STARTED:
            began.add(event.incarnation)
            if event.position != 1:
                yield f"H4 {place}: a beginning in the middle"
    for (incarnation, position), count in Counter((event.incarnation, event.position) for event in events).items():
        if count > 1:
            yield f"H3 {ward} {incarnation.hex()} {position}: {count} events"
    for incarnation, positions in held.items():
        if 1 in positions and incarnation not in began:
            yield f"H4 {ward} {incarnation.hex()}: position 1 is no beginning"


def _tables(records: Records) -> Iterator[str]:
    for (ward, incarnation), lost in records.losses().items():
        for first, last in lost:
            if first < 1 or len(incarnation) != 16:
                yield f"H5 {ward} {incarnation.hex()}: {first}..{last}"
    for (ward, rule), count in Counter((each.ward, each.rule) for each in records.open_conditions()).items():
        if count > 1:
            yield f"H6 {ward}: {rule} is open {count} times"
    for ward_record in records.wards():
        changes = [each.online for each in records.presence(ward_record.id)]
        if any(one == other for one, other in pairwise(changes)):
            yield f"H7 {ward_record.id}: it came or went twice in a row"
