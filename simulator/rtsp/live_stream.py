"""One stream while somebody watches it: pictures at their time, to everybody at once. Nobody watching costs nothing."""

from __future__ import annotations

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from simulator.rtsp.rtp import CLOCK_HZ, Packets, Sender
from simulator.rtsp.source import Play, Viewer
from simulator.scene.lens import CLEAR, Lens
from simulator.video.film import ClockStrip, Film
from simulator.video.hevc import HevcFilm
from simulator.video.x264 import FRAMES_PER_SECOND, GROUP
from telemetry.clock import Clock

LOG = logging.getLogger("ward-sim.camera")
REPORT_SECONDS = 5.0
_PICTURE_SECONDS = 1.0 / FRAMES_PER_SECOND
_LATEST_SECONDS = 0.5  # behind its time by more, the stream leaves a gap instead of hurrying

# Few, so that eight streams that begin at once do not take the whole machine.
PAINTERS = ThreadPoolExecutor(4, "painter")


@dataclass(frozen=True, slots=True)
class Shown:
    """One second. `pictures`: the slices of each; the strip's is still to come where `bare`."""

    stands: bool
    pictures: list[list[bytes]]
    bare: bool


class LiveStream:
    """Plays a film for its viewers, all at the same place, as a camera does."""

    def __init__(self, film: Film, clock: Clock) -> None:
        self.film = self._clear_film = film
        self._clock = clock
        self._viewers: set[Viewer] = set()
        self._sender = Sender(random.getrandbits(32), random.getrandbits(16))
        self._timestamp_base = random.getrandbits(32)
        self._task: asyncio.Task[None] | None = None
        self._number = 0  # of the group that is shown
        self._next: asyncio.Future[Shown] | None = None
        self._due = 0.0  # when the next group begins, by the loop's clock
        self._frozen = False
        self._stands_at_us: int | None = None  # what the clock of a frozen picture shows

    @property
    def ssrc(self) -> int:
        return self._sender.source

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def watch(self, viewer: Viewer, play: Play) -> str:
        """Pictures from the next keyframe on; there are none of another time."""
        self._viewers.add(viewer)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._play())
            self._task.add_done_callback(told)
        return "npt=now-"

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        if not self._viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    @property
    def clear_film(self) -> Film:
        """What is seen through a lens that nothing befell."""
        return self._clear_film

    def set_lens(self, lens: Lens) -> None:
        """From the next keyframe but one on it is seen through this lens."""
        clear = self._clear_film
        film = clear if lens == CLEAR else Film(clear.view, clear.quality, lens)
        self.film = HevcFilm(film) if isinstance(self.film, HevcFilm) else film

    def set_hevc(self, hevc: bool) -> None:
        """Another codec is another stream: whoever watches has to ask anew."""
        lens, clear = self.film.lens, self._clear_film
        film = clear if lens == CLEAR else Film(clear.view, clear.quality, lens)
        self.film = HevcFilm(film) if hevc else film
        for viewer in tuple(self._viewers):
            viewer.ended()

    def set_frozen(self, frozen: bool) -> None:
        """From the next keyframe on, the same picture again and again, clock included; or moving again."""
        self._frozen = frozen
        # While somebody watches, it stands at the last moment they saw.
        self._stands_at_us = self._clock.wall_us() if frozen and self._task is None else None
        if self._task is not None:
            self._next = self._fetch()

    def snapshot(self) -> bytes:
        """A JPEG of the second that is shown; takes up to 0.3 s of a processor, in any thread."""
        wall_us = self._stands_at_us if self._frozen and self._stands_at_us is not None else self._clock.wall_us()
        return self.film.snapshot(self._number, wall_us)

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        strip = ClockStrip(self.film.view.name, self.film.quality)
        sets = await asyncio.to_thread(self.film.parameter_sets)
        due, reported = loop.time(), 0.0
        self._next = self._fetch()
        while True:
            shown = await self._next
            due = max(due, loop.time() - _LATEST_SECONDS)
            self._number += not shown.stands
            self._due = due + GROUP * _PICTURE_SECONDS
            self._next = self._fetch()
            stands_us = self._standing_us() if shown.stands else None
            for index, slices in enumerate(shown.pictures):
                await asyncio.sleep(due - loop.time())
                wall_us = self._clock.wall_us()
                clock = (strip.slice(stands_us or wall_us, keyframe=index == 0),) if shown.bare else ()
                timestamp = self._timestamp_base + round(due * CLOCK_HZ)
                units = [*(sets if index == 0 else ()), *slices, *clock]
                self._send(self._sender.packets(units, timestamp, keyframe=index == 0, hevc=not shown.bare))
                if due >= reported:
                    self._report(self._sender.report(wall_us, timestamp))
                    reported = due + REPORT_SECONDS
                due += _PICTURE_SECONDS

    def _standing_us(self) -> int:
        if self._stands_at_us is None:
            self._stands_at_us = self._clock.wall_us()
        return self._stands_at_us

    def _fetch(self) -> asyncio.Future[Shown]:
        """The next group, made while the present one is shown where it is not kept already."""
        loop = asyncio.get_running_loop()
        stands, number, film = self._frozen, self._number, self.film
        begins_us = self._clock.wall_us() + round(max(0.0, self._due - loop.time()) * 1e6)
        step_us = round(_PICTURE_SECONDS * 1e6)
        walls = [self._standing_us()] * GROUP if stands else [begins_us + at * step_us for at in range(GROUP)]

        def make() -> Shown:
            if isinstance(film, HevcFilm):
                return Shown(stands, film.pictures(number * GROUP, walls, still=stands), bare=False)
            group = film.still(number) if stands else film.group(number)
            return Shown(stands, [[scenery] for scenery in group], bare=True)

        return loop.run_in_executor(PAINTERS, make)

    def _send(self, packets: Packets) -> None:
        for viewer in tuple(self._viewers):
            viewer.picture(packets)

    def _report(self, report: bytes) -> None:
        for viewer in tuple(self._viewers):
            viewer.report(report)


def told(task: asyncio.Task[None]) -> None:
    """A stream that broke says so: nobody awaits its task."""
    if not task.cancelled() and (error := task.exception()) is not None:
        LOG.error("a camera's stream broke", exc_info=error)
