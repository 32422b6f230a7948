"""What is found of a recorder, in each of its dresses: the same footage, the same verdict, proven by replay."""

from __future__ import annotations

import asyncio

import pytest

from camera.recorders.survey import Camera, Surveyed
from camera.retention.index import Index
from camera.retention.spans import HOUR_US, MINUTE_US, US
from telemetry.evidence import DatedBy, Verdict
from tests.camera.recorders.conftest import DRESSES, Dress, Dressed
from tests.camera.recorders.footage import Holdings, Piece, hours, month
from tests.camera.recorders.rtsp_recorder import Playing

every_dress = pytest.mark.parametrize("name", DRESSES)


def only(cameras: object) -> Surveyed:
    [one] = cameras  # type: ignore[misc]
    assert isinstance(one, Surveyed)
    return one


@every_dress
def test_a_month_without_a_gap_is_met_and_its_oldest_moment_replays(dress: Dress, name: str) -> None:
    holdings = month()
    dressed = dress(name, holdings)
    found = dressed.survey()
    one = only(found.cameras)
    assert (one.judged.verdict, one.judged.reason) == (Verdict.MET, "")
    assert one.judged.open_percent == 100.0
    assert one.judged.oldest_us is not None
    assert abs(one.judged.oldest_us - holdings.before(40)) < 2 * US
    assert [proof.proves for proof in one.proofs] == [True, True]
    oldest = one.proofs[0]
    assert oldest.is_oldest and abs(oldest.asked_us - holdings.before(40)) < 10 * US
    assert oldest.shown_us is not None and abs(oldest.shown_us - oldest.asked_us) < 2 * US
    assert len(oldest.sha256) == 64 and oldest.jpeg[:2] == b"\xff\xd8"
    assert found.clock_offset_seconds is not None and abs(found.clock_offset_seconds) < 2
    assert dressed.server.server.wrong_logins == 0 if name == "onvif" else dressed.server.wrong_logins == 0


@every_dress
def test_a_gap_is_told_with_its_begin_and_end(dress: Dress, name: str) -> None:
    holdings = month()
    begin, end = holdings.before(9), holdings.before(9) + 3 * HOUR_US
    holdings.channels[1] = hours(holdings.before(40), begin) + hours(end, holdings.now_us)
    one = only(dress(name, holdings).survey().cameras)
    assert one.judged.verdict is Verdict.NOT_MET
    [gap] = one.judged.gaps
    assert abs(gap.from_us - begin) < 2 * US and abs(gap.to_us - end) < 2 * US


@every_dress
def test_another_camera_never_fills_a_hole(dress: Dress, name: str) -> None:
    holdings = month(channels=3)
    begin, end = holdings.before(9), holdings.before(9) + 3 * HOUR_US
    holdings.channels[2] = hours(holdings.before(40), begin) + hours(end, holdings.now_us)
    cameras = [Camera("a", "1"), Camera("holed", "2"), Camera("c", "3")]
    found = dress(name, holdings).survey(*cameras, samples=1).cameras
    assert [each.judged.verdict for each in found] == [Verdict.MET, Verdict.NOT_MET, Verdict.MET]
    [gap] = found[1].judged.gaps
    assert abs(gap.from_us - begin) < 2 * US and abs(gap.to_us - end) < 2 * US


