"""What VictoriaMetrics can keep of a number: times in milliseconds, values to a millionth and twelve digits.

It keeps decimals, those of a block with one exponent between them, and about twelve digits of each: so 1/3 is not what
it was, and small numbers lose digits beside large ones. Numbers of at most six decimals below 10^12 lose nothing in
any company. A sample is brought to that form when it is committed, so that it is the same before and after it went
there; what comes back is brought to it again, since a double may be one last bit off. What has no such form
(infinities, beyond 2^53, times before 1970 or days ahead) is kept beside it.
"""

from __future__ import annotations

from store.base import Sample
from store.embedded.database import LEAST_INTEGER, MOST_INTEGER

_DIGITS, _DECIMALS = 12, 6
_WHOLE = 2.0**53  # up to here every whole number is exact, there and here
_NO_LINE = ("\n", "\r", "\\")  # what influx line protocol has no way to say in a name


def kept_time(time_us: int) -> int:
    """µs, the same millisecond's beginning."""
    return time_us - time_us % 1000


def kept_value(value: float) -> float:
    """The nearest number of six decimals and twelve digits; whole numbers, and those beyond 2^53, as they are."""
    if not abs(value) < _WHOLE:
        return value
    if value == int(value):
        return float(value) + 0.0  # -0.0 is 0
    return float(f"{round(value, _DECIMALS):.{_DIGITS}g}") + 0.0


def kept(sample: Sample) -> Sample:
    """The sample as this store gives it back. Anything that is no number stays as it is, to be refused."""
    try:
        time_us, value = kept_time(sample.wall_time_us), kept_value(sample.value)
    except (TypeError, ValueError, OverflowError):  # NaN, a text
        return sample
    same = time_us == sample.wall_time_us and value == sample.value and value != 0  # -0.0 equals 0
    if same or not _fits_column(sample.wall_time_us):
        return sample
    return sample._replace(wall_time_us=max(time_us, LEAST_INTEGER), value=value)


def _fits_column(time_us: int) -> bool:
    return LEAST_INTEGER <= time_us <= MOST_INTEGER


def fits_value(value: float) -> bool:
    """Whether VictoriaMetrics gives it back as it is."""
    return abs(value) < _WHOLE


def fits_name(*names: str) -> bool:
    """Whether series may be called so there."""
    return not any(bad in name for name in names for bad in _NO_LINE) and not any(name.endswith("\\") for name in names)
