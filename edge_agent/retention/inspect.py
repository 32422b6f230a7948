"""`ward-agent recorder inspect`: survey one recorder now, and say what was found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from camera.recorders.client import RecorderClient
from camera.recorders.evidence import coverage_of
from camera.recorders.means import Means
from camera.recorders.proving import Proof
from camera.recorders.survey import Camera, Survey, Surveyed, Surveyor
from camera.retention.office import Office
from telemetry.configuration.words import Words


async def inspect(
    client: RecorderClient, cameras: list[Camera], means: Means, say: Callable[[str], None], words: Words
) -> Survey:
    """`say` is told what is being done, a line for each step."""

    def progress(camera: str, step: str) -> None:
        say(words.say(f"recorder.{step}", camera=camera))

    try:
        return await Surveyor(client, means).run(cameras, progress)
    finally:
        await client.close()


def as_json(survey: Survey, recorder: str, office: Office, words: Words) -> str:
    """One JSON document; times are RFC 3339 in the ward's time."""
    channels = [_document(survey, each, recorder, office, words) for each in survey.cameras]
    return json.dumps({"recorder": recorder, "channels": channels}, ensure_ascii=False, indent=2)


def as_text(survey: Survey, office: Office, words: Words) -> str:
    """For people: a camera a paragraph."""
    lines: list[str] = []
    for each in survey.cameras:
        judged = each.judged
        lines.append(f"{each.camera}: {words.name(f'verdict.{judged.verdict}')}")
        if judged.reason:
            lines.append(f"    {words.name(f'reason.{judged.reason}')}")
        if judged.open_percent is not None:
            lines.append("    " + words.say("recorder.open", percent=f"{judged.open_percent:.2f}"))
        if judged.whole_percent is not None:
            lines.append("    " + words.say("recorder.whole", percent=f"{judged.whole_percent:.2f}"))
        if judged.oldest_us is not None:
            lines.append("    " + words.say("recorder.oldest", at=_time(judged.oldest_us, office)))
        for gap in judged.gaps:
            begin, end = _time(gap.from_us, office), _time(gap.to_us, office)
            lines.append("    " + words.say("recorder.gap", begin=begin, end=end))
        lines += [f"    {_proof_text(proof, office, words)}" for proof in each.proofs]
    if survey.clock_offset_seconds is not None:
        lines.append(words.say("recorder.clock", seconds=f"{survey.clock_offset_seconds:+.0f}"))
    if survey.forecast is not None:
        lines.append(words.say("recorder.kept", days=f"{survey.forecast.kept_days:.0f}"))
    return "\n".join(lines)


def _proof_text(proof: Proof, office: Office, words: Words) -> str:
    asked = _time(proof.asked_us, office)
    if proof.proves:
        dated = words.name(f"dated_by.{proof.dated_by}")
        return words.say("recorder.proof", asked=asked, sha256=proof.sha256[:16], dated=dated)
    return words.say("recorder.no_proof", asked=asked, reason=words.name(f"reason.{proof.reason}"))


def _document(survey: Survey, of: Surveyed, recorder: str, office: Office, words: Words) -> dict[str, object]:
    told = coverage_of(survey, of, recorder, office)
    return {
        "camera": of.camera,
        "channel": of.channel,
        "verdict": told.verdict.value,
        "reason": told.reason or None,
        "error": words.name(f"reason.{told.reason}") if told.reason else None,
        "coverage_percent": told.open_percent,
        "coverage_24h_percent": told.whole_percent,
        "oldest": None if told.oldest_us is None else _time(told.oldest_us, office),
        "from": _time(told.from_us, office),
        "to": _time(told.to_us, office),
        "days": [day.model_dump(mode="json") for day in told.days],
        "gaps": [{"from": _time(gap.from_us, office), "to": _time(gap.to_us, office)} for gap in told.gaps],
        "proofs": [_proof(proof, office) for proof in of.proofs],
        "clock_offset_seconds": told.clock_offset_seconds,
        "kept_days": told.kept_days,
        "short_on": told.short_on,
    }


def _proof(proof: Proof, office: Office) -> dict[str, object]:
    return {
        "asked": _time(proof.asked_us, office),
        "shown": None if proof.shown_us is None else _time(proof.shown_us, office),
        "decoded": proof.decoded,
        "sha256": proof.sha256 or None,
        "proves": proof.proves,
        "oldest": proof.is_oldest,
        "dated_by": proof.dated_by.value,
        "reason": proof.reason or None,
    }


def _time(at_us: int, office: Office) -> str:
    """RFC 3339 with the ward's offset, to the millisecond where it has some."""
    moment = datetime.fromtimestamp(at_us // 1000 / 1000, UTC)
    local = moment.astimezone(timezone(timedelta(minutes=office.utc_offset_minutes)))
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")
