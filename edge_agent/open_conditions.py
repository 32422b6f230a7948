"""Which conditions were open when the agent last ended, by whatever end: the journal knows."""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.conditions import Condition, ConditionState
from telemetry.entry import EntryError, decode


def open_conditions(newest_first: Iterable[bytes]) -> list[Condition]:
    """The conditions whose newest entry is not their clearing, oldest first."""
    newest: dict[tuple[str, str, str], Condition] = {}
    for data in newest_first:
        try:
            payload = decode(data).payload
        except EntryError:
            continue  # of a later version of this program; `journal verify` tells of it
        if isinstance(payload, Condition):
            newest.setdefault(payload.key, payload)
    still = [condition for condition in newest.values() if condition.state is not ConditionState.CLEARED]
    return sorted(still, key=lambda condition: condition.since_us)
