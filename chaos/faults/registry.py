"""Every kind of fault that there is: those that come in turns, and the one that is planned before them."""

from __future__ import annotations

from chaos.faults import clock, disk_full, kills, line, messages, power_loss
from chaos.faults.base import FaultKind

FAULTS: dict[str, FaultKind] = {
    fault.name: fault
    for fault in (
        *line.FAULTS,
        *kills.FAULTS,
        *power_loss.FAULTS,
        *disk_full.FAULTS,
        *clock.FAULTS,
        *messages.FAULTS,
    )
}

KINDS: dict[str, FaultKind] = {**FAULTS, line.LONG_CUT.name: line.LONG_CUT}
