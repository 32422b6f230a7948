"""What the ward remembers of its recorders over a restart: the oldest recording ever seen of each camera, when each was
last surveyed, and what was found."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from camera.recorders.evidence import readings_of
from camera.recorders.survey import Survey
from telemetry.clock import Clock
from telemetry.readings import Reading

log = logging.getLogger(__name__)

FILE = "retention.json"
FIGURES_SECONDS = 36 * 3600.0  # a day, and half of one to survey again


class _Camera(BaseModel):
    model_config = ConfigDict(extra="ignore")

    first_us: int | None = None
    replayed_us: int | None = None  # when all of its moments last replayed


class _Recorder(BaseModel):
    model_config = ConfigDict(extra="ignore")

    surveyed_us: int = 0  # when its index was last read
    told_us: int | None = None  # when `readings` were found, were it that nothing could be read; else `surveyed_us`
    readings: list[tuple[str, float, str]] = []


class _Memory(BaseModel):
    model_config = ConfigDict(extra="ignore")

    cameras: dict[str, _Camera] = {}
    recorders: dict[str, _Recorder] = {}


class RetentionMemory:
    """A small file. Any thread may call any method."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._memory = self._load()

    def seen(self) -> Mapping[str, int]:
        """By camera, the oldest recording that was ever seen (µs)."""
        with self._lock:
            return {name: each.first_us for name, each in self._memory.cameras.items() if each.first_us is not None}

    def surveyed_us(self, recorder: str) -> int:
        """When this recorder was last surveyed; 0 for never."""
        with self._lock:
            return self._memory.recorders.get(recorder, _Recorder()).surveyed_us

    def proved_us(self, camera: str) -> int:
        """When all moments that were asked of this camera last replayed; 0 for never."""
        with self._lock:
            return self._memory.cameras.get(camera, _Camera()).replayed_us or 0

    def figures(self, recorder: str, clock: Clock) -> Sequence[Reading]:
        """What the last survey of this recorder found. Once it is too old for today's, only that it is not known.
        Nothing where the hour is not known: how old it is cannot be told then."""
        with self._lock:
            found = self._memory.recorders.get(recorder, _Recorder())
        if not clock.tells_the_hour():
            return []
        told_us = found.surveyed_us if found.told_us is None else found.told_us
        if abs(clock.wall_us() - told_us) >= FIGURES_SECONDS * 1e6:
            cameras = dict.fromkeys(instance for _, _, instance in found.readings if instance)
            return [Reading("retention_known", 0.0, camera) for camera in cameras]
        return [Reading(*each) for each in found.readings]

    def note_proved(self, camera: str, at_us: int) -> None:
        """All of its moments replayed: a survey that is cut short goes on with the other cameras."""
        with self._lock:
            self._memory.cameras.setdefault(camera, _Camera()).replayed_us = at_us
            self._save()

    def note(self, recorder: str, survey: Survey, *, was_read: bool) -> None:
        """A survey is complete. What it could not find out takes the place of what an earlier one found: that is no
        longer known. `was_read`: it counts as the day's; else the recorder is surveyed again."""
        with self._lock:
            for each in survey.cameras:
                if each.earliest_us is not None:
                    camera = self._memory.cameras.setdefault(each.camera, _Camera())
                    camera.first_us = min(each.earliest_us, camera.first_us or each.earliest_us)
            readings = [(str(metric), value, instance) for metric, value, instance in readings_of(survey)]
            surveyed_us = survey.at_us if was_read else self._memory.recorders.get(recorder, _Recorder()).surveyed_us
            made = _Recorder(surveyed_us=surveyed_us, told_us=survey.at_us, readings=readings)
            self._memory.recorders[recorder] = made
            self._save()

    def _load(self) -> _Memory:
        try:
            return _Memory.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _Memory()
        except (OSError, ValidationError) as error:
            log.warning("%s cannot be read: %s", self._path, error)
            return _Memory()

    def _save(self) -> None:
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(self._memory.model_dump(mode="json")), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)
