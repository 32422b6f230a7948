"""A camera, or a recorder's channel, by ONVIF (Profile S)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

from camera.faults import DeviceFault
from camera.interfaces.told import StreamSettings, Told, codec_name, main_and_sub
from camera.onvif import media
from camera.onvif.events import DeviceEvents
from camera.onvif.session import OnvifSession
from telemetry.clock import Clock
from telemetry.readings import Fact, Reading, Reason, ReasonCode

ASK_AGAIN_SECONDS = 600.0  # for what seldom changes


class OnvifCamera:
    """See CameraInterface. `channel`: which of the device's video sources, from 1."""

    def __init__(self, session: OnvifSession, clock: Clock, channel: int = 1, rtsp_port: int | None = None) -> None:
        self._session = session
        self._clock = clock
        self._channel = channel
        self._rtsp_port = rtsp_port
        self._facts: Sequence[Fact] = ()
        self._streams: Sequence[StreamSettings] = ()
        self._asked_at: float | None = None
        self._events = DeviceEvents(session, clock)
        self._source = ""  # our video source, where the device has several

    async def ask(self) -> Told:
        await self._session.open()
        offset = self._session.clock_offset_seconds
        readings = [] if offset is None else [Reading("clock_offset_seconds", float(round(offset)))]
        now, reason = self._clock.monotonic(), None
        if self._asked_at is None or now - self._asked_at > ASK_AGAIN_SECONDS:
            reason = await self._ask_what_seldom_changes()
            self._asked_at = now if reason is None else None
        before = self._said()
        if reason is None:  # an extra: only where all else was answered
            await self._events.pull()
        readings += self._events.readings(self._source)
        return Told(self._facts, readings, main_and_sub(self._streams), reason, self._said() != before)

    async def close(self) -> None:
        await self._events.end()
        await self._session.close()

    def _said(self) -> set[str]:
        """What is wrong by its own word."""
        return {each.metric for each in self._events.readings(self._source) if each.value}

    async def _ask_what_seldom_changes(self) -> Reason | None:
        """Why not all of it came."""
        try:
            self._facts = await media.device_facts(self._session)
            offered = await media.profiles(self._session)
            found = media.of_source(offered, self._channel)
            if not found:
                return Reason(ReasonCode.UNSUPPORTED, f"no video source {self._channel}")
            self._source = found[0].source if len({each.source for each in offered}) > 1 else ""
            self._streams = [await self._settings(profile) for profile in found[:2]]
        except DeviceFault as fault:
            if fault.reason.code is ReasonCode.WRONG_CREDENTIALS and not self._streams:
                raise  # its clock is for everybody, and all that it tells
            return fault.reason
        return None

    async def _settings(self, profile: media.MediaProfile) -> StreamSettings:
        url = await media.stream_url(self._session, profile.token)
        if self._rtsp_port is not None:
            parts = urlsplit(url)
            url = urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{self._rtsp_port}"))
        # What a device without Media2 cannot say (H.265 is no codec of the first service) is compared with nothing.
        codec = codec_name(profile.codec) if profile.codec in ("H264", "H265", "JPEG", "MPEG4") else ""
        return StreamSettings(url, codec, profile.width, profile.height)
