"""The cameras' newest pictures, and when each is asked for: once a minute, and every few seconds while somebody looks
at it. In memory only: a minute after a start they are all there again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from dashboards.console.site import Thumbnail

IDLE_SECONDS = 60.0
LOOKED_AT_SECONDS = 5.0
LOOK_SECONDS = 20.0  # how long whoever asked for a picture is taken to look on
FIRST_SECONDS = 15  # over which the first questions to a ward are spread
ANSWER_SECONDS = 4.0
LONGEST_SECONDS = 600.0  # between questions to a camera that brings nothing
LONGEST_LOOKED_AT_SECONDS = 60.0
MOST_BYTES = 200_000

Place = tuple[str, str]  # ward, camera


@dataclass(slots=True)
class _Camera:
    asked_at: float
    misses: int = 0  # questions in a row that brought nothing
    waits: bool = False  # asked, and neither picture nor refusal has come
    looked_until: float = 0.0
    newest: Thumbnail | None = None


class Thumbnails:
    """Of all wards. Not safe for threads. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._cameras: dict[Place, _Camera] = {}

    def look(self, place: Place, now: float) -> Thumbnail | None:
        """Somebody looks at it, and will for a while."""
        camera = self._of(place, now)
        camera.looked_until = now + LOOK_SECONDS
        return camera.newest

    def newest(self, place: Place) -> Thumbnail | None:
        found = self._cameras.get(place)
        return found.newest if found else None

    def due(self, place: Place, now: float) -> bool:
        """Whether to ask for it now; it then counts as asked."""
        camera = self._of(place, now)
        since = now - camera.asked_at
        if since < self._pause(camera, now) or (camera.waits and since < ANSWER_SECONDS):
            return False
        camera.misses += camera.waits
        camera.asked_at, camera.waits = now, True
        return True

    def arrived(self, place: Place, picture: Thumbnail, now: float) -> bool:
        """Whether it is another than before."""
        camera = self._of(place, now)
        camera.misses, camera.waits = 0, False
        changed = camera.newest is None or camera.newest.name.sha256 != picture.name.sha256
        camera.newest = picture
        return changed

    def refused(self, place: Place) -> None:
        """The ward has none."""
        camera = self._cameras.get(place)
        if camera is not None and camera.waits:
            camera.waits = False
            camera.misses += 1

    def resume(self, ward: str, now: float) -> None:
        """The ward is back."""
        for place, camera in self._cameras.items():
            if place[0] == ward:
                camera.misses, camera.waits = 0, False
                camera.asked_at = min(camera.asked_at, self._phase(place, now))

    def keep_only(self, ward: str, cameras: set[str]) -> None:
        """The ward's configuration names these."""
        gone = [place for place in self._cameras if place[0] == ward and place[1] not in cameras]
        for place in gone:
            del self._cameras[place]

    def _of(self, place: Place, now: float) -> _Camera:
        if place not in self._cameras:
            self._cameras[place] = _Camera(self._phase(place, now))
        return self._cameras[place]

    @staticmethod
    def _phase(place: Place, now: float) -> float:
        """As if it had been asked nearly a minute ago: a ward that came shows its pictures soon, not all at once."""
        return now - IDLE_SECONDS + zlib.crc32("/".join(place).encode()) % FIRST_SECONDS

    @staticmethod
    def _pause(camera: _Camera, now: float) -> float:
        factor = float(1 << min(max(0, camera.misses - 1), 8))  # the first may have come before the first picture
        if now < camera.looked_until:
            return min(LOOKED_AT_SECONDS * factor, LONGEST_LOOKED_AT_SECONDS)
        return min(IDLE_SECONDS * factor, LONGEST_SECONDS)
