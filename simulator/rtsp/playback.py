"""Footage of another time, for one viewer: the camera's scenery with the clock of then burned in.

What a recorder would read from its disks is drawn and encoded as it is asked for; it shows what the camera saw when it
was sound. Times are the recorder's own.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Protocol

from simulator.rtsp.live_stream import PAINTERS, told
from simulator.rtsp.rtp import CLOCK_HZ, Sender, goodbye, replay_extension
from simulator.rtsp.source import NothingThereError, Play, Viewer, clock_text
from simulator.video.film import ClockStrip, Film
from simulator.video.x264 import FRAMES_PER_SECOND, GROUP

LOG = logging.getLogger("ward-sim.replay")
_SECOND = 1_000_000
_PICTURE_US = _SECOND // FRAMES_PER_SECOND
_GROUP_US = GROUP * _PICTURE_US
_REPORT_GROUPS = 5  # a report every so many groups of pictures


class Footage(Protocol):
    """What there is of one channel."""

    def first_at(self, wall_us: int) -> int | None:
        """The moment of the first footage at or after a moment; None: there is none."""

    def true_us(self, wall_us: int) -> int:
        """What the camera's clock showed when the recorder's showed that."""


class Playback:
    """`asked_us`: where it begins and ends when PLAY does not say."""

    def __init__(self, film: Film, footage: Footage, asked_us: tuple[int | None, int | None] = (None, None)) -> None:
        self.film, self._footage = film, footage
        self._begin_us, self._end_us = asked_us
        self._sender = Sender(random.getrandbits(32), random.getrandbits(16))
        self._timestamp_base = random.getrandbits(32)
        self._task: asyncio.Task[None] | None = None

    @property
    def ssrc(self) -> int:
        return self._sender.source

    def watch(self, viewer: Viewer, play: Play) -> str:
        begin = play.begin_us if play.begin_us is not None else self._begin_us
        end = play.end_us if play.end_us is not None else self._end_us
        first = self._group_at(begin if begin is not None else 0)
        if first is None or (end is not None and first >= end):
            raise NothingThereError
        self._task = asyncio.get_running_loop().create_task(self._played(viewer, play, first, end))
        self._task.add_done_callback(told)
        return f"clock={clock_text(first)}-" + (clock_text(end) if end is not None else "")

    def leave(self, viewer: Viewer) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _group_at(self, wall_us: int) -> int | None:
        """Where the group begins that holds this moment, or the first one after it: groups begin at full seconds."""
        found = self._footage.first_at(wall_us)
        if found is None:
            return None
        begin = found - found % _GROUP_US
        if self._footage.first_at(begin) == begin:
            return begin
        begin += _GROUP_US
        return begin if self._footage.first_at(begin) == begin else None

    async def _played(self, viewer: Viewer, play: Play, first: int, end: int | None) -> None:
        try:
            await self._play(viewer, play, first, end)
        except (OSError, TimeoutError) as error:
            LOG.debug("a replay's viewer takes nothing more: %r", error)

    async def _play(self, viewer: Viewer, play: Play, first: int, end: int | None) -> None:
        loop = asyncio.get_running_loop()
        strip = ClockStrip(self.film.view.name, self.film.quality)
        sets = await asyncio.to_thread(self.film.parameter_sets)
        began, at, count, broken = loop.time(), first, 0, True
        next_at: int | None = first
        while next_at is not None and (end is None or next_at < end):
            broken, at = broken or next_at != at, next_at
            scenery = await loop.run_in_executor(PAINTERS, self.film.group, at // _GROUP_US)
            following = self._group_at(at + _GROUP_US)
            last = following is None or (end is not None and following >= end)
            if count % _REPORT_GROUPS == 0:
                viewer.report(self._sender.report(at, self._timestamp(at)))
            pictures = scenery[:1] if play.keyframes else scenery
            for index, seen in enumerate(pictures):
                taken = at + index * _PICTURE_US
                if play.paced:
                    await asyncio.sleep(began + (count * GROUP + index) / FRAMES_PER_SECOND - loop.time())
                shown = strip.slice(self._footage.true_us(taken), keyframe=index == 0)
                units = [*(sets if index == 0 else ()), seen, shown]
                ends = last and index == len(pictures) - 1
                extension = replay_extension(
                    taken, play.sequence, clean=index == 0, discontinuity=broken and index == 0, last=ends
                ) if play.timed else b""  # fmt: skip
                packets = self._sender.packets(units, self._timestamp(taken), index == 0, extension)
                viewer.picture(packets)
                await viewer.room()
            broken, at, count, next_at = False, at + _GROUP_US, count + 1, following
        viewer.report(goodbye(self.ssrc))

    def _timestamp(self, wall_us: int) -> int:
        return self._timestamp_base + wall_us * CLOCK_HZ // _SECOND
