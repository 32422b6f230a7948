"""Power is cut at random moments under load: nothing that was published is missing, and the journal is sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import power_loss
from tests.conftest import missing

CUTS = 20


@pytest.fixture(autouse=True)
def _can_cut() -> None:
    if reason := power_loss.lacking():
        missing(reason)


@pytest.mark.slow
def test_twenty_cuts_lose_nothing_that_was_published(tmp_path: Path, seed: int) -> None:
    trial = power_loss.run(tmp_path, CUTS, seed)
    print(trial)  # noqa: T201 - pytest shows it with the failure
    assert trial.cuts == CUTS
    assert trial.published > 500
    assert trial.least_published > 0  # each cut fell on a journal that was being written
    assert trial.missing == 0
    assert trial.unsound == 0


def test_the_trial_does_find_what_is_lost_when_commits_are_not_synced(tmp_path: Path, seed: int) -> None:
    trial = power_loss.run(tmp_path, 3, seed, weak=True)
    assert trial.published > 0
    assert trial.missing > 0
