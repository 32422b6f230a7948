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
