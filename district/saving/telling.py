"""How far a backup is, and what became of it, for people."""

from __future__ import annotations

import sys
import time
from json import dumps

from district.saving.backup import Progress
from district.saving.manifest import Manifest
from district.saving.restore import Restored
from telemetry.configuration.words import Words

_EVERY_SECONDS = 2.0


class Teller:
    """A line on standard error now and then."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._next = time.monotonic() + _EVERY_SECONDS

    def backup(self, progress: Progress) -> None:
        percent = 100 * progress.pages // max(1, progress.pages_of)
        self._say("saving.progress", percent=percent, pictures=progress.pictures)

    def restore(self, pictures: int, pictures_of: int) -> None:
        self._say("saving.restoring", pictures=pictures, pictures_of=pictures_of)

    def _say(self, key: str, **values: object) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY_SECONDS
            sys.stderr.write(self._words.say(key, **values) + "\n")
            sys.stderr.flush()


def saved(made: Manifest, words: Words, *, json: bool) -> str:
    """What a backup holds."""
    if json:
        return made.model_dump_json()
    said = [
        words.say(
            "saving.saved",
            wards=len(made.wards),
            samples=sum(ward.samples_committed for ward in made.wards),
            events=sum(ward.events_committed for ward in made.wards),
            pictures=made.pictures,
            megabytes=round((made.store.bytes + made.hub.bytes + made.picture_bytes) / 1e6),
        )
    ]
    if made.snapshot:
        said.append(words.say("saving.snapshot", snapshot=made.snapshot))
    return "\n".join(said)


def restored(done: Restored, words: Words, *, json: bool) -> str:
    """What was put back."""
    if json:
        found = {"made": done.manifest.made, "pictures": done.pictures, "damaged_pictures": done.damaged}
        return dumps({**found, "aside": str(done.aside or ""), "snapshot": done.manifest.snapshot})
    said = [words.say("saving.restored", made=done.manifest.made, pictures=done.pictures)]
    if done.damaged:
        said.append(words.say("saving.damaged_pictures", damaged=done.damaged))
    if done.aside is not None:
        said.append(words.say("saving.aside", folder=done.aside))
    if done.manifest.snapshot:
        said.append(words.say("saving.put_snapshot_back", snapshot=done.manifest.snapshot))
    said.append(words.say("saving.check_now"))
    return "\n".join(said)