@pytest.mark.parametrize("name", ["onvif", "isapi"])
def test_the_only_channel_is_credited_to_the_camera_that_it_is_of(dress: Dress, name: str) -> None:
    cameras = [Camera(f"cam-{number}", None, f"192.168.10.{30 + number}") for number in (1, 2, 3)]
    found = dress(name, month()).survey(*cameras, samples=1).cameras
    assert [each.judged.verdict for each in found] == [Verdict.MET, Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert [each.judged.reason for each in found[1:]] == ["channel_unknown"] * 2


def test_an_onvif_channel_keeps_its_number_when_another_is_gone_from_the_index(dress: Dress) -> None:
    holdings = month(channels=3)
    del holdings.channels[2]
    cameras = [Camera(f"cam-{number}", str(number)) for number in (1, 2, 3)]
    found = dress("onvif", holdings).survey(*cameras, samples=1).cameras
    assert [(each.channel, each.judged.reason) for each in found] == [("1", ""), ("", "channel_unknown"), ("3", "")]


@every_dress
def test_no_two_cameras_are_credited_with_one_channel(dress: Dress, name: str) -> None:
    called = {"onvif": "rec-1", "isapi": "Cam 1", "dahua": "Cam 1"}[name]
    found = dress(name, month(channels=2)).survey(Camera("a", "1"), Camera("b", called)).cameras
    assert [each.judged.reason for each in found] == ["channel_unknown"] * 2


@every_dress
def test_a_locked_clip_hides_no_missing_day(dress: Dress, name: str) -> None:
    holdings = month()
    clip = Piece(holdings.before(62), holdings.before(62) + 2 * MINUTE_US, locked=True)
    holdings.channels[1] = [clip, *hours(holdings.before(13), holdings.now_us)]
    one = only(dress(name, holdings).survey().cameras)
    assert one.judged.verdict is Verdict.NOT_MET
    assert one.judged.oldest_us is not None and abs(one.judged.oldest_us - holdings.before(13)) < 2 * US
    assert one.proofs[0].proves


@every_dress
def test_a_recorder_that_stopped_two_days_ago(dress: Dress, name: str) -> None:
    holdings = month()
    holdings.recording = False
    holdings.channels[1] = hours(holdings.before(40), holdings.before(2))
    one = only(dress(name, holdings).survey().cameras)
    assert one.judged.verdict is Verdict.NOT_MET
    assert abs(one.judged.gaps[-1].from_us - holdings.before(2)) < 2 * US


@pytest.mark.parametrize(("name", "more"), [("onvif", {"limit_days": 12}), ("isapi", {}), ("dahua", {})])
def test_a_recorder_that_keeps_twelve_days_is_short(dress: Dress, name: str, more: dict[str, int]) -> None:
    holdings = month(days=12, channels=2)
    found = dress(name, holdings, **more).survey(Camera("a", "1"), Camera("b", "2"))
    assert [each.judged.verdict for each in found.cameras] == [Verdict.NOT_MET, Verdict.NOT_MET]


@every_dress
def test_a_new_camera_beside_an_old_one_is_not_yet_provable(dress: Dress, name: str) -> None:
    holdings = month(channels=2)
    holdings.channels[2] = hours(holdings.before(5), holdings.now_us)
    found = dress(name, holdings).survey(Camera("old", "1"), Camera("new", "2"))
    assert [each.judged.verdict for each in found.cameras] == [Verdict.MET, Verdict.NOT_YET_PROVABLE]


@pytest.mark.parametrize("name", ["isapi", "dahua"])
def test_recording_on_motion_only_is_told_apart(dress: Dress, name: str) -> None:
    holdings = month()
    begins = range(holdings.before(40), holdings.now_us - HOUR_US, 2 * HOUR_US)
    holdings.channels[1] = [Piece(at, at + 5 * MINUTE_US, motion=True) for at in begins]
    assert only(dress(name, holdings).survey().cameras).judged.verdict is Verdict.MOTION_ONLY


@pytest.mark.parametrize("name", ["onvif", "isapi"])
def test_an_index_in_local_time_that_it_calls_utc_is_set_right(dress: Dress, name: str) -> None:
    holdings = month()
    holdings.zone_lie = 7 * 3600.0
    one = only(dress(name, holdings).survey().cameras)
    assert one.judged.verdict is Verdict.MET
    assert one.judged.oldest_us is not None and abs(one.judged.oldest_us - holdings.before(40)) < 2 * US
    assert all(proof.proves for proof in one.proofs)


@every_dress
def test_a_clock_that_takes_its_local_time_for_utc_is_set_right(dress: Dress, name: str) -> None:
    holdings = month()
    holdings.ahead = 7 * 3600.0
    found = dress(name, holdings).survey()
    assert only(found.cameras).judged.verdict is Verdict.MET
    assert abs(found.clock_offset_seconds or 99) < 2


@every_dress
def test_a_clock_that_is_a_little_off_corrects_the_index(dress: Dress, name: str) -> None:
    holdings = month()
    holdings.ahead = -100.0
    found = dress(name, holdings).survey()
    one = only(found.cameras)
    assert one.judged.verdict is Verdict.MET
    assert found.clock_offset_seconds is not None and abs(found.clock_offset_seconds + 100) < 2
    assert one.judged.oldest_us is not None and abs(one.judged.oldest_us - holdings.before(40)) < 3 * US
    assert all(proof.proves for proof in one.proofs)


@every_dress
def test_a_clock_that_is_far_off_makes_the_index_worth_nothing(dress: Dress, name: str) -> None:
    holdings = month()
    holdings.ahead = 40_000.0
    one = only(dress(name, holdings).survey().cameras)
    assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "clock_wrong")


