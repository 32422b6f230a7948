"""An ONVIF recorder of a test: Recording Search and Replay Control over the ONVIF device that camera tests have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.camera.onvif_server import HttpReply, OnvifServer, envelope, fault
from tests.camera.recorders.footage import Holdings

_SERVICES = {
    "device_service": "http://www.onvif.org/ver10/device/wsdl",
    "search_service": "http://www.onvif.org/ver10/search/wsdl",
    "replay_service": "http://www.onvif.org/ver10/replay/wsdl",
    "recording_service": "http://www.onvif.org/ver10/recording/wsdl",
}
_TSE = 'xmlns:tse="http://www.onvif.org/ver10/search/wsdl" xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" '
_TSE += 'xmlns:tns1="http://www.onvif.org/ver10/topics"'
PAGE = 40


@dataclass
class OnvifRecorder:
    """`has_events`: whether it tells when data began and ceased. `endless`: its searches are never completed.
    `tells_start`: whether it tells the state at a search's begin. `one_source`: all its recordings are of camera 1."""

    holdings: Holdings
    rtsp_port: int
    has_events: bool = True
    endless: bool = False
    tells_start: bool = True
    limit_days: int | None = None
    one_source: bool = False
    ended: int = 0
    _searches: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server = OnvifServer(answer=self._answer, ahead=self.holdings.ahead)

    @property
    def port(self) -> int:
        return self.server.port

    def close(self) -> None:
        self.server.close()

    def _answer(self, server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if operation == "GetServices":
            return HttpReply(body=envelope(self._services(server)))
        make = {
            "GetRecordings": self._recordings,
            "FindRecordings": self._find_recordings,
            "GetRecordingSearchResults": self._results,
            "FindEvents": self._find_events,
            "GetEventSearchResults": self._results,
            "EndSearch": self._end,
            "GetReplayUri": self._replay_uri,
        }.get(operation)
        if make is None:
            return None
        if not server._logged_in(request):
            return HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized"))
        made = make(request)
        return HttpReply(500, fault("ter:ActionNotSupported", "not here")) if made is None else _reply(made)

    def _services(self, server: OnvifServer) -> str:
        each = "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>http://10.9.9.9/onvif/{name}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for name, namespace in _SERVICES.items()
        )
        return f"<tds:GetServicesResponse>{each}</tds:GetServicesResponse>"

    def _source(self, number: int) -> str:
        number = 1 if self.one_source else number
        return (
            f"<tt:SourceId>urn:cam:{number}</tt:SourceId><tt:Name>Cam {number}</tt:Name><tt:Location>x</tt:Location>"
            f"<tt:Description>d</tt:Description><tt:Address>http://192.168.10.{30 + number}/onvif</tt:Address>"
        )

    def _recordings(self, request: str) -> str | None:
        if self.limit_days is None:
            return None
        items = "".join(
            f"<trc:RecordingItem><tt:RecordingToken>rec-{number}</tt:RecordingToken><tt:Configuration><tt:Source>"
            f"{self._source(number)}</tt:Source><tt:Content>c</tt:Content><tt:MaximumRetentionTime>P{self.limit_days}D"
            "</tt:MaximumRetentionTime></tt:Configuration><tt:Tracks/></trc:RecordingItem>"
            for number in self.holdings.channels
        )
        trc = 'xmlns:trc="http://www.onvif.org/ver10/recording/wsdl"'
        return f"<trc:GetRecordingsResponse {trc}>{items}</trc:GetRecordingsResponse>"

    def _find_recordings(self, request: str) -> str:
        rows = []
        for number in self.holdings.channels:
            told = self.holdings.told(number)
            begin, end = _iso(min(each.begin_us for each in told)), _iso(max(each.end_us for each in told))
            status = "Recording" if self.holdings.recording else "Stopped"
            rows.append(
                f"<tt:RecordingInformation><tt:RecordingToken>rec-{number}</tt:RecordingToken>"
                f"<tt:Source>{self._source(number)}</tt:Source><tt:EarliestRecording>{begin}</tt:EarliestRecording>"
                f"<tt:LatestRecording>{end}</tt:LatestRecording><tt:Content>c</tt:Content><tt:Track><tt:TrackToken>v1"
                "</tt:TrackToken><tt:TrackType>Video</tt:TrackType><tt:Description>d</tt:Description>"
                f"<tt:DataFrom>{begin}</tt:DataFrom><tt:DataTo>{end}</tt:DataTo></tt:Track>"
                f"<tt:RecordingStatus>{status}</tt:RecordingStatus></tt:RecordingInformation>"
            )
        return self._begun("FindRecordings", rows)

    def _find_events(self, request: str) -> str | None:
        if not self.has_events:
            return None
        begin, end = (_us(_of(request, name)) for name in ("StartPoint", "EndPoint"))
        assert "tns1:RecordingHistory/Track/State" in request
        rows: list[tuple[int, str]] = []
        for token in re.findall(r"IncludedRecordings[^>]*>rec-(\d+)<", request):
            rows += self._events(int(token), begin, end)
        return self._begun("FindEvents", [row for _, row in sorted(rows)])

    def _events(self, number: int, begin: int, end: int) -> list[tuple[int, str]]:
        changes: list[tuple[int, bool]] = []
        for each in self.holdings.told(number):
            if changes and changes[-1][0] == each.begin_us:
                changes.pop()
            else:
                changes.append((each.begin_us, True))
            changes.append((each.end_us, False))
        if self.holdings.recording and changes:
            changes.pop()
        before = [present for at, present in changes if at <= begin]
        found = [(at, _event(number, at, present, start=False)) for at, present in changes if begin < at <= end]
        if self.tells_start:
            found.insert(0, (begin, _event(number, begin, bool(before) and before[-1], start=True)))
        return found

    def _begun(self, operation: str, rows: list[str]) -> str:
        token = f"{operation}-{len(self._searches)}"
        self._searches[token] = rows
        return f"<tse:{operation}Response {_TSE}><tse:SearchToken>{token}</tse:SearchToken></tse:{operation}Response>"

    def _results(self, request: str) -> str:
        token = _of(request, "SearchToken")
        rows = self._searches[token]
        page = rows[:PAGE]
        if not (self.endless and token.startswith("FindEvents")):
            self._searches[token] = rows[PAGE:]
        done = not self._searches[token]
        state = "Completed" if done else "Searching"
        name = "GetRecordingSearchResults" if token.startswith("FindRec") else "GetEventSearchResults"
        rows_text = f"<tt:SearchState>{state}</tt:SearchState>{''.join(page)}"
        return f"<tse:{name}Response {_TSE}><tse:ResultList>{rows_text}</tse:ResultList></tse:{name}Response>"

    def _end(self, request: str) -> str:
        self.ended += 1
        return f"<tse:EndSearchResponse {_TSE}><tse:Endpoint>{_iso(0)}</tse:Endpoint></tse:EndSearchResponse>"

    def _replay_uri(self, request: str) -> str:
        uri = f"rtsp://10.9.9.9:{self.rtsp_port}/replay/{_of(request, 'RecordingToken')}"
        trp = 'xmlns:trp="http://www.onvif.org/ver10/replay/wsdl"'
        return f"<trp:GetReplayUriResponse {trp}><trp:Uri>{uri}</trp:Uri></trp:GetReplayUriResponse>"


def _event(number: int, at_us: int, present: bool, *, start: bool) -> str:
    return (
        f"<tt:Result><tt:RecordingToken>rec-{number}</tt:RecordingToken><tt:TrackToken>v1</tt:TrackToken>"
        f"<tt:Time>{_iso(at_us)}</tt:Time><tt:Event>"
        '<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">'
        f'tns1:RecordingHistory/Track/State</wsnt:Topic><wsnt:Message><tt:Message UtcTime="{_iso(at_us)}">'
        f'<tt:Source><tt:SimpleItem Name="RecordingToken" Value="rec-{number}"/>'
        '<tt:SimpleItem Name="Track" Value="v1"/></tt:Source>'
        f'<tt:Data><tt:SimpleItem Name="IsDataPresent" Value="{str(present).lower()}"/></tt:Data></tt:Message>'
        f"</wsnt:Message></tt:Event><tt:StartStateEvent>{str(start).lower()}</tt:StartStateEvent></tt:Result>"
    )


def _reply(body: str) -> HttpReply:
    return HttpReply(body=envelope(body))


def _of(request: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)<", request)
    assert found is not None, name
    return found[1]


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _us(text: str) -> int:
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6)
