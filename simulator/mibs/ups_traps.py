"""What a UPS tells unasked when its source changes: by UPS-MIB (RFC 1628 section 4) or by PowerNet-MIB."""

from __future__ import annotations

from simulator.mibs.ups import ON_BATTERY_ALARM, UPS
from simulator.mibs.values import Trap, identifier, integer, oid, text
from simulator.model.ups import Source, Ups

_UPS_TRAPS = oid("1.3.6.1.2.1.33.2")
_POWERNET_TRAPS = oid("1.3.6.1.4.1.318.0")
_POWERNET_WORDS = oid("1.3.6.1.4.1.318.2.3.3.0")  # mtrapargsString
_LOW_MINUTES = 2


def ups_mib_trap(ups: Ups) -> Trap | None:
    """upsTrapOnBattery(1); back on the mains upsTrapAlarmEntryRemoved(4) of the on-battery alarm."""
    if ups.source is Source.BATTERY:
        variables = [
            ((*UPS, 2, 3, 0), integer(ups.runtime_seconds // 60)),
            ((*UPS, 2, 2, 0), integer(ups.on_battery_seconds)),
            ((*UPS, 9, 7, 0), integer(_LOW_MINUTES)),
        ]
        return Trap((*_UPS_TRAPS, 1), variables)
    if ups.source is Source.MAINS:
        alarm = ON_BATTERY_ALARM[-1]
        variables = [
            ((*UPS, 6, 2, 1, 1, alarm), integer(alarm)),
            ((*UPS, 6, 2, 1, 2, alarm), identifier(ON_BATTERY_ALARM)),
        ]
        return Trap((*_UPS_TRAPS, 4), variables)
    return None


def powernet_trap(ups: Ups) -> Trap | None:
    """upsOnBattery(5), powerRestored(9)."""
    if ups.source is Source.BATTERY:
        return Trap((*_POWERNET_TRAPS, 5), [(_POWERNET_WORDS, text("UPS: On battery power in response to an outage."))])
    if ups.source is Source.MAINS:
        return Trap((*_POWERNET_TRAPS, 9), [(_POWERNET_WORDS, text("UPS: No longer on battery power."))])
    return None
