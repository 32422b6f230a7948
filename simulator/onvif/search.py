"""The recording search service: the index as ONVIF tells of it (ONVIF Recording Search; search.wsdl).

A search is over when it is ended, or when nobody has asked for KeepAliveTime.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator.onvif.box import Box, Channel
from simulator.onvif.recording import TRACK, channel_of, recording_token, source_of
from simulator.onvif.soap import Asked, BadArgumentError, Service, SoapFault, seconds_of
from simulator.onvif.xml import PREFIXES, Xml, date_time, tag, wall_us_of
from simulator.recorder.book import Book
from simulator.recorder.tape import SECOND

MOST_SEARCHES = 32
_MOST_RESULTS = 100  # in one answer
_TOPIC = "tns1:RecordingHistory/Track/State"
_TOPICS = re.compile(r"tns1:RecordingHistory(/Track(/State)?|//\.)?(//\.)?")


@dataclass(slots=True)
class _Search:
    """`results` not handed out yet, wrapped in `answer`."""

    answer: str
    results: list[Xml]
    point_us: int
    alive_seconds: float
    until: float = 0.0


class Search:
    """`monotonic`: by what searches that nobody asks for grow old."""

    def __init__(self, box: Box, book: Book, monotonic: Callable[[], float]) -> None:
        self._box, self._book, self._monotonic = box, book, monotonic
        self._running: dict[str, _Search] = {}
        self._numbers = itertools.count(1)

    def service(self) -> Service:
        return Service(
            "tse",
            "/onvif/search_service",
            (2, 40),
            {
                "GetServiceCapabilities": lambda _: tag("tse:GetServiceCapabilitiesResponse", capabilities()),
                "GetRecordingSummary": lambda _: self._summary(),
                "GetRecordingInformation": self._one_recording,
                "GetMediaAttributes": self._media_attributes,
                "FindRecordings": self._find_recordings,
                "GetRecordingSearchResults": self._recording_results,
                "FindEvents": self._find_events,
                "GetEventSearchResults": self._event_results,
                "GetSearchState": self._state,
                "EndSearch": self._end,
            },
            capabilities,
            frozenset({"GetServiceCapabilities"}),
        )

    def _summary(self) -> Xml:
        spans = [span for channel in self._box.channels for span in self._book.spans(channel.number)]
        now = self._book.wall_us()
        begin = min((span.begin_us for span in spans), default=now)
        end = max((span.end_us for span in spans), default=now)
        told = (tag("tt:DataFrom", date_time(begin)), tag("tt:DataUntil", date_time(end)))
        number = tag("tt:NumberRecordings", len(self._box.channels))
        return tag("tse:GetRecordingSummaryResponse", tag("tse:Summary", *told, number))

    def _one_recording(self, asked: Asked) -> Xml:
        channel = channel_of(self._box, asked.text("tse:RecordingToken"))
        return tag("tse:GetRecordingInformationResponse", self._information("tse:RecordingInformation", channel))

    def _information(self, name: str, channel: Channel) -> Xml:
        spans = self._book.spans(channel.number)
        begin, end = (spans[0].begin_us, spans[-1].end_us) if spans else (self._book.wall_us(),) * 2
        known = [tag("tt:EarliestRecording", date_time(begin)), tag("tt:LatestRecording", date_time(end))]
        track = tag("tt:Track", *_track(begin, end))
        status = "Recording" if self._book.recording(channel.number) else "Stopped"
        return tag(
            name,
            tag("tt:RecordingToken", recording_token(channel.number)),
            tag("tt:Source", *source_of(self._box, channel)),
            *(known if spans else []),
            tag("tt:Content", "Continuous"),
            track,
            tag("tt:RecordingStatus", status),
        )

    def _media_attributes(self, asked: Asked) -> Xml:
        wanted = {one.text for one in asked.body.findall("tse:RecordingTokens", PREFIXES)}
        moment = _moment(asked, "tse:Time")
        found = []
        for channel in self._box.channels:
            token = recording_token(channel.number)
            span = next((s for s in self._book.spans(channel.number) if s.begin_us <= moment < s.end_us), None)
            if span is None or (wanted and token not in wanted):
                continue
            quality = channel.streams[0].quality
            video = tag(
                "tt:VideoAttributes",
                tag("tt:Bitrate", quality.bits // 1000),
                tag("tt:Width", quality.width),
                tag("tt:Height", quality.height),
                tag("tt:Encoding", "H264"),
                tag("tt:Framerate", 25),
            )
            information = tag("tt:TrackInformation", *_track(span.begin_us, span.end_us))
            times = (tag("tt:From", date_time(span.begin_us)), tag("tt:Until", date_time(span.end_us)))
            attributes = tag("tt:TrackAttributes", information, video)
            found.append(tag("tse:MediaAttributes", tag("tt:RecordingToken", token), attributes, *times))
        return tag("tse:GetMediaAttributesResponse", *found)

    def _find_recordings(self, asked: Asked) -> Xml:
        results = [self._information("tt:RecordingInformation", one) for one in self._in_scope(asked)]
        return self._begin(asked, "FindRecordings", "GetRecordingSearchResults", results, self._book.wall_us())

    def _find_events(self, asked: Asked) -> Xml:
        start = _moment(asked, "tse:StartPoint")
        end = _moment(asked, "tse:EndPoint") if asked.text("tse:EndPoint") else self._book.wall_us()
        with_state = asked.text("tse:IncludeStartState").lower() in ("true", "1")
        topic = asked.text("tse:SearchFilter/wsnt:TopicExpression")
        events: list[tuple[int, Xml]] = []
        if not topic or any(_TOPICS.fullmatch(one.strip()) for one in topic.split("|")):
            for channel in self._in_scope(asked):
                events += self._events(channel, min(start, end), max(start, end), with_state)
        events.sort(key=lambda event: event[0], reverse=end < start)
        results = [event for _, event in events]
        return self._begin(asked, "FindEvents", "GetEventSearchResults", results, end)

    def _events(self, channel: Channel, begin: int, end: int, with_state: bool) -> list[tuple[int, Xml]]:
        spans = self._book.spans(channel.number)
        present = any(span.begin_us <= begin < span.end_us for span in spans)
        found = [(begin, _event(channel, begin, present, start_state=True))] if with_state else []
        now = self._book.wall_us()
        for span in spans:
            for at, is_begin in ((span.begin_us, True), (span.end_us, False)):
                lasts = not is_begin and at >= now - SECOND and self._book.recording(channel.number)
                if begin < at <= end and not lasts:
                    found.append((at, _event(channel, at, is_begin, start_state=False)))
        return found

    def _in_scope(self, asked: Asked) -> list[Channel]:
        wanted = [one.text or "" for one in asked.body.findall("tse:Scope/tt:IncludedRecordings", PREFIXES)]
        return [channel_of(self._box, token) for token in wanted] if wanted else list(self._box.channels)

    def _begin(self, asked: Asked, operation: str, answer: str, results: list[Xml], point_us: int) -> Xml:
        self._forget_old()
        if len(self._running) >= MOST_SEARCHES:
            raise SoapFault("too many searches at once", "ter:Action", "ter:ResourceProblem", code="Receiver")
        most = asked.number("tse:MaxMatches", len(results))
        if most < 0:
            raise BadArgumentError("MaxMatches is negative")
        token = f"search-{next(self._numbers)}"
        search = _Search(answer, results[:most], point_us, seconds_of(asked.text("tse:KeepAliveTime")))
        search.until = self._monotonic() + search.alive_seconds
        self._running[token] = search
        return tag(f"tse:{operation}Response", tag("tse:SearchToken", token))

    def _recording_results(self, asked: Asked) -> Xml:
        return self._results(asked, "GetRecordingSearchResults")

    def _event_results(self, asked: Asked) -> Xml:
        return self._results(asked, "GetEventSearchResults")

    def _results(self, asked: Asked, answer: str) -> Xml:
        search = self._search(asked)
        if search.answer != answer:
            raise BadArgumentError("a search for something else", "ter:InvalidToken")
        most = min(_MOST_RESULTS, asked.number("tse:MaxResults", _MOST_RESULTS))
        if most < 1:
            raise BadArgumentError("MaxResults is less than one")
        given, search.results = search.results[:most], search.results[most:]
        state = tag("tt:SearchState", "Searching" if search.results else "Completed")
        return tag(f"tse:{answer}Response", tag("tse:ResultList", state, *given))

    def _state(self, asked: Asked) -> Xml:
        state = "Searching" if self._search(asked).results else "Completed"
        return tag("tse:GetSearchStateResponse", tag("tse:State", state))

    def _end(self, asked: Asked) -> Xml:
        search = self._search(asked)
        self._running.pop(asked.text("tse:SearchToken"))
        return tag("tse:EndSearchResponse", tag("tse:Endpoint", date_time(search.point_us)))

    def _search(self, asked: Asked) -> _Search:
        self._forget_old()
        search = self._running.get(asked.text("tse:SearchToken"))
        if search is None:
            raise BadArgumentError("there is no such search (any more)", "ter:InvalidToken")
        search.until = self._monotonic() + search.alive_seconds
        return search

    def _forget_old(self) -> None:
        now = self._monotonic()
        self._running = {token: search for token, search in self._running.items() if search.until > now}


def capabilities() -> Xml:
    return tag("tse:Capabilities", MetadataSearch="false", GeneralStartEvents="true")


def _track(begin_us: int, end_us: int) -> tuple[Xml, ...]:
    told = (tag("tt:TrackToken", TRACK), tag("tt:TrackType", "Video"), tag("tt:Description", "main"))
    return (*told, tag("tt:DataFrom", date_time(begin_us)), tag("tt:DataTo", date_time(end_us)))


def _event(channel: Channel, at_us: int, present: bool, *, start_state: bool) -> Xml:
    """ONVIF Recording Search, 5.21: RecordingHistory/Track/State with IsDataPresent."""
    token, time = recording_token(channel.number), date_time(at_us)
    source = [tag("tt:SimpleItem", Name="RecordingToken", Value=token), tag("tt:SimpleItem", Name="Track", Value=TRACK)]
    data = tag("tt:SimpleItem", Name="IsDataPresent", Value=str(present).lower())
    operation = "Initialized" if start_state else "Changed"
    message = tag(
        "tt:Message", tag("tt:Source", *source), tag("tt:Data", data), UtcTime=time, PropertyOperation=operation
    )
    dialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
    event = tag("tt:Event", tag("wsnt:Topic", _TOPIC, Dialect=dialect), tag("wsnt:Message", message))
    tokens = (tag("tt:RecordingToken", token), tag("tt:TrackToken", TRACK), tag("tt:Time", time))
    return tag("tt:Result", *tokens, event, tag("tt:StartStateEvent", start_state))


def _moment(asked: Asked, path: str) -> int:
    try:
        return wall_us_of(asked.text(path))
    except ValueError as error:
        raise BadArgumentError(f"{path} is no time") from error
