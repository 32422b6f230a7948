"""What can be wrong with a ward's configuration and with no other."""

from __future__ import annotations

from enum import StrEnum


class WardWrong(StrEnum):
    """Worded in texts/*.json under "configuration.problem"."""

    UNKNOWN_DEVICE = "unknown_device"
    PARENT_LOOP = "parent_loop"
    KIND_PROTOCOL = "kind_protocol"
    KIND_KEY = "kind_key"
    BAD_OPENING_HOURS = "bad_opening_hours"
    LISTEN_ADDRESS = "listen_address"
    LISTEN_EVERYWHERE = "listen_everywhere"
    CHANNEL_TAKEN = "channel_taken"
