"""What came of a run: for programs as JSON, for people in a few sentences."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

from chaos.judge import Judgement


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault, when it began; seconds since the first."""

    at: float
    name: str
    target: str
    seconds: float


@dataclass(slots=True)
class Report:
    """`entries_journaled`: all that became durable. Of these `entries_committed`, `named_losses`, and `lost`: not
    wholly committed and not named, or named though the ward has it. `tombstones` name `named_in_vain` entries that the
    district had taken without being able to say so; those are not lost. `unwitnessed`: gone from a journal before they
    were seen. `strange`: committed and in no journal. `served_missed` and `journaled_invented`: between devices and
    journals. `lifecycle`: entries of each sort that show what the faults did to the agents. `false_alarms`: what the
    district or a tombstone told and was not so. `unfinished`: what was not caught up in time."""

    seed: int
    store: str
    wards: int
    minutes: float
    started: str  # RFC 3339
    broker_remembers: bool = False
    small_journals: int = 0  # wards that have to give up what the district does not hold
    faults: list[Happened] = field(default_factory=list)
    entries_journaled: int = 0
    entries_committed: int = 0
    numbers_compared: int = 0
    lost: int = 0
    duplicated: int = 0
    strange: int = 0
    named_losses: int = 0
    named_in_vain: int = 0
    tombstones: int = 0
    unwitnessed: int = 0
    checkpoints_verified: int = 0
    checkpoint_breaks: int = 0
    served_within: int = 0
    served_journaled: int = 0
    served_excused: int = 0
    served_missed: int = 0
    journaled_invented: int = 0
    unsound: int = 0
    false_alarms: int = 0
    incarnations: int = 0
    lifecycle: dict[str, int] = field(default_factory=dict)
    dropped_duplicates: int = 0  # positions that came again, and were left out by the hub
    restarts: int = 0
    messages_said_again: int = 0
    catch_ups: int = 0
    max_catch_up_seconds: float = 0.0
    unfinished: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def take(self, judgement: Judgement) -> None:
        """What was found in the files."""
        compared, proofs, served = judgement.comparison, judgement.proofs, judgement.served
        self.entries_journaled, self.entries_committed = compared.journaled, compared.committed
        self.numbers_compared = compared.samples
        self.lost, self.duplicated, self.strange = compared.lost, compared.duplicated, compared.strange
        self.named_losses, self.named_in_vain = compared.named, judgement.named_in_vain
        self.tombstones, self.unwitnessed = judgement.tombstones, judgement.unwitnessed
        self.checkpoints_verified, self.checkpoint_breaks = proofs.verified, proofs.breaks
        self.served_within, self.served_journaled = served.within, served.journaled
        self.served_excused, self.served_missed = served.excused, served.missed
        self.journaled_invented = served.invented
        self.lifecycle, self.dropped_duplicates = dict(judgement.lifecycle), judgement.dropped_duplicates
        self.false_alarms = len(judgement.false_alarms)
        self.unsound, self.incarnations = len(judgement.unsound), judgement.incarnations
        self.problems += judgement.told()

    @property
    def good(self) -> bool:
        """Nothing lost, doubled, broken or made up; and enough was there to tell."""
        wrong = self.lost + self.duplicated + self.strange + self.checkpoint_breaks
        wrong += self.unwitnessed + self.served_missed + self.journaled_invented + self.unsound + self.false_alarms
        return not wrong and not self.unfinished and self.entries_committed > 0 and self.checkpoints_verified > 0

    def _small(self) -> list[str]:
        if not self.small_journals:
            return []
        vain = f"{self.named_in_vain} more that the district had taken all the same"
        return [f"  {self.tombstones} tombstones of {self.small_journals} small journals, which name {vain}"]

    def as_json(self) -> str:
        return json.dumps({**asdict(self), "good": self.good}, indent=2)

    def as_text(self) -> str:
        kinds = Counter(fault.name for fault in self.faults)
        names = ", ".join(f"{count} {name}" for name, count in sorted(kinds.items()))
        seen = ", ".join(f"{count} {name.lower()}" for name, count in sorted(self.lifecycle.items()))
        lines = [
            f"chaos: seed {self.seed}, {self.store} store, {self.wards} wards, {self.minutes:g} minutes",
            f"  {len(self.faults)} faults: {names}",
            f"  {self.entries_journaled} entries journaled by {self.incarnations} runs of agents,"
            f" {self.entries_committed} committed; {self.numbers_compared} numbers compared",
            f"  {self.lost} lost, {self.duplicated} duplicated, {self.strange} in no journal,"
            f" {self.named_losses} named as lost",
            *self._small(),
            f"  {self.checkpoints_verified} checkpoints verified, {self.checkpoint_breaks} broken;"
            f" {self.unsound} broken invariants, {self.false_alarms} false alarms of the district",
            f"  of what devices served {self.served_within} within the dead-band and {self.served_journaled} journaled,"
            f" {self.served_missed} missed, {self.journaled_invented} invented ({self.served_excused} as agents ended)",
            f"  seen: {seen}, {self.dropped_duplicates} entries that came again and were left out",
            f"  caught up {self.catch_ups} times, at the latest after {self.max_catch_up_seconds:.1f} s",
            *(f"  ! {problem}" for problem in self.problems),
            *([f"  ! {self.unfinished}"] if self.unfinished else []),
            "nothing was lost" if self.good else "this must not be: see above",
        ]
        return "\n".join(lines)
