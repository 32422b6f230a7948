"""A survey as evidence (telemetry.evidence), and as readings."""

from __future__ import annotations

from collections.abc import Iterator

from camera.recorders.proving import Proof
from camera.recorders.survey import Survey, Surveyed
from camera.retention.office import Office
from camera.retention.spans import DAY_US
from telemetry.evidence import Coverage, ReplayProof, Verdict
from telemetry.readings import Reading

_MET = {Verdict.MET: 1.0, Verdict.NOT_MET: 0.0, Verdict.MOTION_ONLY: 0.0}


def coverage_of(survey: Survey, of: Surveyed, recorder: str, office: Office) -> Coverage:
    """What the index says of one camera."""
    judged = of.judged
    ahead = survey.forecast
    short_on = None
    if ahead is not None and ahead.short_in_days is not None:
        short_on = office.date_of(office.day_of(survey.at_us + round(ahead.short_in_days * DAY_US))).isoformat()
    return Coverage(
        recorder=recorder,
        camera=of.camera,
        channel=of.channel,
        verdict=judged.verdict,
        from_us=judged.window.begin_us,
        to_us=judged.window.end_us,
        asked_days=survey.asked_days,
        open_percent=judged.open_percent,
        whole_percent=judged.whole_percent,
        oldest_us=judged.oldest_us,
        days=judged.days,
        gaps=judged.gaps,
        clock_offset_seconds=survey.clock_offset_seconds,
        kept_days=None if ahead is None else round(ahead.kept_days, 2),
        short_on=short_on,
        reason=str(judged.reason),
    )


def proof_of(survey: Survey, of: Surveyed, proof: Proof, recorder: str) -> ReplayProof:
    """One moment that was asked."""
    return ReplayProof(
        recorder=recorder,
        camera=of.camera,
        asked_us=proof.asked_us,
        shown_us=proof.shown_us,
        decoded=proof.decoded,
        proves=proof.proves,
        frame_sha256=proof.sha256,
        clock_offset_seconds=survey.clock_offset_seconds,
        is_oldest=proof.is_oldest,
        dated_by=proof.dated_by,
        reason=proof.reason,
    )


def readings_of(survey: Survey) -> Iterator[Reading]:
    """Of each camera whether its retention is known; coverage_percent and retention_days, and whether retention is met
    (nothing where that is not known). How long until the recorder keeps too little."""
    for each in survey.cameras:
        yield Reading("retention_known", float(each.judged.verdict is not Verdict.UNKNOWN), each.camera)
        if each.judged.open_percent is not None:
            yield Reading("coverage_percent", each.judged.open_percent, each.camera)
        if each.judged.oldest_us is not None:
            yield Reading("retention_days", (survey.at_us - each.judged.oldest_us) / DAY_US, each.camera)
        if each.judged.verdict in _MET:
            yield Reading("retention_met", _MET[each.judged.verdict], each.camera)
            yield Reading("motion_only", float(each.judged.verdict is Verdict.MOTION_ONLY), each.camera)
    if survey.forecast is not None and survey.forecast.short_in_days is not None:
        yield Reading("days_until_short_days", survey.forecast.short_in_days)
