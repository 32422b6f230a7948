"""A ward comes back after an hour without its district: it catches up, and keeps nobody waiting meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.catch_up import Delays, caught_up, queue_for_processor
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
        calm = Delays(stage, WELL)
        time.sleep(2.0)
        usual_ms = calm.figures("others")["live_delay_ms_max_others"]
        delays = Delays(stage, WELL)
        for program in programs:
            program.start()
        caught_up(stage, BACK, [delays])
        figures = delays.figures("others")
        well.stop()
        for program in programs:
            program.stop(seconds=30)
    finally:
        for program in programs:
            program.stop(seconds=5)
        stage.stop()
    assert well.asked == 0, "something of the ward that was never away was lost on the way"
    assert figures["live_delay_ms_max_others"] <= MOST_DELAY_MS * queue_for_processor() + usual_ms, figures
    counts = stage.counts()
    for ward, file in journals.items():
        assert counts[ward]["readings_committed"] == read_counts(file).readings > 25_000
        assert (counts[ward]["holes"], counts[ward]["duplicate_positions"]) == (0, 0)
