"""The watch over all cameras' streams: what changes is handed on at once, not at the next poll.

A camera whose interface must be asked where its streams are is watched from its first answer on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from camera.recorders.collector import RecorderCollector
from camera.recorders.record_settings import RecordSettings
from camera.refusals import Refusals
from camera.relay.pump import Pump
from camera.relay.rtsp import CameraStream, StreamAddress
from camera.watch.stream_watch import Keyframe, Rhythm, StreamWatch, WatchMeans
from camera.watch.tap import Tap
from collectors.base import Collector
from collectors.config import BaseDevice, RtspDevice, VideoDevice
from edge_agent import cameras
from edge_agent.camera_post import FRESH_SECONDS, SUB_STREAM, CameraPost, Seen
from edge_agent.schedule import Outcome, Poll, Schedule
from telemetry.clock import Clock
from telemetry.kinds import Kind
from telemetry.live import StreamName
from telemetry.readings import Fact, PollResult

if TYPE_CHECKING:
    from camera.watch.picture_desk import PictureDesk
    from camera.watch.picture_watch import Judged

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
PUSH_SECONDS = 30.0  # figures that nothing else brings forward
MAIN_EVERY_SECONDS, MAIN_LOOK_SECONDS = 300.0, 4.0
SAMPLED = Rhythm(look=12.0, every=180.0)  # long enough for three pictures
SAMPLED_FRESH_SECONDS = 400.0
CHECK_AGAIN_SECONDS = 600.0  # a camera that sends pictures need not be asked whether it would
CLOSE_SECONDS = 1.0

Watched = RtspDevice | VideoDevice


class CameraWatch:
    """`folder`: where references are kept. `thumbnail` is given each judged picture, in another thread."""

    def __init__(
        self,
        devices: Sequence[BaseDevice],
        folder: Path,
        clock: Clock,
        refusals: Refusals,
        thumbnail: Callable[[str, Judged], None],
    ) -> None:
        self.pump = Pump()
        self.addresses: dict[str, Mapping[StreamName, StreamAddress]] = dict(cameras.streams(devices))
        self._clock = clock
        self._means = WatchMeans(self.pump, refusals, clock)
        self._thumbnail = thumbnail
        self._devices: dict[str, Watched] = {
            each.id: each for each in devices if isinstance(each, Watched) and each.kind is Kind.CAMERA
        }
        self._posts = {device.id: _post(device) for device in self._devices.values()}
        self._folder = folder
        self._desk: PictureDesk | None = None
        self._leaving: list[StreamWatch] = []

    @property
    def posts(self) -> Mapping[str, CameraPost]:
        return self._posts

    def watched(self, schedules: Sequence[Schedule]) -> list[Schedule]:
        """The schedules, with what the streams show joined to what each camera and its recorder say."""
        for each in schedules:
            if isinstance(each.collector, RecorderCollector):
                each.collector.told = self.recorder_told
        return [
            replace(each, collector=_WatchedCamera(each.collector, self._posts[each.device], self))
            if each.device in self._posts
            else each
            for each in schedules
        ]

    def start(self) -> None:
        """Begin with the streams that the configuration names."""
        for number, device in enumerate(self._devices.values()):
            if isinstance(device, RtspDevice):
                self._watch(device, self.addresses[device.id], number)

    def found(self, camera: str, settings: cameras.Settings) -> None:
        """A camera told its streams; those that are elsewhere now are watched there."""
        device, post = self._devices[camera], self._posts[camera]
        post.settings = settings
        addresses = {name: cameras.stream_address(device, each.url) for name, each in settings.items()}
        if addresses != self.addresses.get(camera):
            self.addresses[camera] = addresses
            for watch in post.watches.values():
                watch.stop()
                self._leaving.append(watch)
            self._leaving = [watch for watch in self._leaving if not watch.join(0)]
            self._watch(device, addresses, list(self._devices).index(camera))

    def recorder_told(self, settings: Mapping[str, RecordSettings]) -> None:
        """A recorder told what it is set to record, by camera."""
        now = self._clock.monotonic()
        for camera, told in settings.items():
            if camera in self._posts:
                self._posts[camera].recorder.told(told, now)

    def look_now(self, camera: str) -> None:
        """Judge this camera's next keyframe: it says that something is wrong with its picture, or no longer."""
        watches = self._posts[camera].watches
        watched = watches.get(StreamName.SUB) or watches.get(StreamName.MAIN)
        if watched is not None:
            watched.look_now()

    def open(self, address: StreamAddress, stopped: Callable[[], bool]) -> CameraStream | Tap | None:
        """A stream for who shows it: the one that is watched already. Raises StreamError."""
        for post in self._posts.values():
            for watch in post.watches.values():
                if watch.address == address:
                    return watch.tap(stopped)
        return CameraStream.open(address, stopped)

    async def run(self, deliver: Callable[[Outcome], None], poll_now: Callable[[str], object]) -> None:
        """Hand on what changes, until cancelled."""
        if not self._posts:
            return
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for post in self._posts.values():
                try:
                    self._look(post, deliver, poll_now)
                except Exception:  # one camera's defect must not end the watch over the others
                    log.exception("%s: what its streams show could not be handed on", post.device)

    def close(self) -> None:
        """Let all cameras go; one that hangs is left behind after a second."""
        watches = [watch for post in self._posts.values() for watch in post.watches.values()]
        for watch in watches:
            watch.stop()
        deadline = time.monotonic() + CLOSE_SECONDS
        for watch in watches:
            watch.join(max(0.0, deadline - time.monotonic()))
        if self._desk is not None:
            self._desk.close()

    def _look(self, post: CameraPost, deliver: Callable[[Outcome], None], poll_now: Callable[[str], object]) -> None:
        now = self._clock.monotonic()
        judged = post.judged
        seen = post.look(now)
        if seen.up is None or not self._is_news(post, seen, judged):
            return
        self._sample_anew(post, seen)
        fell = post.told_up is not False and seen.up is False
        post.told_up, post.told_facts = seen.up, seen.facts
        if judged is not None:
            post.told_at = judged.at
        deliver(Outcome(post.device, Poll.VITAL, post.pushed(seen), PUSH_SECONDS))
        if fell:
            poll_now(post.device)  # is it the stream alone, or the camera?

    def _is_news(self, post: CameraPost, seen: Seen, judged: Judged | None) -> bool:
        has_judged = judged is not None and judged.at != post.told_at
        return seen.up != post.told_up or has_judged or seen.facts != post.told_facts

    def _sample_anew(self, post: CameraPost, seen: Seen) -> None:
        """A sub-stream that is another than before: somebody has set the camera, and perhaps its main stream too."""
        before, main = _sub_stream(post.told_facts), post.watches.get(StreamName.MAIN)
        if before and before != _sub_stream(seen.facts) and main is not None:
            main.look_now()

    def _watch(self, device: Watched, addresses: Mapping[StreamName, StreamAddress], number: int) -> None:
        """The sub-stream is held open and its pictures are judged; the main stream is looked into now and then."""
        post = self._posts[device.id]
        desk = self._pictures()
        watched = StreamName.SUB if StreamName.SUB in addresses else StreamName.MAIN
        rhythm = SAMPLED if device.watch == "sampled" else Rhythm()
        made = {
            watched: StreamWatch(device.id, addresses[watched], self._means, partial(_offer, desk, device.id), rhythm)
        }
        if watched is StreamName.SUB and StreamName.MAIN in addresses:
            after = 5.0 + (7.0 * number) % MAIN_EVERY_SECONDS
            rhythm = Rhythm(look=MAIN_LOOK_SECONDS, every=MAIN_EVERY_SECONDS, first_after=after)
            main = addresses[StreamName.MAIN]
            made[StreamName.MAIN] = StreamWatch(f"{device.id} main", main, self._means, _nobody, rhythm)
        post.watches = made
        for watch in made.values():
            watch.start()

    def _pictures(self) -> PictureDesk:
        """Made when the first camera is watched: OpenCV comes with it."""
        if self._desk is None:
            from camera.picture.picture import Area
            from camera.watch.picture_desk import PictureDesk
            from camera.watch.picture_watch import PictureWatch

            watches = {
                device.id: PictureWatch(device.id, [Area(*each) for each in device.mask], self._folder, self._clock)
                for device in self._devices.values()
            }
            self._desk = PictureDesk(watches, self._judged)
        return self._desk

    def _judged(self, camera: str, judged: Judged) -> None:
        self._posts[camera].judged = judged
        if judged.jpeg:
            self._thumbnail(camera, judged)


