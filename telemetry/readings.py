"""What a poll of one device brings: numbers, texts, and why something is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from telemetry.neighbours import Neighbour


class Reading(NamedTuple):
    """One number, in the unit that its name ends with. `instance` tells several apart (a port, a sensor)."""

    metric: str
    value: float
    instance: str = ""


class Fact(NamedTuple):
    """A text that rarely changes: vendor, model, serial, firmware, name, location."""

    name: str
    text: str


class ReasonCode(StrEnum):
    """Why a device does not answer, or only partly. Worded for a ward's staff in texts/vi.json, texts/en.json."""

    NO_ANSWER = "no_answer"  # nothing came within the time-out
    NO_ANSWER_SNMP = "no_answer_snmp"  # the same over SNMP v1 or v2c, where a wrong community is met with silence
    PORT_CLOSED = "port_closed"  # the host is there, the service is not
    HOST_UNREACHABLE = "host_unreachable"  # the network says that there is no way to it
    NAME_UNKNOWN = "name_unknown"  # the host name does not resolve
    WRONG_CREDENTIALS = "wrong_credentials"  # community, user or password refused
    NO_PERMISSION = "no_permission"  # the password is right, but this user may not ask for that
    REDIRECTED = "redirected"  # it sends us to another host, where no password of its goes
    STREAM_STALLED = "stream_stalled"  # a camera's stream is open and nothing comes any more
    NO_KEYFRAME = "no_keyframe"  # pictures come, but for a minute none that could be shown
    GARBLED_ANSWER = "garbled_answer"  # an answer that cannot be understood
    ERROR_ANSWER = "error_answer"  # it answers that it cannot: an HTTP or IPP status that says so
    UNEXPECTED_ANSWER = "unexpected_answer"  # it answers well, but not with what it should say
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"  # signed by nobody known, or made out to another name
    PARTIAL_ANSWER = "partial_answer"  # some readings came, others did not
    NOT_PERMITTED = "not_permitted"  # this machine does not let the agent ask (raw sockets, a file)
    UNSUPPORTED = "unsupported"  # it answers, but offers nothing that this kind needs
    UNKNOWN_UPS = "unknown_ups"  # NUT serves no UPS of this name
    DRIVER_LOST = "driver_lost"  # NUT answers, but its driver for this UPS does not run
    STALE_DATA = "stale_data"  # NUT answers, but has no fresh data: its driver no longer hears the UPS
    USB_ABSENT = "usb_absent"  # the computer answers, but the device is not on its USB
    OUTSIDE_HOURS = "outside_hours"  # why a condition cleared: the office is closed, being off is in order
    GATEWAY_TARGET_SILENT = "gateway_target_silent"  # the gateway answers, the device behind it does not
    DEVICE_BUSY = "device_busy"  # it answers that it is busy
    DEVICE_FAILED = "device_failed"  # it answers that it has failed itself
    MAP_UNFIT = "map_unfit"  # it has none of the registers of its map
    BROKER_SILENT = "broker_silent"  # the ward's own MQTT broker cannot be reached
    SENSOR_OFFLINE = "sensor_offline"  # its gateway, or its will, says that it is gone
    SENSOR_SILENT = "sensor_silent"  # nothing was heard from it for longer than it should take
    NOT_HEARD_YET = "not_heard_yet"  # nothing fresh was heard from it yet, and it is not overdue
    WARD_SILENT = "ward_silent"  # the ward's agent is out of contact, or does not do what it was asked
    NO_PICTURE = "no_picture"  # the ward has no such picture: not yet, not any more, or damaged
    INDEX_UNREADABLE = "index_unreadable"  # a recorder's index cannot be read, or has no end
    CHANNEL_UNKNOWN = "channel_unknown"  # a recorder has no such channel
    CLOCK_WRONG = "clock_wrong"  # a recorder's clock is so far off that its index cannot be believed
    REPLAY_EMPTY = "replay_empty"  # a recorder has nothing to show of a moment that its index names
    REPLAY_ELSEWHEN = "replay_elsewhen"  # it shows another moment than the one that was asked
    REPLAY_UNDATED = "replay_undated"  # it shows a picture, but does not say of when
    REPLAY_ECHOED = "replay_echoed"  # it says back whatever moment it is asked for
    REPLAY_UNREADABLE = "replay_unreadable"  # what it shows cannot be decoded
    AGENT_FAULT = "agent_fault"  # our own defect; the log has the trace
    DISK_FULL = "disk_full"  # the ward's own disk has no room left
    DISK_FAILED = "disk_failed"  # the ward's own disk refuses to be written, for another cause than want of room


class Reason(NamedTuple):
    """A code for people (worded in the catalogues) and a detail for the log; never a secret."""

    code: ReasonCode
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PollResult:
    """All that one poll of one device brought. A collector returns it and never raises out.

    `reachable` is False when nothing answered; `reason` then says why. A device that answered in part is
    reachable, has the readings that did come, and the reason why not all did.
    """

    reachable: bool
    readings: Sequence[Reading] = ()
    facts: Sequence[Fact] = ()
    reason: Reason | None = None
    neighbours: Sequence[Neighbour] | None = None  # who stands beside it; None where this poll did not look


REACHABLE = "reachable"


def unreachable(code: ReasonCode, detail: str = "") -> PollResult:
    """The result of a poll that nothing answered."""
    return PollResult(reachable=False, reason=Reason(code, detail))


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What the ward's configuration tells everyone about one device; no address secrets, no passwords."""

    id: str
    kind: str
    name: str = ""
    location: str = ""
    parent: str = ""
    protocol: str = ""
    address: str = ""
    interval_seconds: float = 0.0
    port: str = ""  # the parent's port that it is plugged into, where that is known


@dataclass(frozen=True, slots=True)
class Inventory:
    """The ward's devices as configured, and what they were found to hang on where the configuration does not say."""

    ward_name: str
    devices: Sequence[DeviceInfo] = field(default=())
