"""Access units to the hub, one stream over all connections to the camera: numbered, timed, dropped where they must."""

from __future__ import annotations

from camera.relay.annexb import ParameterSets
from camera.relay.assemble import AccessUnit
from edge_agent.live.backlog import Backlog
from edge_agent.live.hub_socket import HubSocket
from telemetry.live import LiveNote, LiveNoteType, record_header

TAKE_ACKS_SECONDS = 0.1  # the age from which it is worth asking what the hub has acknowledged
HUB_SILENT_SECONDS = 10.0  # a hub that acknowledges nothing for so long has gone
_LEAST_GAP_US = 40_000  # between the last picture before a break and the first one after it


class Sender:
    """Times are monotonic seconds. `remark` is for whoever looks at the stream's note."""

    def __init__(self, hub: HubSocket, remark: str = "") -> None:
        self.sequence = 0  # of the newest access unit that the camera gave
        self.backlog = Backlog()
        self._hub = hub
        self._remark = remark
        self._dropped_told = 0  # frames that had been dropped when the newest one was sent
        self._timestamp_us = 0
        self._offset_us = 0
        self._seen_at = 0.0

    def begin(self, now: float) -> None:
        """A new connection's timestamps begin anew; ours go on, by as much as the break took."""
        if self.sequence:
            self._offset_us = self._timestamp_us + max(_LEAST_GAP_US, round((now - self._seen_at) * 1e6))

    def send(self, unit: AccessUnit, now: float) -> None:
        self.sequence += 1
        self._seen_at = now
        self._timestamp_us = self._offset_us + unit.timestamp_us
        if unit.sets is not None:
            self._tell_stream(unit.sets)
        backlog = self.backlog
        if backlog.dropping or backlog.age(now) > TAKE_ACKS_SECONDS:
            self.look(now)
        if backlog.admit(now, keyframe=unit.keyframe):
            header = record_header(
                len(unit.data),
                self.sequence,
                self._timestamp_us,
                keyframe=unit.keyframe,
                dropped_before=backlog.dropped != self._dropped_told,
            )
            self._dropped_told = backlog.dropped
            self._hub.send_frame(header, unit.data)
            backlog.sent(self.sequence, now)

    def look(self, now: float) -> None:
        """Take what the hub has acknowledged; a hub that takes nothing any more is left."""
        hub, backlog = self._hub, self.backlog
        hub.receive()
        backlog.acknowledged(hub.acknowledged)
        if backlog.age(now) > HUB_SILENT_SECONDS:
            hub.give_up(f"the hub acknowledged nothing for {HUB_SILENT_SECONDS:.0f} s")

    def _tell_stream(self, sets: ParameterSets) -> None:
        self._hub.send_note(LiveNote(LiveNoteType.STREAM, sets.codec, sets.width, sets.height, detail=self._remark))
