"""All keyframes that wait to be judged: one thread, one picture of each camera at a time, the newest."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from camera.watch.picture_watch import Judged, PictureWatch
from camera.watch.stream_watch import Keyframe

log = logging.getLogger(__name__)


class PictureDesk:
    """`offer` may be called from any thread and does not block; `done` is called in the desk's own thread."""

    def __init__(self, watches: Mapping[str, PictureWatch], done: Callable[[str, Judged], None]) -> None:
        """`watches`: by camera."""
        import cv2

        cv2.setNumThreads(1)  # one picture now and then is no reason to take all of a ward's machine
        self._watches = watches
        self._done = done
        self._lock = threading.Lock()
        self._waiting: dict[str, Keyframe] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="pictures")

    def offer(self, camera: str, keyframe: Keyframe) -> None:
        with self._lock:
            is_new = camera not in self._waiting
            self._waiting[camera] = keyframe
        if is_new:
            self._worker.submit(self._judge, camera)

    def close(self) -> None:
        """What waits is forgotten."""
        with self._lock:
            self._waiting.clear()
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _judge(self, camera: str) -> None:
        with self._lock:
            keyframe = self._waiting.pop(camera, None)
        if keyframe is None:
            return
        try:
            self._done(camera, self._watches[camera].judge(keyframe))
        except Exception:  # one picture's defect ends the watch over nothing else
            log.exception("%s: a picture could not be judged", camera)
