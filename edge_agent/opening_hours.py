"""When a ward's office is open, as its configuration writes it."""

from __future__ import annotations

import re

DEFAULT = "Mon-Fri 07:30-11:30,13:30-17:00"

_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAYS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*")
_SPAN = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)")


def check(text: str) -> None:
    """Groups of days separated by ";", each with its spans: "Mon-Fri 07:30-11:30,13:30-17:00; Sat 07:30-11:30".

    Raises ValueError, also for a span that does not end after it begins or begins before the last one ended.
    """
    for group in text.split(";"):
        days, _, spans = group.strip().partition(" ")
        if not _DAYS.fullmatch(days) or not spans:
            raise ValueError(group.strip())
        last = -1
        for span in spans.split(","):
            match = _SPAN.fullmatch(span.strip())
            if match is None:
                raise ValueError(span.strip())
            start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
            if not last < start < end <= 24 * 60:
                raise ValueError(span.strip())
            last = end
