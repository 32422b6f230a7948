"""What the wards journaled beside what the district holds, entry by entry and number by number. Nothing is read here.

Lost: durable in the ward, and not wholly at the district, nor named as lost by the ward's tombstone and the district
(or named although the ward still has it). Duplicated: at the district more often than in the ward. Strange: at the
district and in no journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaos.losses import Gone
from store.base import Event, Sample, SeriesKey
from telemetry.entry import Entry, Readings, decode
from telemetry.intervals import IntervalSet

MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Journaled:
    """One durable entry of one ward."""

    ward: str
    entry: Entry
    data: bytes

    @property
    def key(self) -> tuple[bytes, int]:
        return self.entry.incarnation, self.entry.position

    @classmethod
    def read(cls, ward: str, data: bytes) -> Journaled:
        return cls(ward, decode(data), data)

    def samples(self) -> Iterator[Sample]:
        """The numbers in it."""
        entry = self.entry
        if isinstance(entry.payload, Readings):
            for metric, value, instance in entry.payload.readings:
                yield Sample(self.ward, entry.device, entry.kind, metric, instance, entry.wall_time_us, value)


@dataclass(frozen=True, slots=True)
class Committed:
    """What the district holds of one ward. `series` holds (times in µs, values) in order."""

    positions: Mapping[bytes, IntervalSet]
    events: Sequence[Event]
    samples_committed: int
    series: Mapping[SeriesKey, tuple[Sequence[int], Sequence[float]]]


@dataclass(slots=True)
class Comparison:
    """Counts, and the first of each in words, which begin with its name."""

    journaled: int = 0
    committed: int = 0
    samples: int = 0
    lost: int = 0
    duplicated: int = 0
    named: int = 0
    strange: int = 0
    told: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        name = words.partition(":")[0]
        if sum(each.startswith(name) for each in self.told) < MOST_TOLD:
            self.told.append(words)


def compare(
    ward: str,
    journaled: Sequence[Journaled],
    committed: Committed,
    gone: Gone,
    kept: Callable[[Sample], Sample],
    into: Comparison,
) -> None:
    """Add what there is to say of one ward. `journaled`: all that was ever durable, also what is `gone` from the
    journal again. `kept`: the form in which the district's store keeps a number."""
    there = _Ward(ward, committed, gone, into)
    held = [each for each in journaled if there.holds(each)]
    missing = there.missing_samples(held, kept)
    incomplete = {each.key for each in held if any(_place(kept(sample)) in missing for sample in each.samples())}
    for each in journaled:
        there.judge(each, each.key in incomplete)
    there.count_samples(held, seen_missing=bool(missing))
    there.judge_unseen()
    there.find_strange()


Place = tuple[SeriesKey, int]


