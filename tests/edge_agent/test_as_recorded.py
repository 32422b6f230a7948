"""What a recorder is set to record beside what its camera sends: told only while both are known."""

from __future__ import annotations

from dataclasses import replace

from camera.bitstream.stream_facts import StreamFacts
from camera.recorders.record_settings import RecordSettings
from camera.watch.meter import Figures
from camera.watch.stream_watch import WatchState
from edge_agent.as_recorded import KEPT_SECONDS, RATES_SECONDS, AsRecorded
from telemetry.readings import Reading

SET = RecordSettings("h264", 1920, 1080, 25.0, 4096)
H264 = StreamFacts("h264", "Main", "4.0", 1920, 1080)
H265 = replace(H264, codec="h265")
GOOD = Figures(25.0, 4.0e6, 2.0, 0)
NONE_YET = Figures(None, None, None, 0)
YES, NO = [Reading("recorded_as_set", 1.0)], [Reading("recorded_as_set", 0.0)]


def sampled(
    facts: StreamFacts | None = H264, figures: Figures = GOOD, *, up: bool | None = True, settled: bool = True
) -> WatchState:
    return WatchState(up, None, figures, facts, False, 1, settled)


def test_it_is_told_while_both_sides_are_known() -> None:
    both = AsRecorded()
    assert both.readings(sampled(), 0.0) == [] and both.facts(0.0) == []
    both.told(SET, 10.0)
    assert both.readings(sampled(), 10.0) == YES
    assert both.facts(10.0)[0].text == "H.264, 1920×1080, 25 fps, 4096 kbit/s"
    assert both.readings(sampled(H265), 11.0) == NO
    assert both.readings(None, 11.0) == []
    assert both.readings(sampled(None), 11.0) == []
    assert both.readings(sampled(up=False), 11.0) == []


def test_what_the_recorder_told_is_forgotten_when_it_tells_no_more() -> None:
    both = AsRecorded()
    both.told(SET, 0.0)
    assert both.readings(sampled(H265), KEPT_SECONDS) == NO
    assert both.readings(sampled(H265), KEPT_SECONDS + 1) == [] and both.facts(KEPT_SECONDS + 1) == []


def test_a_rate_counts_when_three_looks_say_so() -> None:
    both, slow = AsRecorded(), Figures(9.0, 1e6, 2.0, 0)
    both.told(SET, 0.0)
    assert both.readings(sampled(figures=slow), 0.0) == YES
    assert both.readings(sampled(figures=GOOD), 300.0) == YES  # it was the network
    assert both.readings(sampled(figures=slow), 600.0) == YES
    assert both.readings(sampled(figures=slow), 900.0) == YES
    assert both.readings(sampled(figures=slow), 600.0 + RATES_SECONDS) == NO
    assert both.readings(sampled(figures=GOOD), 1500.0) == YES


def test_the_first_rates_of_a_connection_are_not_judged() -> None:
    both = AsRecorded()
    both.told(SET, 0.0)
    slow = Figures(9.0, 9e6, 2.0, 0)
    both.readings(sampled(figures=slow), 0.0)
    assert both.readings(sampled(figures=NONE_YET, settled=False), 600.0) == NO  # no change while it opens anew
    assert both.readings(sampled(figures=GOOD, settled=False), 601.0) == NO
    assert both.readings(sampled(figures=NONE_YET), 602.0) == NO  # it ended before there were any
    assert both.readings(sampled(), 605.0) == YES


def test_another_codec_counts_as_soon_as_its_connection_has_settled() -> None:
    both = AsRecorded()
    both.told(SET, 0.0)
    both.readings(sampled(), 0.0)
    assert both.readings(sampled(H265, NONE_YET, settled=False), 1.0) == YES
    assert both.readings(sampled(H265, NONE_YET), 5.0) == NO
