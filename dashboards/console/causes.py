"""Cause before consequence: which device's failure explains an open condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from telemetry.conditions import Condition

UNREACHABLE, LINE_DOWN = "unreachable", "line_down"
_CUTS_OFF = frozenset({UNREACHABLE, LINE_DOWN})  # what hangs on a device with one of these cannot be reached
_OTHER_LINE = "on_backup_line"  # of the line that carries the traffic instead
_ITS_PORT = "wan_port_down"  # of the router's port that a line is plugged into
_TOGETHER_US = 120_000_000  # a line and its port are seen to fall by polls of their own


class Causes:
    """The open conditions of one ward, and what hangs on what (device → parent)."""

    def __init__(self, parents: Mapping[str, str], conditions: Sequence[Condition]) -> None:
        self._parents = parents
        self._dead = {each.device for each in conditions if each.rule in _CUTS_OFF}
        self._cut_lines = [each for each in conditions if each.rule == LINE_DOWN]

    def of(self, condition: Condition) -> str | None:
        """The device to look at instead; None where it is the condition's own."""
        if not condition.device:
            return None
        if condition.rule == UNREACHABLE:
            return cause_of(condition.device, self._parents, self._dead)
        if condition.rule == _OTHER_LINE:
            return next((line.device for line in self._cut_lines if line.device != condition.device), None)
        if condition.rule == _ITS_PORT:
            return self._line_of_port(condition)
        return None

    def _line_of_port(self, port: Condition) -> str | None:
        """The line behind the router that fell when its port did."""
        near = [
            (abs(line.since_us - port.since_us), line.device)
            for line in self._cut_lines
            if self._parents.get(line.device) == port.device and abs(line.since_us - port.since_us) <= _TOGETHER_US
        ]
        return min(near)[1] if near else None


def cause_of(device: str, parents: Mapping[str, str], dead: set[str]) -> str | None:
    """The nearest ancestor in `dead`; None when there is none. A ring of parents ends where it began."""
    seen = {device}
    above = parents.get(device, "")
    while above and above not in seen:
        if above in dead:
            return above
        seen.add(above)
        above = parents.get(above, "")
    return None
