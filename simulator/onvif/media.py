"""The media service: profiles and where their streams are (ONVIF Media, media.wsdl), of one channel or many."""

from __future__ import annotations

from simulator.onvif.box import Box, Channel, Stream
from simulator.onvif.soap import Asked, BadArgumentError, Service
from simulator.onvif.xml import Xml, joined, tag
from simulator.video.x264 import FRAMES_PER_SECOND, GROUP


def media_service(box: Box) -> Service:
    def profile(asked: Asked) -> tuple[Channel, Stream]:
        token = asked.text("trt:ProfileToken")
        for channel in box.channels:
            for stream in channel.streams:
                if stream.token == token:
                    return channel, stream
        raise BadArgumentError(f"there is no profile {token}", "ter:NoProfile")

    def encoder(asked: Asked) -> Stream:
        token = asked.text("trt:ConfigurationToken").removesuffix("-encoder")
        for stream in (stream for channel in box.channels for stream in channel.streams):
            if stream.token == token:
                return stream
        raise BadArgumentError(f"there is no encoder {token}", "ter:NoConfig")

    def get_stream_uri(asked: Asked) -> Xml:
        if asked.text("trt:StreamSetup/tt:Transport/tt:Protocol") not in ("RTSP", "TCP", "UDP", "HTTP"):
            raise BadArgumentError("no transport protocol", "ter:InvalidStreamSetup")
        return tag("trt:GetStreamUriResponse", _media_uri(profile(asked)[1].uri))

    def get_snapshot_uri(asked: Asked) -> Xml:
        channel, _ = profile(asked)
        return tag("trt:GetSnapshotUriResponse", _media_uri(f"{box.base}{snapshot_path(channel.number)}"))

    def all_streams() -> list[tuple[Channel, Stream]]:
        return [(channel, stream) for channel in box.channels for stream in channel.streams]

    return Service(
        "trt",
        "/onvif/media_service",
        (2, 60),
        {
            "GetServiceCapabilities": lambda _: tag("trt:GetServiceCapabilitiesResponse", capabilities(box)),
            "GetProfiles": lambda _: tag(
                "trt:GetProfilesResponse", *(_profile("trt:Profiles", *one) for one in all_streams())
            ),
            "GetProfile": lambda asked: tag("trt:GetProfileResponse", _profile("trt:Profile", *profile(asked))),
            "GetStreamUri": get_stream_uri,
            "GetSnapshotUri": get_snapshot_uri,
            "GetVideoSources": lambda _: tag(
                "trt:GetVideoSourcesResponse", joined([_video_source(one) for one in box.channels])
            ),
            "GetVideoSourceConfigurations": lambda _: tag(
                "trt:GetVideoSourceConfigurationsResponse",
                *(_source_configuration("trt:Configurations", one) for one in box.channels),
            ),
            "GetVideoEncoderConfigurations": lambda _: tag(
                "trt:GetVideoEncoderConfigurationsResponse",
                *(_encoder("trt:Configurations", stream) for _, stream in all_streams()),
            ),
            "GetVideoEncoderConfiguration": lambda asked: tag(
                "trt:GetVideoEncoderConfigurationResponse", _encoder("trt:Configuration", encoder(asked))
            ),
            "GetVideoEncoderConfigurationOptions": lambda _: _encoder_options(box),
            "GetAudioSources": lambda _: tag("trt:GetAudioSourcesResponse"),
            "GetAudioEncoderConfigurations": lambda _: tag("trt:GetAudioEncoderConfigurationsResponse"),
        },
        lambda: capabilities(box),
        frozenset({"GetServiceCapabilities"}),
    )


def snapshot_path(channel: int) -> str:
    return f"/onvif/snapshot/{channel}"


def capabilities(box: Box) -> Xml:
    profiles = tag("trt:ProfileCapabilities", MaximumNumberOfProfiles=sum(len(one.streams) for one in box.channels))
    streaming = {"RTPMulticast": "false", "RTP_TCP": "false", "RTP_RTSP_TCP": "true"}
    streams = tag("trt:StreamingCapabilities", **streaming)
    return tag("trt:Capabilities", profiles, streams, SnapshotUri="true", Rotation="false")


def _media_uri(uri: str) -> Xml:
    flags = (tag("tt:InvalidAfterConnect", False), tag("tt:InvalidAfterReboot", False))
    return tag("trt:MediaUri", tag("tt:Uri", uri), *flags, tag("tt:Timeout", "PT0S"))


def _profile(name: str, channel: Channel, stream: Stream) -> Xml:
    parts = (
        _source_configuration("tt:VideoSourceConfiguration", channel),
        _encoder("tt:VideoEncoderConfiguration", stream),
    )
    return tag(name, tag("tt:Name", f"{channel.name} {stream.quality.path}"), *parts, token=stream.token, fixed="true")


def _video_source(channel: Channel) -> Xml:
    size = channel.streams[0].quality
    return tag(
        "trt:VideoSources",
        tag("tt:Framerate", FRAMES_PER_SECOND),
        _resolution("tt:Resolution", size.width, size.height),
        token=f"source-{channel.number}",
    )


def _source_configuration(name: str, channel: Channel) -> Xml:
    size, token = channel.streams[0].quality, f"source-{channel.number}"
    bounds = tag("tt:Bounds", x=0, y=0, width=size.width, height=size.height)
    told = (tag("tt:Name", channel.name), tag("tt:UseCount", len(channel.streams)), tag("tt:SourceToken", token))
    return tag(name, *told, bounds, token=f"{token}-configuration")


def _resolution(name: str, width: int, height: int) -> Xml:
    return tag(name, tag("tt:Width", width), tag("tt:Height", height))


def _encoder(name: str, stream: Stream) -> Xml:
    quality = stream.quality
    rate = tag(
        "tt:RateControl",
        tag("tt:FrameRateLimit", FRAMES_PER_SECOND),
        tag("tt:EncodingInterval", 1),
        tag("tt:BitrateLimit", quality.bits // 1000),
    )
    address = tag("tt:Address", tag("tt:Type", "IPv4"), tag("tt:IPv4Address", "0.0.0.0"))
    multicast = (address, tag("tt:Port", 0), tag("tt:TTL", 1), tag("tt:AutoStart", False))
    return tag(
        name,
        tag("tt:Name", quality.path),
        tag("tt:UseCount", 1),
        tag("tt:Encoding", "H264"),
        _resolution("tt:Resolution", quality.width, quality.height),
        tag("tt:Quality", 4),
        rate,
        tag("tt:H264", tag("tt:GovLength", GROUP), tag("tt:H264Profile", "Baseline")),
        tag("tt:Multicast", *multicast),
        tag("tt:SessionTimeout", "PT60S"),
        token=f"{stream.token}-encoder",
    )


def _encoder_options(box: Box) -> Xml:
    sizes = {(stream.quality.width, stream.quality.height) for one in box.channels for stream in one.streams}
    rates = [_range(name, 1, most) for name, most in (("GovLengthRange", GROUP), ("FrameRateRange", FRAMES_PER_SECOND))]
    h264 = tag(
        "tt:H264",
        *(_resolution("tt:ResolutionsAvailable", *size) for size in sorted(sizes, reverse=True)),
        *rates,
        _range("EncodingIntervalRange", 1, 1),
        tag("tt:H264ProfilesSupported", "Baseline"),
    )
    return tag(
        "trt:GetVideoEncoderConfigurationOptionsResponse", tag("trt:Options", _range("QualityRange", 1, 5), h264)
    )


def _range(name: str, least: int, most: int) -> Xml:
    return tag(f"tt:{name}", tag("tt:Min", least), tag("tt:Max", most))
