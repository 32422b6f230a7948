"""The pictures of cameras that are kept: the newest of each as its thumbnail, and the one that showed a condition."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from edge_agent.blobs import BlobError, BlobStore
from telemetry.clock import Clock
from telemetry.conditions import Condition, ConditionState
from telemetry.entry import Payload
from telemetry.evidence import PictureSeen, pack
from telemetry.jpeg import PictureError
from telemetry.kinds import Kind

if TYPE_CHECKING:
    from camera.watch.picture_watch import Judged

log = logging.getLogger(__name__)

RULE_PREFIX = "picture_"


class Appender(Protocol):
    """The part of journal.Journal that writes; from any thread."""

    def append(self, payload: Payload, *, kind: str = "", device: str = "", urgent: bool = False) -> None: ...


class PictureAlbum:
    """`keep` returns at once; in a thread, a picture is made durable before its evidence is journalled."""

    def __init__(self, blobs: BlobStore, clock: Clock) -> None:
        self._blobs = blobs
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="album")

    def thumbnail(self, camera: str, judged: Judged) -> None:
        """A camera's newest picture."""
        try:
            self._blobs.set_thumbnail(camera, judged.jpeg, judged.wall_us)
        except PictureError as error:
            log.error("%s: no thumbnail: %s", camera, error)

    def keep(self, conditions: Sequence[Condition], judged: Judged | None, journal: Appender) -> None:
        """The picture with which a condition was raised, for each that is one of pictures."""
        for condition in conditions:
            is_raised = condition.state is ConditionState.RAISED and condition.rule.startswith(RULE_PREFIX)
            if is_raised and judged is not None and judged.jpeg:
                self._worker.submit(self._keep, condition, judged, journal)

    def close(self) -> None:
        """What is to be kept is kept first."""
        self._worker.shutdown()

    def _keep(self, condition: Condition, judged: Judged, journal: Appender) -> None:
        try:
            sha256 = self._blobs.put(judged.jpeg)
            name = condition.rule.removeprefix(RULE_PREFIX)
            score = float(condition.value or 0.0)
            body = PictureSeen(camera=condition.device, condition=name, score=score, seen_us=judged.wall_us)
            journal.append(pack(body, (sha256,)), kind=Kind.CAMERA.value, device=condition.device)
        except (BlobError, PictureError) as error:
            log.error("%s: the picture of %s cannot be kept: %s", condition.device, condition.rule, error)
        except Exception:  # one picture's defect must not end the keeping of the others
            log.exception("%s: the picture of %s", condition.device, condition.rule)