@every_dress
def test_a_search_that_never_ends_is_left_and_nothing_is_judged_by_it(dress: Dress, name: str) -> None:
    dressed = dress(name, month(), endless=True)
    one = only(dressed.survey().cameras)
    assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "index_unreadable")
    if name == "onvif":
        assert dressed.server.ended
    if name == "dahua":
        assert not dressed.server.finders  # each was closed and destroyed


@every_dress
def test_overlapping_repeated_and_future_entries_change_nothing(dress: Dress, name: str) -> None:
    holdings = month()
    end = holdings.before(5)
    future = Piece(holdings.now_us + 200 * HOUR_US, holdings.now_us + 300 * HOUR_US)
    if name == "onvif":
        holdings.channels[1] = [*hours(holdings.before(40), end), future]
    else:
        shifted = hours(holdings.before(39.9), end)
        holdings.channels[1] = [*hours(holdings.before(40), end), *shifted, *shifted, future]
    holdings.recording = False
    one = only(dress(name, holdings).survey().cameras)
    assert one.judged.verdict is Verdict.NOT_MET
    assert abs(one.judged.gaps[-1].from_us - end) < 2 * US


@every_dress
def test_a_wrong_password_is_tried_once(dress: Dress, name: str) -> None:
    dressed = dress(name, month())
    for _ in range(3):
        one = only(dressed.survey(password="wrong").cameras)
        assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "wrong_credentials")
    assert (dressed.server.server if name == "onvif" else dressed.server).wrong_logins == 1


@every_dress
def test_a_recorder_that_is_not_there_is_unknown(dress: Dress, name: str) -> None:
    dressed = dress(name, month())
    dressed.server.close()
    assert only(dressed.survey().cameras).judged.verdict is Verdict.UNKNOWN


@every_dress
def test_a_channel_that_it_does_not_have_is_told(dress: Dress, name: str) -> None:
    one = only(dress(name, month()).survey(Camera("cam-9", "Sân sau")).cameras)
    assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "channel_unknown")


@pytest.mark.parametrize("name", ["onvif", "isapi"])
def test_a_camera_without_a_channel_is_found_by_its_address(dress: Dress, name: str) -> None:
    found = dress(name, month(channels=3)).survey(Camera("cam-2", None, "192.168.10.32"))
    assert (only(found.cameras).channel, only(found.cameras).judged.verdict) == ("2", Verdict.MET)


def test_an_onvif_recorder_that_tells_no_start_state_is_read_all_the_same(dress: Dress) -> None:
    holdings = month()
    begin, end = holdings.before(9), holdings.before(9) + 3 * HOUR_US
    holdings.channels[1] = hours(holdings.before(40), begin) + hours(end, holdings.now_us)
    one = only(dress("onvif", holdings, tells_start=False).survey().cameras)
    assert [abs(gap.from_us - begin) < 2 * US for gap in one.judged.gaps] == [True]
    assert one.judged.open_percent == pytest.approx(99.58, abs=0.05)


