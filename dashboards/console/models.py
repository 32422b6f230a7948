"""What the console's HTTP API answers: the contract with the pages, and with anyone who reads the OpenAPI.

Times are milliseconds since 1970-01-01 UTC (`_ms`), because that is what a browser's clock speaks.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SeverityName = Literal["info", "attention", "failure"]


class Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class ProblemOut(Out):
    """Every error: a code for the page's catalogue, words for a person who reads the API by hand."""

    code: str
    message: str


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")
    old: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=10, max_length=256)


class MeOut(Out):
    user: str
    name: str
    role: Literal["district", "ward", "auditor", "admin"]
    one_time_password: bool  # signed in with a password that somebody else has seen: suggest a new one


class SiteOut(Out):
    label: str  # "Quận Hải Châu"
    version: str
    now_ms: int


class ReasonOut(Out):
    code: str  # worded in telemetry/texts
    detail: str


class ConditionOut(Out):
    ward: str
    device: str  # "" for the ward itself
    device_name: str
    device_kind: str
    rule: str  # worded in telemetry/texts
    instance: str
    instance_name: str  # where it is another of the ward's devices: a camera of a recorder's; else ""
    severity: SeverityName
    since_ms: int  # when the cause was first seen
    value: float | None
    threshold: float | None
    reason: ReasonOut | None
    cause_device: str | None  # the device whose failure explains this one (an ancestor that does not answer)


class ConditionSpanOut(Out):
    rule: str
    instance: str
    severity: SeverityName
    start_ms: int
    end_ms: int | None


class WardOut(Out):
    id: str
    name: str
    presence: Literal["online", "offline", "never"]
    last_word_ms: int | None
    offline_since_ms: int | None
    agent_version: str
    missing_positions: int
    named_losses: int
    device_count: int
    devices_answering: int
    worst: SeverityName | None
    conditions: list[ConditionOut]  # open now, worst and oldest first


class ReadingOut(Out):
    metric: str
    instance: str
    value: float
    time_ms: int


class FactOut(Out):
    name: str
    text: str


class ThumbnailOut(Out):
    """A camera's newest picture; .../devices/{device}/thumbnail has it."""

    sha256: str
    taken_ms: int


class DeviceOut(Out):
    id: str
    kind: str
    name: str  # the id where the configuration gives none
    location: str
    parent: str | None
    port: str | None  # the parent's, where that is known
    protocol: str
    address: str
    interval_seconds: float
    reachable: bool | None  # None: not polled yet
    reachable_since_ms: int | None
    reason: ReasonOut | None
    last_reading_ms: int | None
    readings: list[ReadingOut]
    facts: list[FactOut]
    thumbnail: ThumbnailOut | None  # of a camera


class WardsOut(Out):
    now_ms: int
    wards: list[WardOut]
    last_event_id: str  # the event stream from here on misses nothing of it


class WardPageOut(Out):
    now_ms: int
    ward: WardOut
    devices: list[DeviceOut]
    last_event_id: str


class DevicePageOut(Out):
    now_ms: int
    ward: WardOut
    device: DeviceOut
    children: list[DeviceOut]  # what hangs on it
    last_event_id: str


class HistoryOut(Out):
    """One series; thinned to at most the asked number of points, each bucket with its extremes."""

    metric: str
    instance: str
    times_ms: list[int]
    values: list[float]
    low: list[float]
    high: list[float]


class ConditionsOut(Out):
    spans: list[ConditionSpanOut]


class MetricOut(Out):
    name: str
    unit: str
    digits: int
    vi: str
    en: str


VerdictName = Literal["met", "not_met", "not_yet_provable", "motion_only", "unknown"]


class DayOut(Out):
    """One day of the ward's calendar. Shares in percent; None where nothing was owed."""

    date: str  # 2026-11-25
    open_percent: float | None  # of the opening hours
    whole_percent: float | None  # of all 24 hours
    motion_only: bool


class GapOut(Out):
    from_ms: int
    to_ms: int


class CoverageOut(Out):
    """What a recorder's own index says of one camera, clock-corrected."""

    camera: str
    recorder: str
    channel: str
    seen_ms: int  # when the recorder was asked
    verdict: VerdictName
    from_ms: int
    to_ms: int
    asked_days: int  # that must be kept
    open_percent: float | None
    whole_percent: float | None
    oldest_ms: int | None  # recording goes on from here without a day's break
    days: list[DayOut]
    gaps: list[GapOut]  # in opening hours, longer than what is allowed
    clock_offset_seconds: float | None
    kept_days: float | None  # at today's write rate and disk size
    short_on: str | None  # the date on which it will keep too little
    reason: str  # a code, where the verdict is unknown


class PictureOut(Out):
    """/api/blobs/{sha256} has it where it is `held`; else it is on its way."""

    sha256: str
    held: bool


class ProofOut(Out):
    """A moment that was asked of the recorder, and what came. `proves`: that very moment, decoded."""

    recorder: str
    seen_ms: int  # when it was asked
    asked_ms: int  # the moment
    shown_ms: int | None  # of the frame, by the recorder's clock, corrected
    decoded: bool
    proves: bool
    is_oldest: bool
    frame_sha256: str  # of the frame as the recorder sent it
    clock_offset_seconds: float | None
    dated_by: str  # what `shown_ms` rests on (telemetry.evidence.DatedBy)
    reason: str
    picture: PictureOut | None


class PictureSeenOut(Out):
    """The picture that showed a condition when it was raised."""

    condition: str
    score: float
    seen_ms: int
    picture: PictureOut | None


class EvidenceOut(Out):
    """Of one camera, newest first."""

    now_ms: int
    coverage: CoverageOut | None
    proofs: list[ProofOut]  # of the last 60 days
    pictures: list[PictureSeenOut]  # the newest of each condition


class RecorderEvidenceOut(Out):
    """The cameras of one recorder, each with its newest coverage, in the order of the ward's configuration."""

    now_ms: int
    cameras: list[CoverageOut]
