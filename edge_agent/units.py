"""How a person writes durations and sizes in a configuration, and opening hours."""

from __future__ import annotations

import re

DEFAULT_OPENING_HOURS = "Mon-Fri 07:30-11:30,13:30-17:00"

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB|B)")
_BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAYS = re.compile(rf"{_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*")
_SPAN = re.compile(r"(\d{2}):([0-5]\d)-(\d{2}):([0-5]\d)")


def seconds(text: str) -> float:
    """ "30s", "5m", "1h", "250ms", "1d" in seconds. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return float(match[1]) * _SECONDS[match[2]]


def size_bytes(text: str) -> int:
    """ "500MB", "2GiB" in bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a size: {text!r}")
    return round(float(match[1]) * _BYTES[match[2]])


def check_opening_hours(text: str) -> None:
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