class _Ward:
    """One ward's part of the district, as the comparison asks for it."""

    def __init__(self, ward: str, committed: Committed, gone: Gone, into: Comparison) -> None:
        self._ward, self._committed, self._gone, self._into = ward, committed, gone, into
        self._events: dict[tuple[bytes, int], list[bytes]] = {}
        for event in committed.events:
            self._events.setdefault((event.incarnation, event.position), []).append(event.entry)

    def holds(self, each: Journaled) -> bool:
        incarnation, position = each.key
        return position in self._committed.positions.get(incarnation, IntervalSet())

    def judge(self, each: Journaled, incomplete: bool) -> None:
        into, where = self._into, f"{self._ward} {each.key[0].hex()[:8]}:{each.key[1]}"
        into.journaled += 1
        into.committed += self.holds(each)
        events = self._events.get(each.key, [])
        what = type(each.entry.payload).__name__
        if not self.holds(each):
            self._judge_loss(each.key, f"{where} ({what})")
        elif incomplete:
            self._lose(f"{where} is held, but not all of its numbers")
        elif not isinstance(each.entry.payload, Readings) and not events:
            self._lose(f"{where} ({what}) is held, but the entry is not there")
        elif any(data != each.data for data in events):
            self._lose(f"{where} ({what}) is there with other bytes")
        if len(events) > 1:
            into.duplicated += len(events) - 1
            into.tell(f"duplicated: {where} ({what}) is there {len(events)} times")

    def _judge_loss(self, key: tuple[bytes, int], where: str) -> None:
        """The district does not hold it."""
        named = self._gone.is_named(*key)
        if self._gone.is_still_there(*key):
            self._lose(f"{where} is not held{', and named lost while the ward has it' if named else ''}")
        elif not named:
            self._lose(f"{where} is gone from the ward, not held, and not named")
        elif not self._gone.has_stone(*key):
            self._lose(f"{where} is gone from the ward without a tombstone, and not held")
        else:
            self._into.named += 1

    def _lose(self, words: str) -> None:
        self._into.lost += 1
        self._into.tell(f"lost: {words}")

    def missing_samples(self, held: Iterable[Journaled], kept: Callable[[Sample], Sample]) -> set[Place]:
        """Where numbers should be and are not, or others are. What is there and should not be is strange."""
        into = self._into
        expected: dict[SeriesKey, dict[int, float]] = {}
        for sample in (kept(sample) for each in held for sample in each.samples()):
            points = expected.setdefault(series_of(sample), {})
            # Of one series and moment the greatest value stays, so that the order of arrival does not matter.
            points[sample.wall_time_us] = max(sample.value, points.get(sample.wall_time_us, sample.value))
        missing: set[Place] = set()
        for key in {*expected, *self._committed.series}:
            times, values = self._committed.series.get(key, ((), ()))
            doubled = len(times) - len(set(times))
            if doubled:
                into.duplicated += doubled
                into.tell(f"duplicated: {doubled} moments of {key}")
            should, are = expected.get(key, {}), dict(zip(times, values, strict=True))
            into.samples += len(should)
            missing |= {(key, time) for time, value in should.items() if are.get(time) != value}
            strangers = are.keys() - should.keys()
            if strangers:
                into.strange += len(strangers)
                into.tell(f"strange: {len(strangers)} numbers of {key}, from {min(strangers)}")
        return missing

    def count_samples(self, held: Iterable[Journaled], *, seen_missing: bool) -> None:
        """The store's own account: equal numbers of equal times merge, so only this shows that one was taken twice."""
        should = sum(1 for each in held for _ in each.samples())
        more = self._committed.samples_committed - should
        if more > 0:
            self._into.duplicated += more
            self._into.tell(f"duplicated: {self._ward} has {more} numbers too many in its account")
        elif more < 0 and not seen_missing:
            self._into.lost += 1
            self._into.tell(f"lost: {self._ward} has {-more} numbers too few in its account")

    def judge_unseen(self) -> None:
        """What was written and gone before anybody saw it: its content cannot be compared, its whereabouts can."""
        for incarnation, unseen in self._gone.unseen.items():
            for position in (position for first, last in unseen for position in range(first, last + 1)):
                self._into.journaled += 1
                if position in self._committed.positions.get(incarnation, IntervalSet()):
                    self._into.committed += 1
                else:
                    self._judge_loss((incarnation, position), f"{self._ward} {incarnation.hex()[:8]}:{position}")

    def find_strange(self) -> None:
        durable, strangers = self._gone.durable, Counter[bytes]()
        for incarnation, positions in self._committed.positions.items():
            strangers[incarnation] += len(positions.without(durable.get(incarnation, IntervalSet())))
        for incarnation, position in self._events:
            strangers[incarnation] += position not in durable.get(incarnation, IntervalSet())
        for incarnation, count in strangers.items():
            if count:
                self._into.strange += count
                self._into.tell(
                    f"strange: {count} entries of {self._ward} {incarnation.hex()[:8]} that no journal holds"
                )


def series_of(sample: Sample) -> SeriesKey:
    """The series that a number belongs to."""
    return SeriesKey(sample.ward, sample.device, sample.metric, sample.instance)


def _place(sample: Sample) -> Place:
    return series_of(sample), sample.wall_time_us
