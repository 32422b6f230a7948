"""A district wiped clean is made again from the ward's journal: the same, value by value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.rebuild import INCARNATIONS, differences, rebuilt, stage


@pytest.mark.parametrize("store", ["embedded", "victoriametrics"])
def test_a_district_that_lost_everything_is_the_same_again(
    peer: Callable[[str], str], tmp_path: Path, store: str
) -> None:
    victoria = peer("victoria-metrics") if store == "victoriametrics" else ""
    with stage(tmp_path, peer("mosquitto"), victoria) as made:
        before, after, _ = rebuilt(made, 900)
        assert differences(made, before, after) == []
        assert len(after.positions) == INCARNATIONS
        assert after.samples > 8000
        assert len(after.pictures) == 12
        assert len(after.evidence["proofs"]) == 12
        checked = made.hub.invoke("verify")
        assert checked.exit_code == 0, checked.stdout
