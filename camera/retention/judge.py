"""The verdict on one camera (docs/retention.md): is each of the last days covered, and does what is oldest replay?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from camera.retention import motion
from camera.retention.index import Index
from camera.retention.office import Office
from camera.retention.spans import DAY_US, HOUR_US, US, Span, Spans, clipped, common, holes, total_us
from telemetry.evidence import Day, Gap, Verdict
from telemetry.readings import ReasonCode

MOST_GAPS = 400  # evidence is bounded; a recorder with more is described well enough


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a recorder. The decree's figures are the defaults; a ward may ask for more."""

    days: int = 30
    percent: float = 99.0  # of each day's opening hours
    max_gap_seconds: float = 600.0  # in opening hours
    margin_seconds: float = 900.0  # what is younger is not judged: recorders index late
    max_clock_offset_seconds: float = 300.0  # beyond it no moment of the index can be believed
    tolerance_seconds: float = 10.0  # between the moment asked and the moment replayed
    samples: int = 4  # moments replayed of each camera, the oldest included


class Deletes(Enum):
    """Whether the recorder is known to delete what is younger than what is asked."""

    YES = "yes"  # its disk is full and nothing older is left, it is told to, or what was seen is gone
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the index. `since_us`: when recording began, as the ward says. `seen_us`: the oldest
    recording that was ever seen of this camera."""

    now_us: int
    since_us: int | None = None
    seen_us: int | None = None
    deletes: Deletes = Deletes.UNKNOWN
    records_on_motion: bool | None = None  # as the recorder is told to; None where it does not say


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of it, before a moment was replayed. Percent of the window's time that was owed; None where none."""

    verdict: Verdict
    window: Span
    days: tuple[Day, ...] = ()
    gaps: tuple[Gap, ...] = ()
    open_percent: float | None = None
    whole_percent: float | None = None
    oldest_us: int | None = None
    covered: Spans = ()  # all that is recorded, also before the window
    reason: str = ""


def judge(index: Index, office: Office, settings: Settings, known: Circumstances) -> Judged:
    """One camera's index (corrected) by what is asked. Never looks at another camera."""
    index = index.until(known.now_us)
    end = known.now_us - round(settings.margin_seconds * US)
    begin = known.now_us - settings.days * DAY_US
    if not index.complete:
        return Judged(Verdict.UNKNOWN, Span(begin, end), reason=ReasonCode.INDEX_UNREADABLE)
    covered = index.spans()
    is_young = _is_young(index, settings, known, begin)
    first = _first_us(index, known)
    window = Span(begin if not is_young else min(end, max(begin, first)), end)
    days, all_good = _days(covered, office, settings, window)
    gaps = _gaps(covered, office, settings, window)
    opened = office.opened(*window)
    is_whole = all_good and not gaps and total_us(opened) > 0  # of footage without a hole no name of its files matters
    by_motion = not is_whole and motion.is_motion_only(index, office, Span(begin, end), known.records_on_motion)
    if by_motion:
        days = tuple(day.model_copy(update={"motion_only": True}) for day in days)
        verdict = Verdict.MOTION_ONLY
    elif is_young:
        verdict = Verdict.NOT_YET_PROVABLE
    else:
        verdict = Verdict.MET if all_good and not gaps else Verdict.NOT_MET
    return Judged(
        verdict,
        window,
        days,
        tuple(Gap(from_us=gap.begin_us, to_us=gap.end_us) for gap in gaps[:MOST_GAPS]),
        _percent(total_us(common(covered, opened)), total_us(opened)),
        _percent(total_us(clipped(covered, *window)), window.length_us),
        oldest_continuous_us(covered, office),
        covered,
    )


def unknown(settings: Settings, now_us: int, reason: str) -> Judged:
    """Nothing could be judged."""
    return Judged(Verdict.UNKNOWN, Span(now_us - settings.days * DAY_US, now_us), reason=reason)


def with_replay(judged: Judged, replayed: bool | None, reason: str = "") -> Judged:
    """What is met only if its oldest moment replays. None: it could not be tried, and so is not known."""
    if judged.verdict is not Verdict.MET or replayed:
        return judged
    verdict = Verdict.UNKNOWN if replayed is None else Verdict.NOT_MET
    return replace(judged, verdict=verdict, reason=reason)


def oldest_continuous_us(covered: Spans, office: Office) -> int | None:
    """The oldest moment from which recording goes on up to its newest without a hole that costs a day: over a day long,
    and an hour of opening time in it. A locked clip from long ago has such a hole behind it, and does not count; a
    recorder that rests over the weekend has none."""
    if not covered:
        return None
    oldest = covered[-1]
    for earlier in reversed(covered[:-1]):
        hole = Span(earlier.end_us, oldest.begin_us)
        if hole.length_us > DAY_US and total_us(office.opened(*hole)) >= HOUR_US:
            break
        oldest = earlier
    return oldest.begin_us


def _first_us(index: Index, known: Circumstances) -> int:
    """When recording of this camera began, as far as is known."""
    if known.since_us is not None:
        return known.since_us
    seen = [at for at in (index.earliest_us(), known.seen_us) if at is not None]
    return min(seen, default=known.now_us)


def _is_young(index: Index, settings: Settings, known: Circumstances, begin: int) -> bool:
    if known.since_us is not None:
        return known.since_us > begin
    first = _first_us(index, known)
    if first <= begin + round(settings.max_gap_seconds * US):
        return False
    return bool(index.recorded) and known.deletes is not Deletes.YES


def _days(covered: Spans, office: Office, settings: Settings, window: Span) -> tuple[tuple[Day, ...], bool]:
    """Each day of the window, and whether all are good.

    A day that the window cuts is judged by what is missing in the rest, against the share of the whole day that may be
    missing: else the few minutes after midnight, or after opening, would be judged by the second.
    """
    found: list[Day] = []
    all_good = True
    if window.length_us <= 0:
        return (), True
    for number in range(office.day_of(window.begin_us), office.day_of(window.end_us - 1) + 1):
        whole = office.day_span(number)
        part = Span(max(whole.begin_us, window.begin_us), min(whole.end_us, window.end_us))
        opened = office.opened(*part)
        owed, shown = total_us(opened), total_us(common(covered, opened))
        allowed = total_us(office.opened(*whole)) * (100.0 - settings.percent) / 100.0
        all_good &= owed - shown <= allowed
        found.append(
            Day(
                date=office.date_of(number).isoformat(),
                open_percent=_percent(shown, owed),
                whole_percent=_percent(total_us(clipped(covered, *part)), part.length_us),
            )
        )
    return tuple(found), all_good


def _gaps(covered: Spans, office: Office, settings: Settings, window: Span) -> list[Span]:
    """Holes that leave more than the allowed time of one opening uncovered; each as long as it is."""
    most = round(settings.max_gap_seconds * US)
    opened = office.opened(*window)
    return [
        hole
        for hole in holes(covered, *window)
        if hole.length_us > most and any(part.length_us > most for part in common([hole], opened))
    ]


def _percent(part_us: int, of_us: int) -> float | None:
    """Rounded down to a hundredth, so that what is not whole never reads as 100."""
    return None if of_us <= 0 else part_us * 10_000 // of_us / 100
