"""The conditions of a ward: what is open now, and the spans of the past, both folded from the same entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dashboards.console.site import ConditionSpan, OpenCondition
from district.stamps import NEVER, Stamp, newer
from telemetry.conditions import Condition, ConditionState
from telemetry.readings import Inventory

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Line:
    """One condition by its identity: the newest word about it, and since when it is open (None: it is not)."""

    stamp: Stamp
    condition: Condition
    raised_us: int | None


class ConditionBook:
    """What is open in one ward. Entries may come in any order; an older one changes nothing."""

    def __init__(self, ward: str) -> None:
        self._ward = ward
        self._lines: dict[Key, _Line] = {}
        self._inventory = NEVER
        self._there: frozenset[str] = frozenset()  # the devices of that inventory

    def note(self, condition: Condition, stamp: Stamp, current: bytes) -> bool:
        """Take a condition entry. True when it changed what is open."""
        line = self._lines.get(condition.key)
        if line is not None and not newer(stamp, line.stamp, current):
            return False
        was = line.raised_us if line is not None else None
        if condition.state is ConditionState.CLEARED or self._is_gone(condition.device, stamp, current):
            self._lines[condition.key] = _Line(stamp, condition, None)
            return was is not None
        raised = was if was is not None else stamp.wall_time_us
        self._lines[condition.key] = _Line(stamp, condition, raised)
        return True

    def keep_only(self, inventory: Inventory, stamp: Stamp, current: bytes) -> list[Condition]:
        """Close the conditions of devices that are no longer there. Returns them."""
        if not newer(stamp, self._inventory, current):
            return []
        self._inventory = stamp
        self._there = frozenset(device.id for device in inventory.devices)
        gone = []
        for line in self._lines.values():
            if line.raised_us is not None and self._is_gone(line.condition.device, line.stamp, current):
                line.raised_us = None
                gone.append(line.condition)
        return gone

    def _is_gone(self, device: str, stamp: Stamp, current: bytes) -> bool:
        """Whether the inventory that came after `stamp` has no such device any more."""
        return bool(device) and device not in self._there and newer(self._inventory, stamp, current)

    def open(self) -> Iterator[OpenCondition]:
        """In no order."""
        for line in self._lines.values():
            if line.raised_us is not None:
                yield OpenCondition(self._ward, line.condition, line.raised_us)


Entry = tuple[Stamp, Condition | Inventory]


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """As the ward wrote them: incarnation by incarnation, each by position, though its wall clock may have jumped."""
    found = list(entries)
    begun: dict[bytes, int] = {}
    for stamp, _ in found:
        begun[stamp.incarnation] = min(stamp.wall_time_us, begun.get(stamp.incarnation, stamp.wall_time_us))
    return sorted(found, key=lambda each: (begun[each[0].incarnation], each[0].incarnation, each[0].position))


def spans(entries: Iterable[Entry]) -> list[ConditionSpan]:
    """The spans that these entries tell of, by their begin; an end is None while it lasts.

    A condition keeps the words of its newest entry. One that is raised again while open goes on: an agent that starts
    again tells what it finds.
    """
    done: list[ConditionSpan] = []
    lasting: dict[Key, ConditionSpan] = {}
    for stamp, payload in in_order(entries):
        if isinstance(payload, Inventory):
            there = {device.id for device in payload.devices}
            ended = [key for key in lasting if key[0] and key[0] not in there]
        elif payload.state is ConditionState.CLEARED:
            ended = [payload.key] if payload.key in lasting else []
        else:
            begun = lasting[payload.key].start_us if payload.key in lasting else payload.since_us
            lasting[payload.key] = ConditionSpan(payload, begun, None)
            ended = []
        for key in ended:
            span = lasting.pop(key)
            done.append(ConditionSpan(span.condition, span.start_us, max(stamp.wall_time_us, span.start_us)))
    return sorted([*done, *lasting.values()], key=lambda span: span.start_us)