def test_an_index_that_would_hide_a_gap_is_met_only_if_every_moment_replays(dress: Dress) -> None:
    holdings = month()
    whole = dress("onvif", holdings, has_events=False).survey(samples=5)
    assert only(whole.cameras).judged.verdict is Verdict.MET
    recent = holdings.before(3)  # nothing older replays, but the very oldest
    playing = Playing(holds=lambda at_us: at_us > recent or at_us < holdings.before(39.9))
    holed = only(dress("onvif", holdings, playing, has_events=False).survey(samples=5).cameras)
    assert (holed.judged.verdict, holed.judged.reason) == (Verdict.NOT_MET, "replay_empty")


@pytest.mark.parametrize("beside", ["a second recording of the camera", "a locked clip"])
def test_tracks_hide_gaps_though_there_are_several_where_one_of_them_is_long(dress: Dress, beside: str) -> None:
    holdings = month(channels=2)
    if beside == "a locked clip":
        holdings.channels[2] = [Piece(holdings.before(62), holdings.before(62) + 2 * MINUTE_US, locked=True)]
    recent = holdings.before(3)  # nothing older replays, but the very oldest
    playing = Playing(holds=lambda at_us: at_us > recent or at_us < holdings.before(39.9))
    dressed = dress("onvif", holdings, playing, has_events=False, one_source=True)
    assert not asyncio.run(indexed(dressed)).has_gaps
    found = only(dressed.survey(Camera("cam-1", "urn:cam:1"), samples=5).cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.NOT_MET, "replay_empty")


def test_tracks_of_an_hour_each_would_show_a_gap(dress: Dress) -> None:
    holdings = month(days=1, channels=1)
    holdings.channels = {number: [piece] for number, piece in enumerate(holdings.channels[1], 1)}
    assert asyncio.run(indexed(dress("onvif", holdings, has_events=False, one_source=True))).has_gaps


async def indexed(dressed: Dressed) -> Index:
    """What the client reads of the only channel."""
    client = dressed.client()
    try:
        await client.open()
        [channel] = await client.channels()
        return await client.index(channel, dressed.server.holdings.before(31), dressed.server.holdings.now_us)
    finally:
        await client.close()


@every_dress
def test_a_moment_that_does_not_replay_is_no_retention(dress: Dress, name: str) -> None:
    holdings = month()
    found = only(dress(name, holdings, Playing(holds=lambda at_us: False)).survey().cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.NOT_MET, "replay_empty")
    assert not any(proof.proves or proof.sha256 for proof in found.proofs)


@every_dress
@pytest.mark.parametrize("dated", ["extension", "range"])
def test_a_frame_of_another_time_is_no_proof(dress: Dress, name: str, dated: str) -> None:
    found = only(dress(name, month(), Playing(off=3600.0, dated=dated)).survey().cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.NOT_MET, "replay_elsewhen")
    first = found.proofs[0]
    assert first.decoded and not first.proves
    assert first.shown_us is not None and abs(first.shown_us - first.asked_us - 3600 * US) < 2 * US


def test_a_frame_a_few_seconds_before_is_the_keyframe_of_the_moment(dress: Dress) -> None:
    assert only(dress("isapi", month(), Playing(off=-4.0)).survey().cameras).judged.verdict is Verdict.MET


def test_an_oldest_moment_that_is_deleted_while_it_is_asked_for_is_asked_a_little_later(dress: Dress) -> None:
    holdings = month()
    gone = holdings.before(40) + 2 * MINUTE_US
    found = only(dress("isapi", holdings, Playing(holds=lambda at_us: at_us > gone)).survey().cameras)
    assert found.judged.verdict is Verdict.MET
    assert [(proof.is_oldest, proof.proves) for proof in found.proofs] == [(True, False), (True, True), (False, True)]


@every_dress
def test_an_oldest_file_that_is_overwritten_while_it_is_asked_for_costs_nothing(dress: Dress, name: str) -> None:
    holdings = month()

    def holds(at_us: int) -> bool:
        """The first question finds that the oldest hour has just been overwritten."""
        holdings.channels[1] = [each for each in holdings.channels[1] if each.begin_us > holdings.before(39.99)]
        return holdings.holds(1, at_us + US)  # it is asked in whole seconds

    found = only(dress(name, holdings, Playing(holds=holds)).survey(samples=1).cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.MET, "")
    assert found.proofs[-1].proves and found.proofs[-1].is_oldest
    assert abs(found.proofs[-1].asked_us - holdings.before(40) - HOUR_US) < 2 * US


