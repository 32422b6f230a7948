"""The daily survey of each recorder, written down as evidence: coverage first, then each moment that was replayed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from camera.recorders.client import RecorderClient
from camera.recorders.evidence import coverage_of, proof_of
from camera.recorders.means import Means
from camera.recorders.survey import Camera, Survey, Surveyed, Surveyor
from camera.retention.judge import unknown
from edge_agent.blobs import BlobError
from edge_agent.recorder import Appender
from edge_agent.retention.memory import RetentionMemory
from telemetry.evidence import Body, EvidenceError, pack
from telemetry.jpeg import PictureError
from telemetry.kinds import Kind

log = logging.getLogger(__name__)

DAY_SECONDS = 86_400.0
FIRST_WITHIN_SECONDS = 120.0  # after a start: the first polls come first
AGAIN_SECONDS = 3600.0  # after a survey in which nothing could be read
LOOK_SECONDS = 60.0
PROVED_SECONDS = 20 * 3600.0  # moments that replayed so recently are not asked again


class Pictures(Protocol):
    """Where a proof's picture is kept (edge_agent.blobs.BlobStore)."""

    def put(self, data: bytes) -> bytes:
        """Keep it; its SHA-256."""


class DailySurvey:
    """Surveys each recorder once a day: soon after the start, if that is due, and then a day after the last. A survey
    that a stop cut short does not ask again for the moments of cameras of which all replayed."""

    def __init__(
        self,
        recorders: Mapping[str, Sequence[Camera]],
        client: Callable[[str], RecorderClient],
        means: Means,
        memory: RetentionMemory,
        journal: Appender,
        pictures: Pictures,
    ) -> None:
        self._recorders = recorders
        self._client = client
        self._means = means
        self._memory = memory
        self._journal = journal
        self._pictures = pictures
        self._not_before: dict[str, float] = {}  # by recorder, monotonic

    async def run(self) -> None:
        """Until cancelled. One recorder at a time: a survey is heavy for it, and nothing is in a hurry."""
        spread = random.Random()
        start = self._means.clock.monotonic()
        self._not_before = {name: start + spread.uniform(5.0, FIRST_WITHIN_SECONDS) for name in self._recorders}
        while True:
            for name in self._recorders:
                if self.is_due(name):
                    await self.survey(name)
            await asyncio.sleep(min(LOOK_SECONDS, FIRST_WITHIN_SECONDS / 4))

    def is_due(self, recorder: str) -> bool:
        """Whether a day has gone by since its last survey, and the date is known."""
        clock = self._means.clock
        if clock.monotonic() < self._not_before.get(recorder, 0.0) or not clock.tells_the_hour():
            return False  # which days are the last thirty must be known
        since = (clock.wall_us() - self._memory.surveyed_us(recorder)) / 1e6
        return not 0 <= since < DAY_SECONDS  # a clock that went back counts as a day

    async def survey(self, recorder: str) -> Survey | None:
        """One recorder, now. None where it failed by our own fault."""
        clock = self._means.clock
        self._not_before[recorder] = clock.monotonic() + AGAIN_SECONDS
        cameras = self._recorders[recorder]
        if not cameras:
            return None
        now = clock.wall_us()
        done = frozenset(
            each.id for each in cameras if 0 <= (now - self._memory.proved_us(each.id)) / 1e6 < PROVED_SECONDS
        )
        client = self._client(recorder)
        surveyor = Surveyor(client, self._means.with_seen(self._memory.seen()))
        try:
            survey = await surveyor.run(cameras, lambda *_: None, skip_replay=done, found=self._note_proofs(recorder))
        except Exception:  # our own defect must not end the watch over the other recorders
            log.exception("%s: its survey failed", recorder)
            nothing = unknown(self._means.settings, now, "")
            self._memory.note(
                recorder, Survey(now, [Surveyed(each.id, "", nothing) for each in cameras]), was_read=False
            )
            return None
        finally:
            await client.close()
        self._note(recorder, survey)
        return survey

    def _note(self, recorder: str, survey: Survey) -> None:
        for each in survey.cameras:
            self._append(each.camera, coverage_of(survey, each, recorder, self._means.office))
            log.info("%s on %s: %s", each.camera, recorder, each.judged.verdict)
        was_read = any(each.judged.reason == "" or each.judged.covered for each in survey.cameras)
        self._memory.note(recorder, survey, was_read=was_read)

    def _note_proofs(self, recorder: str) -> Callable[[Survey, Surveyed], None]:
        def note(survey: Survey, of: Surveyed) -> None:
            for proof in of.proofs:
                self._append(of.camera, proof_of(survey, of, proof, recorder), self._kept(proof.jpeg))
            if of.proofs and all(proof.proves for proof in of.proofs):
                self._memory.note_proved(of.camera, survey.at_us)  # whatever else came is asked again, not taken as met

        return note

    def _kept(self, picture: bytes) -> tuple[bytes, ...]:
        """The picture's hash; a disk that refuses it must not cost the proof, whose frame's hash is in its body."""
        try:
            return (self._pictures.put(picture),) if picture else ()
        except (BlobError, PictureError) as error:
            log.error("a proof's picture was not kept: %s", error)
            return ()

    def _append(self, camera: str, body: Body, blobs: tuple[bytes, ...] = ()) -> None:
        try:
            self._journal.append(pack(body, blobs), kind=Kind.CAMERA.value, device=camera)
        except EvidenceError as error:
            log.error("%s: %s", camera, error)
