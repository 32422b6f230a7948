"""A camera's live picture as its recorder hands it on: the same packets, and nothing while the camera is gone."""

from __future__ import annotations

from simulator.rtsp.live_stream import LiveStream
from simulator.rtsp.source import Play, Viewer
from simulator.video.film import Film


class Relay:
    """One stream of one camera at the recorder."""

    def __init__(self, stream: LiveStream) -> None:
        self._stream = stream
        self._viewers: set[Viewer] = set()
        self._flows = True

    @property
    def film(self) -> Film:
        return self._stream.film

    @property
    def ssrc(self) -> int:
        return self._stream.ssrc

    def watch(self, viewer: Viewer, play: Play) -> str:
        self._viewers.add(viewer)
        return self._stream.watch(viewer, play) if self._flows else "npt=now-"

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        self._stream.leave(viewer)

    def set_flows(self, flows: bool) -> None:
        """Whether the recorder gets the camera's picture."""
        if flows is self._flows:
            return
        self._flows = flows
        for viewer in self._viewers:
            if flows:
                self._stream.watch(viewer, Play())
            else:
                self._stream.leave(viewer)