class _WatchedCamera:
    """A camera's collector, with what its streams show."""

    has_vital = False  # what changes is handed on by itself

    def __init__(self, inner: Collector, post: CameraPost, watch: CameraWatch) -> None:
        self._inner = inner
        self._post = post
        self._watch = watch
        self._checked_at: float | None = None
        if isinstance(inner, cameras.InterfacePoll):
            inner.found = partial(watch.found, post.device)
            inner.look = partial(watch.look_now, post.device)

    async def poll(self) -> PollResult:
        now = self._watch._clock.monotonic()
        is_asked = isinstance(self._inner, cameras.InterfacePoll) or not self._post.look(now).up
        if is_asked or self._checked_at is None or now - self._checked_at > CHECK_AGAIN_SECONDS:
            self._checked_at = now
            result = await self._inner.poll()
        else:
            result = PollResult(True)
        return self._post.joined(result, self._watch._clock.monotonic())

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        await self._inner.close()


def _post(device: Watched) -> CameraPost:
    return CameraPost(device.id, SAMPLED_FRESH_SECONDS if device.watch == "sampled" else FRESH_SECONDS)


def _sub_stream(facts: Sequence[Fact]) -> str:
    return next((fact.text for fact in facts if fact.name == SUB_STREAM), "")


def _offer(desk: PictureDesk, camera: str, keyframe: Keyframe) -> None:
    desk.offer(camera, keyframe)


def _nobody(keyframe: Keyframe) -> None:
    """Of the main stream nothing is judged."""
