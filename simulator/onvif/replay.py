"""The replay control service: where a recording is replayed (ONVIF Replay Control; replay.wsdl)."""

from __future__ import annotations

from simulator.onvif.box import Box
from simulator.onvif.recording import channel_of
from simulator.onvif.soap import Asked, Service
from simulator.onvif.xml import Xml, tag


def replay_service(box: Box) -> Service:
    def get_replay_uri(asked: Asked) -> Xml:
        channel = channel_of(box, asked.text("trp:RecordingToken"))
        return tag("trp:GetReplayUriResponse", tag("trp:Uri", box.playback(channel.number)))

    return Service(
        "trp",
        "/onvif/replay_service",
        (2, 20),
        {
            "GetServiceCapabilities": lambda _: tag("trp:GetServiceCapabilitiesResponse", capabilities()),
            "GetReplayUri": get_replay_uri,
            "GetReplayConfiguration": lambda _: tag(
                "trp:GetReplayConfigurationResponse", tag("trp:Configuration", tag("tt:SessionTimeout", "PT60S"))
            ),
        },
        capabilities,
        frozenset({"GetServiceCapabilities"}),
    )


def capabilities() -> Xml:
    return tag("trp:Capabilities", ReversePlayback="false", SessionTimeoutRange="60 60", RTP_RTSP_TCP="true")
