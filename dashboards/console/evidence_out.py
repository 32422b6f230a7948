"""From evidence to what the API answers of it."""

from __future__ import annotations

from dashboards.console.models import (
    CoverageOut,
    DayOut,
    EvidenceOut,
    GapOut,
    PictureOut,
    PictureSeenOut,
    ProofOut,
)
from dashboards.console.site import CameraEvidence, Seen
from telemetry.evidence import Body, Coverage, PictureSeen, ReplayProof


def evidence_out(found: CameraEvidence, now_ms: int) -> EvidenceOut:
    """All of one camera."""
    return EvidenceOut(
        now_ms=now_ms,
        coverage=None if found.coverage is None else coverage_out(found.coverage),
        proofs=[_proof_out(each) for each in found.proofs],
        pictures=[_seen_out(each) for each in found.pictures],
    )


def coverage_out(seen: Seen[Coverage]) -> CoverageOut:
    """What a recorder holds of one camera."""
    body = seen.body
    return CoverageOut(
        camera=body.camera,
        recorder=body.recorder,
        channel=body.channel,
        seen_ms=seen.time_us // 1000,
        verdict=body.verdict.value,
        from_ms=body.from_us // 1000,
        to_ms=body.to_us // 1000,
        asked_days=body.asked_days,
        open_percent=body.open_percent,
        whole_percent=body.whole_percent,
        oldest_ms=_ms(body.oldest_us),
        days=[
            DayOut(
                date=day.date,
                open_percent=day.open_percent,
                whole_percent=day.whole_percent,
                motion_only=day.motion_only,
            )
            for day in body.days
        ],
        gaps=[GapOut(from_ms=gap.from_us // 1000, to_ms=gap.to_us // 1000) for gap in body.gaps],
        clock_offset_seconds=body.clock_offset_seconds,
        kept_days=body.kept_days,
        short_on=body.short_on,
        reason=body.reason,
    )


def _proof_out(seen: Seen[ReplayProof]) -> ProofOut:
    body = seen.body
    return ProofOut(
        recorder=body.recorder,
        seen_ms=seen.time_us // 1000,
        asked_ms=body.asked_us // 1000,
        shown_ms=_ms(body.shown_us),
        decoded=body.decoded,
        proves=body.proves and body.decoded,
        is_oldest=body.is_oldest,
        frame_sha256=body.frame_sha256,
        clock_offset_seconds=body.clock_offset_seconds,
        dated_by=body.dated_by.value,
        reason=body.reason,
        picture=_picture_out(seen),
    )


def _seen_out(seen: Seen[PictureSeen]) -> PictureSeenOut:
    body = seen.body
    return PictureSeenOut(
        condition=body.condition, score=body.score, seen_ms=body.seen_us // 1000, picture=_picture_out(seen)
    )


def _picture_out(seen: Seen[Body]) -> PictureOut | None:
    return None if seen.picture is None else PictureOut(sha256=seen.picture.hex(), held=seen.held)


def _ms(time_us: int | None) -> int | None:
    return None if time_us is None else time_us // 1000
