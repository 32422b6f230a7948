"""The example's cameras as their recorder proves them: one of every verdict, with gaps, proofs and pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from dashboards.console.example.pictures import picture
from dashboards.console.site import CameraEvidence, Seen, Thumbnail, ThumbnailName
from telemetry.evidence import Coverage, DatedBy, Day, Gap, PictureSeen, ReplayProof, Verdict

DAYS = 30
_HERE = timezone(timedelta(hours=7))
_MINUTE_US, _HOUR_US, _DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
_CLOSED = frozenset((5, 6))  # Saturday, Sunday
_OPEN_US = 8.5 * _HOUR_US  # 07:30-11:30 and 13:00-17:30, say


@dataclass(frozen=True, slots=True)
class ExampleCamera:
    """`gaps`: days ago, hour of the day at which it began, minutes; `young`: days since it was mounted."""

    number: int
    verdict: Verdict
    gaps: Sequence[tuple[int, float, int]] = ()
    young: int | None = None
    kept_days: float | None = 41.5
    short_on: int | None = None  # in so many days
    condition: str = ""
    reason: str = ""


CAMERAS = (
    ExampleCamera(1, Verdict.MET),
    ExampleCamera(2, Verdict.NOT_MET, ((4, 9.2, 95), (4, 14.5, 40), (11, 8.0, 210)), condition="blurred"),
    ExampleCamera(3, Verdict.NOT_MET, tuple((ago, 7.5, 600) for ago in range(13, 30)), kept_days=12.4, short_on=-18),
    ExampleCamera(4, Verdict.NOT_YET_PROVABLE, young=9, condition="covered"),
    ExampleCamera(5, Verdict.MOTION_ONLY, kept_days=33.0, short_on=26),
    ExampleCamera(6, Verdict.UNKNOWN, reason="no_answer"),
)


def camera_of(device: str) -> ExampleCamera | None:
    """The example's camera of that id."""
    return next((each for each in CAMERAS if f"camera-{each.number}" == device), None)


def evidence(camera: ExampleCamera, now_us: int) -> CameraEvidence:
    """What was found last night at two."""
    asked_us = _midnight_us(now_us, 0) + 2 * _HOUR_US
    if asked_us > now_us:
        asked_us -= _DAY_US
    proofs = [] if camera.verdict is Verdict.UNKNOWN else _proofs(camera, asked_us)
    pictures = []
    if camera.condition:
        seen = PictureSeen(
            camera=f"camera-{camera.number}",
            condition=camera.condition,
            score=0.87,
            seen_us=now_us - 3 * _HOUR_US,
        )
        pictures.append(Seen(seen, seen.seen_us, _name(picture(camera.number, 7, camera.condition)), True))
    return CameraEvidence(Seen(_coverage(camera, now_us), asked_us), proofs, pictures)


def pictures(camera: ExampleCamera) -> dict[bytes, bytes]:
    """Every picture that its evidence names, by SHA-256."""
    made = [picture(camera.number, moment) for moment in range(6)]
    if camera.condition:
        made.append(picture(camera.number, 7, camera.condition))
    return {_name(each): each for each in made}


def thumbnail(camera: ExampleCamera, now_us: int) -> Thumbnail:
    """One of every five seconds."""
    moment = now_us // 5_000_000
    jpeg = picture(camera.number, moment % 30, camera.condition)
    return Thumbnail(ThumbnailName(_name(jpeg), moment * 5_000_000), jpeg)


