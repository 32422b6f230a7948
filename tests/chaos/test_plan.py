"""The schedule of faults: of the seed alone, within its time, each kind before any comes twice."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from chaos import plan
from chaos.faults.line import LONG_CUT
from chaos.faults.registry import FAULTS
from chaos.plan import DISTRICT, Fault
from chaos.run import LONG_CUT_EVERY_SECONDS

WARDS = [f"ward-{number}" for number in range(1, 9)]


def made(seed: int, seconds: float, wards: list[str], *, victoria: bool = True) -> list[Fault]:
    kinds = [kind.planned(wards) for kind in FAULTS.values() if victoria or not kind.needs_victoria]
    return plan.make(kinds, seconds, random.Random(seed))


def test_the_same_seed_makes_the_same_schedule_and_another_another() -> None:
    assert made(7, 300, WARDS) == made(7, 300, WARDS) != made(8, 300, WARDS)


@pytest.mark.parametrize(("seconds", "least"), [(24, 8), (180, 8), (300, 20), (3600, 300)])
def test_enough_happens_and_all_is_over_in_time(seconds: float, least: int, seed: int) -> None:
    faults = made(seed, seconds, WARDS[:2] if seconds < 60 else WARDS)
    assert len(faults) >= least
    assert faults == sorted(faults, key=lambda fault: fault.at)
    assert all(fault.at > 0 and fault.end <= seconds + 0.01 for fault in faults)


def test_no_two_faults_hold_the_same_part_of_the_same_target_at_once(seed: int) -> None:
    for one, other in combinations(made(seed, 600, WARDS), 2):
        if one.target == other.target and one.parts & other.parts:
            assert one.end < other.at or other.end < one.at, (one, other)


def test_five_minutes_bring_every_kind_and_faults_hit_only_whom_they_can(seed: int) -> None:
    faults = made(seed, 300, WARDS)
    assert {fault.name for fault in faults} == set(FAULTS)
    for fault in faults:
        assert fault.target in FAULTS[fault.name].where.targets(WARDS)
    assert any(fault.target == DISTRICT for fault in faults)


def test_store_kills_are_planned_only_where_there_is_a_store_to_kill(seed: int) -> None:
    assert "store_kill" not in {fault.name for fault in made(seed, 3600, WARDS, victoria=False)}


def test_a_ward_with_a_small_journal_has_one_long_cut_in_four_minutes_while_all_else_goes_on(seed: int) -> None:
    small = WARDS[:2]
    for seconds, each in ((180, 1), (300, 1), (3600, 15)):
        cuts = plan.long_ones(LONG_CUT.planned(small), LONG_CUT_EVERY_SECONDS, seconds, random.Random(seed))
        for ward in small:
            mine = [cut for cut in cuts if cut.target == ward]
            assert len(mine) == each
            assert all(cut.at > 0 and cut.seconds >= 110 and cut.end < seconds for cut in mine)
            assert all(one.end < other.at for one, other in pairwise(mine))
        kinds = [kind.planned(WARDS) for kind in FAULTS.values()]
        faults = plan.make(kinds, seconds, random.Random(seed), cuts)
        assert [fault for fault in faults if fault.name == LONG_CUT.name] == sorted(cuts, key=lambda cut: cut.at)
        assert len(faults) - len(cuts) == len(plan.make(kinds, seconds, random.Random(seed)))
        assert faults == sorted(faults, key=lambda fault: fault.at)
