"""An ONVIF recorder (Profile G): Recording Control, Recording Search and Replay Control services.

Its index is what `tns1:RecordingHistory/Track/State` tells (Recording Search 5.21): when data began and ceased to be
there. Where a recorder tells no such events, each recording's tracks say from when to when they have data; one long
track then hides its gaps (`Index.has_gaps`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from camera.faults import DeviceFault
from camera.onvif import faults
from camera.onvif.events import DeviceEvents
from camera.onvif.library import Service
from camera.onvif.media import device_facts
from camera.onvif.session import OnvifSession
from camera.recorders.client import (
    MOST_CHANNELS,
    MOST_PAGES,
    MOST_ROWS,
    MOST_SECONDS,
    MOST_STALE_PAGES,
    Channel,
    Disk,
    Moment,
    Told,
    others_address,
)
from camera.recorders.onvif_numbers import numbers
from camera.recorders.onvif_settings import record_settings
from camera.recorders.record_settings import RecordSettings
from camera.relay.rtsp import StreamAddress
from camera.retention.index import Index, Recorded
from camera.retention.spans import DAY_US
from telemetry.clock import Clock
from telemetry.readings import Fact, ReasonCode

log = logging.getLogger(__name__)

_TOPIC = "tns1:RecordingHistory/Track/State"
_DIALECT = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
_WSNT = "http://docs.oasis-open.org/wsn/b-2"
_TNS1 = "http://www.onvif.org/ver10/topics"
_KEEP_ALIVE = timedelta(seconds=10)  # what every device supports at least (Recording Search, FindEvents)
_WAIT = timedelta(seconds=2)
_PAGE_ROWS = 100
_DONE = "Completed"


@dataclass(frozen=True, slots=True)
class _Track:
    """One video track: from when to when it has data (µs), and whether it is written now."""

    recording: str
    token: str
    begin_us: int
    end_us: int
    runs: bool | None


@dataclass(frozen=True, slots=True)
class _Change:
    """Data of a track began or ceased to be there."""

    track: tuple[str, str]  # recording, track
    at_us: int
    present: bool


@dataclass(slots=True)
class _Search:
    """What a search brought, and whether it was all."""

    results: list[Any] = field(default_factory=list)
    complete: bool = True
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def take(self, results: list[Any]) -> bool:
        """Add what came; whether any of it is new."""
        before = len(self._seen)
        for each in results:
            named = ("RecordingToken", "TrackToken", "Time", "StartStateEvent")
            key = tuple(str(getattr(each, name, "")) for name in named)
            if key not in self._seen:
                self._seen.add(key)
                self.results.append(each)
        return len(self._seen) > before


class OnvifRecorder:
    """A recorder that speaks ONVIF."""

    lag_seconds = 300.0

    def __init__(self, session: OnvifSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._device_events = DeviceEvents(session, clock)
        self._tracks: dict[str, list[_Track]] = {}  # by recording

    async def open(self) -> Told:
        await self._session.open()
        facts = await self._facts()
        if not self._session.offers(Service.SEARCH):
            raise DeviceFault(ReasonCode.UNSUPPORTED, "no Recording Search: not a recorder by ONVIF", answered=True)
        return Told(self._session.clock_offset_seconds, facts=facts)

    async def channels(self) -> list[Channel]:
        """A channel is a video source; some recorders make several recordings of one."""
        found = await self._recordings()
        configured = await self._configured()
        limits = _limits(configured)
        self._tracks = {}
        sources: dict[str, list[Any]] = {}
        for each in found.results:
            token = str(each.RecordingToken)
            self._tracks[token] = list(_tracks(each, token))
            sources.setdefault(_source_of(each.Source) or token, []).append(each)
        sources = dict(list(sources.items())[:MOST_CHANNELS])
        of_token = {str(each.RecordingToken): source for source, some in sources.items() for each in some}
        listed = {_listed_as(each, of_token): each for each in configured}
        names = {source: _names(source, each.Configuration.Source, each) for source, each in listed.items()}
        names |= {source: _names(source, each[0].Source, each[0]) for source, each in sources.items()}
        numbered = numbers(names, list(listed))
        channels = []
        for place, (source, recordings) in enumerate(sources.items(), 1):
            channel = _channel(numbered.get(source, place), source, recordings, limits)
            address = others_address(channel.address, self._session.address.host)
            channels.append(replace(channel, address=address, is_numbered=bool(numbered)))
        return sorted(channels, key=lambda channel: channel.number)

    async def disks(self) -> list[Disk]:
        """ONVIF tells of disks by events only: which of them failed, and not how large they are."""
        await self._device_events.pull()
        failed = self._device_events.failed_disks()
        return [Disk(token, not has_failed, 0.0, 0.0) for token, has_failed in failed.items()]

    async def record_settings(self, channels: Sequence[Channel]) -> Mapping[int, RecordSettings]:
        return await record_settings(self._session, channels)

    async def index(self, channel: Channel, begin_us: int, end_us: int) -> Index:
        tracks = [track for token in channel.tokens for track in self._tracks.get(token, ())]
        try:
            found = await self._events(channel, begin_us, end_us)
        except DeviceFault as fault:
            if fault.reason.code not in faults.NOT_OFFERED:
                raise
            return _by_tracks(tracks)
        # Of a track that is not named, or where none is known, all that is told of the recording counts.
        video = {(track.recording, token) for track in tracks for token in (track.token, "")}
        changes = [change for each in found.results for change in _changes(each)]
        changes = [change for change in changes if change.track in video or not video]
        if not changes:
            return _by_tracks(tracks)
        # A track that runs has data up to now; what it names as its end tells whether its times are ahead of that.
        newest = max((track.end_us for track in tracks if track.runs is not False), default=0)
        index = _by_changes(changes, tracks, begin_us, min(end_us, max(self._now_us(), newest)))
        return Index(index.recorded, complete=found.complete)

    async def moment(self, channel: Channel, at_us: int) -> Moment:
        token = self._recording_at(channel, at_us)
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        asked = {"StreamSetup": setup, "RecordingToken": token}
        told = await self._session.call(Service.REPLAY, "GetReplayUri", asked)
        ours = self._session.address
        uri = told if isinstance(told, str) else faults.reading(lambda: str(told.Uri))
        url = faults.reading(lambda: ours.here(uri))
        clock = datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
        return Moment(StreamAddress(url, ours.username, ours.password), f"clock={clock}Z-")

    async def close(self) -> None:
        await self._device_events.end()
        await self._session.close()

    async def _facts(self) -> Sequence[Fact]:
        """What it is; one that does not say so, or not to this user, may be a good recorder all the same."""
        try:
            return await device_facts(self._session)
        except DeviceFault as fault:
            if fault.reason.code not in faults.NOT_OFFERED:
                raise
            return ()

    def _now_us(self) -> int:
        return self._clock.wall_us() + round((self._session.clock_offset_seconds or 0.0) * 1e6)

    def _recording_at(self, channel: Channel, at_us: int) -> str:
        tracks = [track for token in channel.tokens for track in self._tracks.get(token, ())]
        holding = [track.recording for track in tracks if track.begin_us <= at_us <= track.end_us]
        return next(iter(holding or channel.tokens), "")

    async def _configured(self) -> list[Any]:
        """All its recordings, be there footage or not; none where it does not tell."""
        if not self._session.offers(Service.RECORDING):
            return []
        try:
            told = await self._session.call(Service.RECORDING, "GetRecordings")
        except DeviceFault:
            return []
        return [each for each in told or () if getattr(each, "Configuration", None) is not None]

    async def _recordings(self) -> _Search:
        begun = {"Scope": {}, "KeepAliveTime": _KEEP_ALIVE}
        return await self._search("FindRecordings", begun, "GetRecordingSearchResults", "RecordingInformation")

    async def _events(self, channel: Channel, begin_us: int, end_us: int) -> _Search:
        begun = {
            "StartPoint": _datetime(begin_us),
            "EndPoint": _datetime(end_us),
            "Scope": {"IncludedRecordings": list(channel.tokens)},
            "SearchFilter": {"_value_1": [_topic()]},
            "IncludeStartState": True,
            "KeepAliveTime": _KEEP_ALIVE,
        }
        return await self._search("FindEvents", begun, "GetEventSearchResults", "Result")

    async def _search(self, find: str, asked: Mapping[str, Any], get: str, part: str) -> _Search:
        """All results, within bounds; a search that is left unfinished is ended, for a recorder keeps few."""
        told = await self._session.call(Service.SEARCH, find, asked)
        token = told if isinstance(told, str) else str(getattr(told, "SearchToken", told))
        deadline = self._clock.monotonic() + MOST_SECONDS
        search, stale = _Search(), 0
        question = {"SearchToken": token, "MinResults": 1, "MaxResults": _PAGE_ROWS, "WaitTime": _WAIT}
        for _ in range(MOST_PAGES):
            answer = await self._session.call(Service.SEARCH, get, question)
            answer = getattr(answer, "ResultList", answer)
            state = faults.reading(lambda answer=answer: str(answer.SearchState))  # type: ignore[misc]
            stale = 0 if search.take(list(getattr(answer, part, None) or ())) else stale + 1
            if state == _DONE:
                return search
            late = self._clock.monotonic() > deadline
            if stale > MOST_STALE_PAGES or len(search.results) >= MOST_ROWS or late:
                break
        log.warning("the recorder's %s has no end: %d results", find, len(search.results))
        search.complete = False
        await self._end(token)
        return search

    async def _end(self, token: str) -> None:
        try:
            await self._session.call(Service.SEARCH, "EndSearch", {"SearchToken": token})
        except DeviceFault as fault:
            if fault.reason.code not in faults.NOT_OFFERED:  # it ends by itself when nobody asks
                raise


def _channel(number: int, source: str, recordings: Sequence[Any], limits: Mapping[str, float]) -> Channel:
    tokens = tuple(str(each.RecordingToken) for each in recordings)
    told = [each.Source for each in recordings if each.Source is not None]
    names = [source, *tokens, *(str(each.Name) for each in told), *(str(each.Description) for each in told)]
    states = [str(each.RecordingStatus) for each in recordings]
    known = [state for state in states if state not in ("Unknown", "None")]
    kept = [limits[token] for token in tokens if limits.get(token, 0) > 0]
    return Channel(
        number,
        tuple(dict.fromkeys(name[:200] for name in names if name and name != "None")),
        next((str(each.Address) for each in told if each.Address), ""),
        None if not known else any(state == "Recording" for state in known),
        None,
        max(kept) if len(kept) == len(tokens) else None,
        max((at for each in recordings if (at := _us(each.LatestRecording)) is not None), default=None),
        tokens,
    )


def _source_of(source: Any) -> str:
    return "" if source is None else str(source.SourceId or source.Name or "").strip()


def _listed_as(configured: Any, of_token: Mapping[str, str]) -> str:
    """The source of a configured recording, as the search calls it where it knows the recording."""
    token = str(configured.RecordingToken)
    return of_token.get(token) or _source_of(configured.Configuration.Source) or token


def _names(source: str, told: Any, recording: Any) -> Sequence[str]:
    """By what a channel may be numbered, the most lasting first."""
    return source, str(recording.RecordingToken), "" if told is None else str(told.Name or "")


def _limits(configured: Sequence[Any]) -> Mapping[str, float]:
    """MaximumRetentionTime in days, by recording: a ceiling, which says nothing of how long is kept."""
    told = ((str(each.RecordingToken), each.Configuration.MaximumRetentionTime) for each in configured)
    return {token: time.total_seconds() / 86400 for token, time in told if isinstance(time, timedelta)}


def _tracks(recording: Any, token: str) -> Iterator[_Track]:
    """Its video tracks; of a recording that names none, what it says of itself."""
    status = str(recording.RecordingStatus)
    runs = {"Recording": True, "Stopped": False, "Removed": False}.get(status)
    named = list(recording.Track or ())
    for each in named:
        begin, end = _us(each.DataFrom), _us(each.DataTo)
        if str(each.TrackType) == "Video" and begin is not None and end is not None:
            yield _Track(token, str(each.TrackToken), begin, end, runs)
    begin, end = _us(recording.EarliestRecording), _us(recording.LatestRecording)
    if not named and begin is not None and end is not None:
        yield _Track(token, "", begin, end, runs)


def _by_tracks(tracks: Sequence[_Track]) -> Index:
    """Tracks are files, between which a gap would show, only where none is long: the two streams of one camera, or a
    locked clip beside all the rest, are more than one track, and yet show none."""
    recorded = [Recorded(track.begin_us, track.end_us) for track in tracks if track.begin_us < track.end_us]
    are_files = len(recorded) > 1 and all(each.end_us - each.begin_us <= DAY_US for each in recorded)
    return Index(recorded, has_gaps=are_files)


def _by_changes(changes: Iterable[_Change], tracks: Sequence[_Track], begin_us: int, end_us: int) -> Index:
    by_track: dict[tuple[str, str], list[_Change]] = {}
    for change in changes:
        by_track.setdefault(change.track, []).append(change)
    known = {(track.recording, track.token): track for track in tracks}
    recorded: list[Recorded] = []
    for place, mine in by_track.items():
        recorded += _spans(sorted(mine, key=lambda change: change.at_us), known.get(place), begin_us, end_us)
    return Index(recorded)


def _spans(changes: Sequence[_Change], track: _Track | None, begin_us: int, end_us: int) -> Iterator[Recorded]:
    """From when to when data is there. Before an end that has no beginning, from the first data on (no start state was
    told); after a beginning without an end, up to `end_us` (of the search, or now), or where the track has its end if
    it does not run."""
    since: int | None = None
    if not changes[0].present:
        since = max(begin_us, track.begin_us) if track is not None else begin_us
    for change in changes:
        if change.present and since is None:
            since = change.at_us
        elif not change.present and since is not None:
            if change.at_us > since:
                yield Recorded(since, change.at_us)
            since = None
    if since is not None:
        stopped = track is not None and track.runs is False
        end = min(track.end_us, end_us) if track is not None and stopped else end_us
        if end > since:
            yield Recorded(since, end)


def _changes(result: Any) -> Iterator[_Change]:
    at = _us(result.Time)
    told = dict(_items(result.Event))
    present = told.get("IsDataPresent", "").lower()
    if at is None or present not in ("true", "false", "1", "0"):
        return
    recording = str(result.RecordingToken or told.get("RecordingToken", ""))
    track = str(result.TrackToken or told.get("Track", ""))
    yield _Change((recording, track), at, present in ("true", "1"))


def _items(event: Any) -> Iterator[tuple[str, str]]:
    """The SimpleItems of an event's message, as zeep reads it, or as it leaves it."""
    message = getattr(getattr(event, "Message", None), "_value_1", None)
    if message is None:
        return
    if hasattr(message, "iter"):
        for each in message.iter("{*}SimpleItem"):
            yield str(each.get("Name")), str(each.get("Value"))
        return
    for part in (getattr(message, "Source", None), getattr(message, "Data", None)):
        for each in getattr(part, "SimpleItem", None) or ():
            yield str(each.Name), str(each.Value)


def _topic() -> Any:
    from lxml import etree

    element = etree.Element(f"{{{_WSNT}}}TopicExpression", nsmap={"wsnt": _WSNT, "tns1": _TNS1})
    element.set("Dialect", _DIALECT)
    element.text = _TOPIC
    return element


def _datetime(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC)


def _us(moment: Any) -> int | None:
    """A time without a zone is UTC, as ONVIF has all its times."""
    if not isinstance(moment, datetime):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        return round(aware.timestamp() * 1e6)
    except (ValueError, OverflowError):
        return None