@every_dress
def test_a_recorder_that_lost_the_days_before_what_is_asked_for_and_lists_them_is_not_met(
    dress: Dress, name: str
) -> None:
    holdings = month()
    playing = Playing(holds=lambda at_us: at_us > holdings.before(35))
    found = only(dress(name, holdings, playing).survey(samples=1).cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.NOT_MET, "replay_empty")
    assert len(found.proofs) <= 4  # bounded


def honest(at_us: int) -> bool:
    """Of a month's recorder: it has nothing older than its 40 days."""
    return at_us > month().before(40.1)


@pytest.mark.parametrize("name", ["isapi", "dahua"])
@pytest.mark.parametrize(
    ("playing", "verdict", "reason"),
    [
        (Playing(dated="range", holds=honest), Verdict.MET, ""),
        (Playing(dated="report"), Verdict.MET, ""),
        (Playing(dated="description", holds=honest), Verdict.MET, ""),
        (Playing(dated="range", holds=honest, knows_require=False), Verdict.MET, ""),
        (Playing(codec="H265"), Verdict.MET, ""),
        (Playing(dated=""), Verdict.UNKNOWN, "replay_undated"),
        (Playing(garbage=True), Verdict.NOT_MET, "replay_unreadable"),
    ],
)
def test_what_dates_a_frame(dress: Dress, name: str, playing: Playing, verdict: Verdict, reason: str) -> None:
    found = only(dress(name, month(), playing).survey(samples=1).cameras)
    assert (found.judged.verdict, found.judged.reason) == (verdict, reason)
    assert found.proofs[0].dated_by == (playing.dated or DatedBy.NOTHING) or playing.garbage


@pytest.mark.parametrize(
    ("name", "dated"),  # ONVIF's address names no moment that a description could say back
    [("onvif", "range"), ("isapi", "range"), ("isapi", "description"), ("dahua", "range"), ("dahua", "description")],
)
def test_a_recorder_that_says_back_whatever_it_is_asked_for_proves_nothing(dress: Dress, name: str, dated: str) -> None:
    playing = Playing(dated=dated)  # it has a frame of any moment
    found = dress(name, month(channels=2), playing).survey(Camera("a", "1"), Camera("b", "2"))
    for one in found.cameras:
        assert (one.judged.verdict, one.judged.reason) == (Verdict.UNKNOWN, "replay_echoed")
        assert all(proof.decoded and proof.sha256 and not proof.proves for proof in one.proofs)
    asked = [request for request in playing.requests if request.startswith("PLAY")]
    assert len(asked) == 2 * 2 + 1  # whether it says back is asked once for all its cameras


def test_frames_that_are_dated_themselves_need_no_such_question(dress: Dress) -> None:
    playing = Playing(dated="extension")
    found = only(dress("onvif", month(), playing).survey().cameras)
    assert (found.judged.verdict, {proof.dated_by for proof in found.proofs}) == (Verdict.MET, {DatedBy.EXTENSION})
    assert len([request for request in playing.requests if request.startswith("PLAY")]) == 2


def test_a_replay_that_wants_another_password_is_asked_once(dress: Dress) -> None:
    playing = Playing(password="another")
    dressed = dress("isapi", month(), playing)
    found = only(dressed.survey(samples=5).cameras)
    assert (found.judged.verdict, found.judged.reason) == (Verdict.UNKNOWN, "wrong_credentials")
    assert playing.wrong_logins == 1


def test_an_empty_channel_is_not_met_and_asks_for_no_replay(dress: Dress) -> None:
    holdings = Holdings({1: []})
    found = only(dress("isapi", holdings).survey().cameras)
    assert (found.judged.verdict, found.proofs) == (Verdict.NOT_MET, ())


def test_the_forecast_is_by_the_sizes_of_the_last_days_files(dress: Dress) -> None:
    found = dress("isapi", month()).survey()
    assert found.forecast is not None
    assert found.forecast.kept_days == pytest.approx(4e12 / 24e9, rel=0.05)
