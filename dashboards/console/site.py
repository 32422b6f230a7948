"""What the console is handed: a `Site`. The district hands it many wards, an agent its own one.

The console never reaches past this Protocol; so the district's page and the ward leader's page are one program.
All times are µs since 1970 UTC. Calls may block on a disk: the console calls them from worker threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from telemetry.conditions import Condition
from telemetry.evidence import Body, Coverage, PictureSeen, ReplayProof
from telemetry.readings import DeviceInfo, Fact, Reason


class Presence(StrEnum):
    """Whether a ward's agent speaks to us."""

    ONLINE = "online"
    OFFLINE = "offline"  # its will came, or it fell silent
    NEVER = "never"  # configured here, but it has never spoken


@dataclass(frozen=True, slots=True)
class WardState:
    """A ward as the district sees it."""

    id: str
    name: str
    presence: Presence
    last_word_us: int | None  # when anything last came from it
    offline_since_us: int | None = None
    missing_positions: int = 0  # entries that it has and we do not, yet
    named_losses: int = 0  # entries that its journal had to give up
    refused_entries: int = 0  # what came in its name and does not parse or does not fit
    agent_version: str = ""


@dataclass(frozen=True, slots=True)
class LatestReading:
    metric: str
    instance: str
    value: float
    time_us: int


@dataclass(frozen=True, slots=True)
class ThumbnailName:
    """A camera's newest picture, without the picture."""

    sha256: bytes
    taken_us: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A camera's newest picture, a JPEG."""

    name: ThumbnailName
    jpeg: bytes


_B = TypeVar("_B", bound=Body, covariant=True)


@dataclass(frozen=True, slots=True)
class Seen(Generic[_B]):
    """Evidence as it was written down at `time_us`. `held` is False while its picture is not here (yet)."""

    body: _B
    time_us: int
    picture: bytes | None = None  # SHA-256
    held: bool = False


@dataclass(frozen=True, slots=True)
class CameraEvidence:
    """What was proven of one camera, newest first. `coverage` is the newest; proofs are those of the last 60 days;
    of each condition there is the newest picture that showed it."""

    coverage: Seen[Coverage] | None = None
    proofs: Sequence[Seen[ReplayProof]] = ()
    pictures: Sequence[Seen[PictureSeen]] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device with the last that is known of it. `reachable` is None until the first poll."""

    info: DeviceInfo
    reachable: bool | None
    reachable_since_us: int | None  # since when it has been so
    reason: Reason | None  # why it is unreachable or only partly read
    last_reading_us: int | None
    readings: Sequence[LatestReading] = ()
    facts: Sequence[Fact] = ()
    thumbnail: ThumbnailName | None = None  # of a camera


@dataclass(frozen=True, slots=True)
class OpenCondition:
    """A condition that has not cleared, and when it was raised."""

    ward: str
    condition: Condition
    raised_us: int


@dataclass(frozen=True, slots=True)
class ConditionSpan:
    """A condition of the past or the present, for a time axis; `end_us` is None while it lasts."""

    condition: Condition
    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class History:
    """A stretch of one series. Where samples were thinned, `low` and `high` keep each bucket's extremes."""

    times_us: list[int]
    values: list[float]
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)


class Topic(StrEnum):
    """What may change under a reader's eyes."""

    WARD = "ward"  # presence, last word, names
    DEVICE = "device"  # readings, reachability, facts of one device
    CONDITION = "condition"  # raised, changed, cleared
    EVIDENCE = "evidence"  # of one camera: something was proven, or a picture of it arrived


@dataclass(frozen=True, slots=True)
class Change:
    """Told to listeners after it is in the store: which ward, which device ("" for the ward itself)."""

    topic: Topic
    ward: str
    device: str = ""


Listener = Callable[[Change], None]


class UnknownPlaceError(LookupError):
    """No such ward or device here."""


class Site(Protocol):
    """The wards of a district, or the one ward of an agent."""

    @property
    def label(self) -> str:
        """The name of the place: "Quận Hải Châu"."""

    def now_us(self) -> int:
        """The site's wall clock."""

    def wards(self) -> Sequence[WardState]:
        """All wards of the site, in the configuration's order."""

    def ward(self, ward: str) -> WardState:
        """One of them. Raises UnknownPlaceError."""

    def devices(self, ward: str) -> Sequence[DeviceState]:
        """A ward's devices as its inventory names them, with the last known of each."""

    def device(self, ward: str, device: str) -> DeviceState:
        """One of them. Raises UnknownPlaceError."""

    def open_conditions(self, ward: str | None = None) -> Sequence[OpenCondition]:
        """What is not as it should be now, worst and oldest first."""

    def condition_spans(self, ward: str, device: str, start_us: int, end_us: int) -> Sequence[ConditionSpan]:
        """The conditions of one device that touch start..end, for its time axis."""

    def history(
        self, ward: str, device: str, metric: str, instance: str, start_us: int, end_us: int, points: int
    ) -> History:
        """One series; of many samples only about `points` stretches. Raises UnknownPlaceError for a device that is not
        there."""

    def evidence(self, ward: str, device: str) -> CameraEvidence:
        """What was proven of a camera; nothing for any other device. Raises UnknownPlaceError."""

    def picture(self, ward: str, sha256: bytes) -> bytes | None:
        """A picture that evidence of this ward names, as it was taken; None while it is not here."""

    def thumbnail(self, ward: str, device: str) -> Thumbnail | None:
        """A camera's newest picture; None where there is none yet. Whoever asks is taken to look on for a while, so
        that the next one comes soon. Raises UnknownPlaceError."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener`, from any thread, on each change; the returned function ends it."""

    def poll_now(self, ward: str, device: str) -> None:
        """Ask the ward to poll this device at once; what comes of it arrives as a change."""
