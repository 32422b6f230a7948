"""What was measured to prove something: coverage of a recorder, a replayed moment, a picture that showed a condition.

An Evidence entry's body is canonical JSON (UTF-8, keys sorted, no spaces), so that whoever checks it in ten years
needs no code of ours; its pictures are blobs, named by their SHA-256 and sent beside the journal. Times are µs since
1970 UTC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

MOST_BODY_BYTES = 128 * 1024
BLOB_HASH_BYTES = 32  # SHA-256


class EvidenceError(ValueError):
    """A body that is no evidence of ours."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry's payload. `kind` names the body's form; `blobs` are the SHA-256 of the pictures that belong to it."""

    kind: str
    body: bytes
    blobs: tuple[bytes, ...] = ()


class Verdict(StrEnum):
    """Whether a recorder keeps what it must of one camera (DESIGN "Retention is proven")."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_YET_PROVABLE = "not_yet_provable"
    MOTION_ONLY = "motion_only"
    UNKNOWN = "unknown"


class DatedBy(StrEnum):
    """What tells the time of a replayed frame, the strongest first (docs/retention.md)."""

    EXTENSION = "extension"  # ONVIF's RTP header extension, at the frame itself
    RANGE = "range"  # the Range with which PLAY was answered
    REPORT = "report"  # an RTCP sender report
    DESCRIPTION = "description"  # the range that the description names
    NOTHING = "nothing"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Gap(_Body):
    """Nothing was recorded from `from_us` to `to_us`."""

    from_us: int
    to_us: int


class Day(_Body):
    """One day of the ward's calendar (`date`: 2026-11-25): shares covered, in percent; None where nothing was owed."""

    date: str
    open_percent: float | None  # of the opening hours
    whole_percent: float | None  # of all 24 hours
    motion_only: bool = False


class Coverage(_Body):
    """What a recorder's own index says of one camera over a window of days, clock-corrected."""

    kind: Literal["coverage"] = "coverage"
    recorder: str
    camera: str
    channel: str = ""
    verdict: Verdict
    from_us: int
    to_us: int
    asked_days: int = 30  # what must be kept; the window is shorter for a camera that is younger
    open_percent: float | None = None  # of all opening hours of the window
    whole_percent: float | None = None
    oldest_us: int | None = None  # the oldest moment from which recording goes on without a day's break
    days: tuple[Day, ...] = ()
    gaps: tuple[Gap, ...] = ()  # in opening hours, longer than what is allowed
    clock_offset_seconds: float | None = None  # the recorder's clock less ours
    kept_days: float | None = None  # forecast: at today's write rate and disk size
    short_on: str | None = None  # the date on which it falls under what is asked
    reason: str = ""  # a code of telemetry.readings.ReasonCode where the verdict is unknown


class ReplayProof(_Body):
    """A moment that was asked of the recorder, and what came. Proof only where `decoded` and `shown_us` is the moment
    that was asked, within the tolerance."""

    kind: Literal["replay_proof"] = "replay_proof"
    recorder: str
    camera: str
    asked_us: int
    shown_us: int | None = None  # of the frame, by the recorder's clock, corrected
    decoded: bool = False
    proves: bool = False
    frame_sha256: str = ""  # hex, of the access unit as the recorder sent it
    clock_offset_seconds: float | None = None
    is_oldest: bool = False
    dated_by: DatedBy = DatedBy.NOTHING  # what `shown_us` rests on
    reason: str = ""


class PictureSeen(_Body):
    """The picture that showed a condition when it was raised."""

    kind: Literal["picture_seen"] = "picture_seen"
    camera: str
    condition: str
    score: float
    seen_us: int


Body = Coverage | ReplayProof | PictureSeen
_BODY: TypeAdapter[Body] = TypeAdapter(Annotated[Body, Field(discriminator="kind")])


def pack(body: Body, blobs: tuple[bytes, ...] = ()) -> Evidence:
    """The payload of an entry. Raises EvidenceError for one that is too large."""
    data = _canonical(body)
    if len(data) > MOST_BODY_BYTES:
        raise EvidenceError(f"evidence of {len(data)} bytes is over the limit of {MOST_BODY_BYTES}")
    return Evidence(body.kind, data, blobs)


def unpack(evidence: Evidence) -> Body:
    """What it says. Raises EvidenceError for a kind of a later version, or for what is none."""
    try:
        return _BODY.validate_json(evidence.body)
    except ValidationError as error:
        raise EvidenceError(f"not evidence that is known here: {error.error_count()} problems") from error


def _canonical(body: Body) -> bytes:
    plain = body.model_dump(mode="json", exclude_defaults=False)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
