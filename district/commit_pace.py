"""How much may be handled together, and how much asked for, as fast as this machine has shown itself to be.

A group of replayed entries keeps live ones waiting while it is decoded and committed, so it may take `GROUP_SECONDS`
and no more; what is asked for is what can be handled in `WINDOW_SECONDS`, so that nothing heaps up.
"""

from __future__ import annotations

GROUP_SECONDS = 0.15
WINDOW_SECONDS = 3.0
LEAST_GROUP, MOST_GROUP = 32_768, 1_000_000  # bytes
LEAST_WINDOW, MOST_WINDOW = 262_144, 16_000_000
LEAST_REQUEST, MOST_REQUEST = 32_768, 1_000_000
_TELLS_FROM = 16_384  # bytes; what smaller groups cost is what any commit costs
_SLOWER, _FASTER = 0.5, 0.05  # weight of a group that took longer, or less long, than expected


class CommitPace:
    """Used by the ingest's thread; `group_bytes` may be read by any."""

    def __init__(self, bytes_per_second: float = 1_000_000.0) -> None:
        self._seconds_per_byte = 1 / bytes_per_second

    def handled(self, size: int, seconds: float) -> None:
        """A group of that many bytes took that long. The slower of late counts: a machine is busy now and then, and
        bytes differ in what they hold."""
        if size < _TELLS_FROM:
            return
        measured = seconds / size
        weight = _SLOWER if measured > self._seconds_per_byte else _FASTER
        self._seconds_per_byte += weight * (measured - self._seconds_per_byte)

    @property
    def group_bytes(self) -> int:
        """How much to handle together."""
        return _within(LEAST_GROUP, GROUP_SECONDS / self._seconds_per_byte, MOST_GROUP)

    @property
    def window_bytes(self) -> int:
        """How much may be asked for and not here yet, of all wards together."""
        return _within(LEAST_WINDOW, WINDOW_SECONDS / self._seconds_per_byte, MOST_WINDOW)

    def request_bytes(self, wards: int, requests: int) -> int:
        """How much to ask for at once, when so many wards have their turns with so many requests each."""
        return _within(LEAST_REQUEST, self.window_bytes / max(wards * requests, 1), MOST_REQUEST)


def _within(least: int, wanted: float, most: int) -> int:
    return round(min(max(wanted, least), most))
