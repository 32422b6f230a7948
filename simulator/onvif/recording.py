"""The recording control service: what is recorded from where (ONVIF Recording Control; recording.wsdl).

A channel is one recording with one video track. Nothing can be configured over it.
"""

from __future__ import annotations

from simulator.onvif.box import Box, Channel
from simulator.onvif.soap import Asked, BadArgumentError, Service
from simulator.onvif.xml import Xml, joined, tag
from simulator.recorder.book import Book

TRACK = "video-1"
_MOST_DAYS = 60  # the recorder's own limit; how far back it reaches depends on its disks


def recording_token(channel: int) -> str:
    return f"recording-{channel}"


def channel_of(box: Box, token: str) -> Channel:
    """Raises BadArgumentError."""
    found = next((one for one in box.channels if recording_token(one.number) == token), None)
    if found is None:
        raise BadArgumentError(f"there is no recording {token}", "ter:NoRecording")
    return found


def source_of(box: Box, channel: Channel) -> tuple[Xml, ...]:
    """The parts of tt:RecordingSourceInformation."""
    return (
        tag("tt:SourceId", f"urn:ward-sim:{box.plate.id}:channel:{channel.number}"),
        tag("tt:Name", channel.name[:20]),  # tt:Name is no longer
        tag("tt:Location", channel.location),
        tag("tt:Description", f"Channel {channel.number}"),
        tag("tt:Address", channel.source()),
    )


def recording_service(box: Box, book: Book) -> Service:
    def job(asked: Asked) -> Channel:
        token = asked.text("trc:JobToken")
        return channel_of(box, recording_token(int(token.removeprefix("job-")) if token[4:].isdecimal() else 0))

    def named(asked: Asked) -> Channel:
        return channel_of(box, asked.text("trc:RecordingToken"))

    def track(asked: Asked) -> Xml:
        named(asked)
        if asked.text("trc:TrackToken") != TRACK:
            raise BadArgumentError(f"there is no track but {TRACK}", "ter:NoTrack")
        return _track_configuration("trc:TrackConfiguration")

    return Service(
        "trc",
        "/onvif/recording_service",
        (2, 40),
        {
            "GetServiceCapabilities": lambda _: tag("trc:GetServiceCapabilitiesResponse", capabilities(box)),
            "GetRecordings": lambda _: tag(
                "trc:GetRecordingsResponse", joined([_item(box, book, one) for one in box.channels])
            ),
            "GetRecordingConfiguration": lambda asked: tag(
                "trc:GetRecordingConfigurationResponse",
                _configuration("trc:RecordingConfiguration", box, book, named(asked)),
            ),
            "GetTrackConfiguration": lambda asked: tag("trc:GetTrackConfigurationResponse", track(asked)),
            "GetRecordingJobs": lambda _: tag(
                "trc:GetRecordingJobsResponse", joined([_job_item(one) for one in box.channels])
            ),
            "GetRecordingJobConfiguration": lambda asked: tag(
                "trc:GetRecordingJobConfigurationResponse", _job("trc:JobConfiguration", job(asked))
            ),
            "GetRecordingJobState": lambda asked: tag("trc:GetRecordingJobStateResponse", _job_state(book, job(asked))),
        },
        lambda: capabilities(box),
        frozenset({"GetServiceCapabilities"}),
    )


def capabilities(box: Box) -> Xml:
    told = {"DynamicRecordings": "false", "DynamicTracks": "false", "Encoding": "H264"}
    return tag("trc:Capabilities", **told, MaxRecordings=len(box.channels), MaxRecordingJobs=len(box.channels))


def _item(box: Box, book: Book, channel: Channel) -> Xml:
    track = tag("tt:Track", tag("tt:TrackToken", TRACK), _track_configuration("tt:Configuration"))
    return tag(
        "trc:RecordingItem",
        tag("tt:RecordingToken", recording_token(channel.number)),
        _configuration("tt:Configuration", box, book, channel),
        tag("tt:Tracks", track),
    )


def _configuration(name: str, box: Box, book: Book, channel: Channel) -> Xml:
    # Who set it to keep less than the disks could hold is seen here; nothing else of the index is.
    most = _MOST_DAYS if book.kept_days > 30 else book.kept_days
    source = tag("tt:Source", *source_of(box, channel))
    return tag(name, source, tag("tt:Content", "Continuous"), tag("tt:MaximumRetentionTime", f"P{most}D"))


def _track_configuration(name: str) -> Xml:
    return tag(name, tag("tt:TrackType", "Video"), tag("tt:Description", "main"))


def _job_token(channel: Channel) -> str:
    return f"job-{channel.number}"


def _job_item(channel: Channel) -> Xml:
    return tag("trc:JobItem", tag("tt:JobToken", _job_token(channel)), _job("tt:JobConfiguration", channel))


def _job(name: str, channel: Channel) -> Xml:
    track = tag("tt:Tracks", tag("tt:SourceTag", "video"), tag("tt:Destination", TRACK))
    source = tag("tt:Source", _source_token("tt:SourceToken", channel), track)
    told = (tag("tt:RecordingToken", recording_token(channel.number)), tag("tt:Mode", "Active"), tag("tt:Priority", 1))
    return tag(name, *told, source)


def _source_token(name: str, channel: Channel) -> Xml:
    """A media profile of the recorder's own; without the type it would be a receiver."""
    return tag(name, tag("tt:Token", channel.streams[0].token), Type="http://www.onvif.org/ver10/schema/Profile")


def _job_state(book: Book, channel: Channel) -> Xml:
    state = tag("tt:State", "Active" if book.recording(channel.number) else "Error")
    track = tag("tt:Track", tag("tt:SourceTag", "video"), tag("tt:Destination", TRACK), state)
    token = _source_token("tt:SourceToken", channel)
    source = tag("tt:Sources", token, state, tag("tt:Tracks", track))
    return tag("trc:State", tag("tt:RecordingToken", recording_token(channel.number)), state, source)
