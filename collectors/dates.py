"""Dates as devices write them: when a battery was put in, when it was tested."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from telemetry.clock import Clock

_HERE = timezone(timedelta(hours=7))  # Asia/Ho_Chi_Minh, which knows no summer time
_DATE = re.compile(r"\s*(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{8})(?!\d)")


def today(clock: Clock) -> date:
    """The day it is in the ward."""
    return datetime.fromtimestamp(clock.wall_us() / 1_000_000, UTC).astimezone(_HERE).date()


def parse_date(text: str, formats: Sequence[str]) -> date | None:
    """The date at the start of a text, by the first of `formats` (strptime's) that fits; None for what is none.

    The separators "/", "-" and "." are one to it: write formats with "/".
    """
    found = _DATE.match(text)
    if found is None:
        return None
    written = re.sub(r"[.-]", "/", found[1])
    for form in formats:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def age_days(then: date | None, now: date | None) -> float | None:
    """Whole days from then to now; negative for a day to come."""
    return None if then is None or now is None else float((now - then).days)
