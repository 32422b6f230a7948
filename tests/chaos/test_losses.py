"""The judge on a ward that had to give something up: what is named exactly is no loss, and nobody fools it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.witness import Witness, positions
from journal.journal import Journal, JournalSettings
from journal.model import LEAST_MAX_BYTES
from telemetry.entry import Readings, Tombstone
from telemetry.intervals import IntervalSet
from telemetry.readings import Reading
from tests.chaos.left import District

TOLD = (1, 50)  # the district holds these, and could tell the ward so
TAKEN = (51, 80)  # it holds these as well, and could not
ENTRIES, NUMBERS = 360, 30
PROBE = "a-probe-with-a-long-name-so-that-few-of-them-fill-a-journal-" + "x" * 40


class Overflowed(District):
    """A ward whose journal overflowed while its line was cut, and a district that has all else."""

    max_bytes = LEAST_MAX_BYTES

    def write_journal(self) -> None:
        chance = random.Random(1)
        journal = self.start(JournalSettings(max_bytes=self.max_bytes))
        self.incarnation = journal.incarnation
        for turn in range(ENTRIES):
            self.clock.advance(1.0)
            now_us = round(self.clock.monotonic() * 1e6)
            probes = [Reading("temperature_celsius", chance.uniform(0, 40), f"{PROBE}-{n}") for n in range(NUMBERS)]
            self.served += [["w", "probes", now_us, each.metric, each.instance, each.value, False] for each in probes]
            journal.append(Readings(probes), kind="sensor", device="probes")
            if turn == TOLD[1]:
                journal.mark_committed(journal.incarnation, IntervalSet([TOLD]))
            if turn % 20 == 0:
                journal.flush()
                self.witness.look()
        journal.close()
        self.witness.look()
        self.stones = list(self.witness.named[self.incarnation])

    def commit_all_but_lost(self) -> None:
        taken = IntervalSet([TOLD, TAKEN, *((each.entry.position, each.entry.position) for each in self.entries())])
        self.commit([each for each in self.witnessed() if each.entry.position in taken])
        for number, (first, last) in enumerate(self.stones, 1):
            self.name(number, first, last)

    def name(self, number: int, first: int, last: int) -> None:
        """The district calls it lost."""
        row = number, self.incarnation, first, last
        self.hub("INSERT INTO named_losses VALUES (?, 'w', ?, ?, ?, 'journal_full', 0)", *row)

    def write_more(self, write: Callable[[Journal], None]) -> None:
        journal = self.start()
        write(journal)
        journal.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Overflowed:
    district = Overflowed(tmp_path_factory.mktemp("whole"))
    district.commit_all_but_lost()
    return district


@pytest.fixture
def copy(whole: Overflowed, tmp_path: Path) -> Overflowed:
    return whole.copied(tmp_path / "copy")


@pytest.fixture
def lost(whole: Overflowed) -> int:
    """How many entries were really lost: neither taken nor there any more."""
    gone = positions(whole.witness.entries)[whole.incarnation]
    still = IntervalSet((each.entry.position, each.entry.position) for each in whole.entries())
    return len(gone.without(still).without(IntervalSet([TOLD, TAKEN])))


def test_what_is_named_exactly_is_no_loss_and_is_compared_all_the_same(copy: Overflowed, lost: int) -> None:
    found = copy.judged()
    compared = found.comparison
    assert found.told() == []
    assert lost > 20
    assert (compared.lost, compared.named, compared.strange, compared.duplicated) == (0, lost, 0, 0)
    assert compared.journaled == compared.committed + compared.named
    assert found.named_in_vain == TAKEN[1] - TAKEN[0] + 1  # the district took them, and does not call them lost
    assert found.tombstones >= 1
    # What was given up is known to have been served, number by number, and to be under its checkpoint.
    assert (found.served.missed, found.served.invented) == (0, 0)
    assert found.served.read == ENTRIES * NUMBERS
    assert (found.proofs.verified, found.proofs.breaks) == (1, 0)


def test_a_number_that_not_even_a_lost_entry_has_is_missed(copy: Overflowed) -> None:
    second = (TAKEN[1] + 10) * 1_000_000
    moment = min(line[2] for line in copy.served if line[2] > second)  # type: ignore[operator]
    copy.served.append(["w", "probes", moment + 600_000, "temperature_celsius", f"{PROBE}-1", 77.0, False])
    copy.write_served()
    assert copy.judged().served.missed == 1


def test_a_tombstone_that_the_district_never_had_leaves_a_loss(copy: Overflowed, lost: int) -> None:
    stones = copy.change_many("DELETE FROM events WHERE payload = 'tombstone'")
    assert copy.hub("DELETE FROM named_losses") == len(copy.stones)
    found = copy.judged()
    assert found.comparison.lost == lost + stones  # what they named, and they themselves, which it says it has
    assert found.comparison.named == 0
    assert any("gone from the ward, not held, and not named" in words for words in found.told())


def test_a_tombstone_that_the_ward_never_wrote_leaves_a_loss_whatever_the_district_guesses(
    copy: Overflowed, lost: int
) -> None:
    copy.witness.named.clear()
    found = copy.judged()
    assert (found.comparison.lost, found.comparison.named) == (lost, 0)
    assert any("gone from the ward without a tombstone" in words for words in found.told())


def test_an_entry_that_vanishes_from_ward_and_district_is_a_loss(copy: Overflowed) -> None:
    position = copy.stones[-1][1] + 10
    assert copy.ward("DELETE FROM readings WHERE id & 0xffffffff = ?", position) == 1
    copy.unhold(position)
    found = copy.judged()
    assert found.comparison.lost == 1
    assert any(f":{position} (Readings) is gone from the ward, not held" in words for words in found.told())
    assert any("J3" in words for words in found.told())


def test_an_entry_that_is_not_what_it_was_when_it_was_new_is_found(copy: Overflowed) -> None:
    position = copy.stones[-1][1] + 10
    assert (
        copy.ward("UPDATE readings SET entry = CAST(entry || x'00' AS BLOB) WHERE id & 0xffffffff = ?", position) == 1
    )
    assert any(f":{position} is not what it was" in words for words in copy.judged().told())


def test_a_loss_of_what_the_ward_still_has_is_a_false_alarm(copy: Overflowed) -> None:
    position = copy.stones[-1][1] + 10
    copy.write_more(
        lambda journal: journal.append(Tombstone(copy.incarnation, ((position, position),), "journal_full"))
    )
    assert any(
        words.startswith("false alarm: w a tombstone names what the ward still has: 1 positions")
        for words in copy.judged().false_alarms
    )


def test_a_loss_of_what_the_ward_knew_to_be_held_is_a_false_alarm(copy: Overflowed) -> None:
    copy.write_more(lambda journal: journal.append(Tombstone(copy.incarnation, ((TOLD[1], TAKEN[0]),), "journal_full")))
    (said,) = [words for words in copy.judged().false_alarms if "was told" in words]
    assert said.endswith(f"1 positions of {copy.incarnation.hex()[:8]}: [({TOLD[1]}, {TOLD[1]})]")


def test_a_loss_of_what_was_never_written_is_a_false_alarm(copy: Overflowed) -> None:
    copy.name(1000, 10_000, 10_004)
    assert any("named lost and never written: 5 positions" in words for words in copy.judged().false_alarms)


def test_what_the_district_names_lost_of_its_own_accord_must_be_gone(copy: Overflowed) -> None:
    position = copy.stones[-1][1] + 10  # the ward has it, and the district
    copy.name(1000, position, position)
    of_whom = [words for words in copy.judged().false_alarms if "without a tombstone" in words]
    assert [words.partition("though ")[2].partition(" them")[0] for words in of_whom] == [
        "the district holds",
        "the ward still has",
    ]


def test_what_was_given_up_although_there_was_room_is_a_false_alarm(copy: Overflowed) -> None:
    copy.max_bytes = 3 * LEAST_MAX_BYTES  # as if the ward's journal could have held so much
    assert any("something was given up for" in words for words in copy.judged().false_alarms)


def test_what_nobody_saw_is_told_and_no_less_lost_where_it_is_not_named(copy: Overflowed, lost: int) -> None:
    copy.witness = Witness(copy.journal)  # it comes when all is over
    found = copy.judged()
    assert found.unwitnessed == lost + TAKEN[1] - TOLD[0] + 1
    assert (found.comparison.lost, found.comparison.named) == (0, lost)
    assert f"{found.unwitnessed} entries were gone before they were seen" in found.told()
    copy.change_many("DELETE FROM events WHERE payload = 'tombstone'")
    copy.hub("DELETE FROM named_losses")
    assert copy.judged().comparison.lost > lost
