"""A ward comes back after an hour without its district: it catches up, and keeps nobody waiting meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.catch_up import Delays, caught_up
from bench.catch_up_journal import fill
from bench.catch_up_stage import DEVICES, Stage, WellWards
from journal.verify import read_counts

MOST_DELAY_MS = 1000.0
WELL = ("well-1",)
BACK = ("back-1", "back-2")


def test_two_wards_catch_up_at_once_without_delaying_another(tmp_path: Path, peer: Callable[[str], str]) -> None:
    peer("mosquitto")
    stage = Stage(tmp_path, (*WELL, *BACK))
    journals = {ward: tmp_path / f"{ward}.db" for ward in BACK}
    for seed, file in enumerate(journals.values()):
        fill(file, DEVICES, 1 / 24, time.time_ns() // 1000, seed)
    programs = [stage.ward(ward, file) for ward, file in journals.items()]
    try:
        stage.start()
        well = WellWards(stage.port, WELL)
        time.sleep(1.0)
        calm, crowding = Delays(stage, WELL), stage.crowding(well)
        time.sleep(2.0)
        usual_ms = calm.longest_ms(crowding)
        delays, crowding = Delays(stage, WELL), stage.crowding(well)
        for program in programs:
            program.start()
        caught_up(stage, BACK, [delays])
        longest_ms = delays.longest_ms(crowding)
        well.stop()
        for program in programs:
            program.stop(seconds=30)
    finally:
        for program in programs:
            program.stop(seconds=5)
        stage.stop()
    assert well.asked == 0, "something of the ward that was never away was lost on the way"
    # What others on this machine take of its processors is not the replay's doing.
    assert longest_ms <= MOST_DELAY_MS + usual_ms, delays.figures("others")
    counts = stage.counts()
    for ward, file in journals.items():
        assert counts[ward]["readings_committed"] == read_counts(file).readings > 25_000
        assert (counts[ward]["holes"], counts[ward]["duplicate_positions"]) == (0, 0)