def _coverage(camera: ExampleCamera, now_us: int) -> Coverage:
    first_us = _midnight_us(now_us, DAYS - 1)
    gaps = sorted({_gap(now_us, each) for each in camera.gaps})
    oldest = camera.young if camera.young is not None else 12 if camera.kept_days == 12.4 else DAYS + 4
    unknown = camera.verdict is Verdict.UNKNOWN
    days = () if unknown else tuple(_day(camera, now_us, ago) for ago in reversed(range(DAYS)))
    owed = [day.open_percent for day in days if day.open_percent is not None]
    short_on = None
    if camera.short_on is not None:
        short_on = _date(now_us + camera.short_on * _DAY_US).isoformat()
    return Coverage(
        recorder="recorder-1",
        camera=f"camera-{camera.number}",
        channel=str(camera.number),
        verdict=camera.verdict,
        from_us=first_us,
        to_us=now_us,
        open_percent=round(sum(owed) / len(owed), 2) if owed else None,
        whole_percent=None if unknown else 96.4,
        oldest_us=None if unknown else _midnight_us(now_us, oldest) + 9 * _HOUR_US,
        days=days,
        gaps=tuple(Gap(from_us=start, to_us=end) for start, end in gaps),
        clock_offset_seconds=None if unknown else 1.8,
        kept_days=None if unknown else camera.kept_days,
        short_on=short_on,
        reason=camera.reason,
    )


def _day(camera: ExampleCamera, now_us: int, ago: int) -> Day:
    start_us = _midnight_us(now_us, ago)
    day = _date(start_us)
    motion = camera.verdict is Verdict.MOTION_ONLY
    missing = sum(minutes * _MINUTE_US for at, _, minutes in camera.gaps if _working(now_us, at) == ago)
    share = max(0.0, 100 - 100 * missing / _OPEN_US)
    if camera.young is not None and ago > camera.young:
        share = 0.0
    if motion:
        share = 34.0 + ago % 7
    open_percent = None if day.weekday() in _CLOSED else round(share, 2)
    return Day(date=day.isoformat(), open_percent=open_percent, whole_percent=round(share, 2), motion_only=motion)


def _proofs(camera: ExampleCamera, asked_us: int) -> list[Seen[ReplayProof]]:
    oldest = 28 if camera.young is None else camera.young - 1
    if camera.kept_days is not None and camera.kept_days < DAYS:
        oldest = 12
    found = []
    for number, ago in enumerate((1, 4, oldest // 2, oldest * 3 // 4, oldest)):
        moment = asked_us - ago * _DAY_US + (7 + 2 * number) * _HOUR_US + 17 * _MINUTE_US
        failed = camera.verdict is Verdict.NOT_MET and number == 2
        jpeg = picture(camera.number, number)
        proof = ReplayProof(
            recorder="recorder-1",
            camera=f"camera-{camera.number}",
            asked_us=moment,
            shown_us=moment + (41 * _MINUTE_US if failed else 320_000),
            decoded=True,
            proves=not failed,
            frame_sha256=hashlib.sha256(jpeg + b"frame").hexdigest(),
            clock_offset_seconds=1.8,
            is_oldest=ago == oldest,
            dated_by=DatedBy.RANGE if camera.number % 2 else DatedBy.EXTENSION,
            reason="unexpected_answer" if failed else "",
        )
        found.append(Seen(proof, asked_us, _name(jpeg), held=number != 3))
    return found


def _working(now_us: int, ago: int) -> int:
    """The working day at or before that one; as many days ago."""
    while _date(_midnight_us(now_us, ago)).weekday() in _CLOSED:
        ago += 1
    return ago


def _gap(now_us: int, given: tuple[int, float, int]) -> tuple[int, int]:
    ago, hour, minutes = given
    ago = _working(now_us, ago)
    start_us = _midnight_us(now_us, ago) + round(hour * _HOUR_US)
    return start_us, start_us + minutes * _MINUTE_US


def _midnight_us(now_us: int, days_ago: int) -> int:
    day = _date(now_us) - timedelta(days=days_ago)
    return round(datetime(day.year, day.month, day.day, tzinfo=_HERE).timestamp()) * 1_000_000


def _date(time_us: int) -> date:
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(_HERE).date()


def _name(jpeg: bytes) -> bytes:
    return hashlib.sha256(jpeg).digest()
