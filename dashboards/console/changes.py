"""What changed and has not been told yet: bursts become one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from dashboards.console.site import Change, Topic


@dataclass(slots=True)
class Work:
    """What is to be told of one ward. `urgent`: the ward itself is told of whatever became of it."""

    ward: str
    urgent: bool = False
    devices: set[str] = field(default_factory=set)
    proven: set[str] = field(default_factory=set)  # cameras of which there is new evidence


class Changes:
    """Collects changes from any thread. As each is told by the state as it is read afterwards, the last of a burst is
    never lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: dict[str, Work] = {}

    def note(self, change: Change) -> bool:
        """Remember one change. True when nothing was waiting: somebody should be woken."""
        with self._lock:
            first = not self._pending
            work = self._pending.setdefault(change.ward, Work(change.ward))
            if change.topic is Topic.DEVICE and change.device:
                work.devices.add(change.device)
            elif change.topic is Topic.EVIDENCE:
                work.proven.add(change.device)
            else:
                work.urgent = True
            return first

    def take(self) -> list[Work]:
        """All that waits."""
        with self._lock:
            work, self._pending = list(self._pending.values()), {}
            return work

    def put_back(self, work: list[Work]) -> None:
        """It could not be told: once more. What came in the meantime joins it."""
        with self._lock:
            for each in work:
                pending = self._pending.setdefault(each.ward, Work(each.ward))
                pending.urgent = pending.urgent or each.urgent
                pending.devices |= each.devices
                pending.proven |= each.proven
