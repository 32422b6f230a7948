"""What a stream is set to is Media2's word where a device has that service, which has one for H.265."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from camera.interfaces.onvif_camera import OnvifCamera
from camera.interfaces.told import StreamSettings
from camera.onvif import media
from camera.onvif.session import OnvifSession
from telemetry.clock import SystemClock
from telemetry.live import StreamName
from tests.camera.onvif_server import HttpReply, OnvifServer, envelope, fault
from tests.camera.test_onvif import session_at

_SERVICE = (
    "<tds:Service><tds:Namespace>http://www.onvif.org/{0}/wsdl</tds:Namespace><tds:XAddr>http://127.0.0.1:{1}/onvif/{2}"
    "</tds:XAddr><tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
)
_SOURCE = (
    '<tr2:VideoSource token="vsc"><tt:Name>vs</tt:Name><tt:UseCount>1</tt:UseCount><tt:SourceToken>vs1</tt:SourceToken>'
    '<tt:Bounds x="0" y="0" width="1" height="1"/></tr2:VideoSource>'
)


def encoder(codec: str, width: str = "2560", rate: str = "12.5") -> str:
    """As VideoEncoder2Configuration is written."""
    return (
        f'<tr2:VideoEncoder token="ve1" GovLength="50" Profile="Main"><tt:Name>e</tt:Name><tt:UseCount>1</tt:UseCount>'
        f"<tt:Encoding>{codec}</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>1440</tt:Height>"
        f'</tt:Resolution><tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>{rate}</tt:FrameRateLimit>'
        "<tt:BitrateLimit>3072</tt:BitrateLimit></tt:RateControl><tt:Quality>4.5</tt:Quality></tr2:VideoEncoder>"
    )


def listed(*profiles: tuple[str, str]) -> HttpReply:
    each = "".join(
        f'<tr2:Profiles token="{token}" fixed="true"><tr2:Name>p</tr2:Name><tr2:Configurations>{inside}'
        "</tr2:Configurations></tr2:Profiles>"
        for token, inside in profiles
    )
    told = (
        f'<tr2:GetProfilesResponse xmlns:tr2="http://www.onvif.org/ver20/media/wsdl">{each}</tr2:GetProfilesResponse>'
    )
    return HttpReply(body=envelope(told))


class Modern:
    """A camera with both media services: `told` is what the second answers."""

    def __init__(self) -> None:
        self.told = listed(("profile_1", _SOURCE + encoder("H265")), ("profile_3", _SOURCE))

    def __call__(self, server: OnvifServer, operation: str, request: str) -> HttpReply | None:
        if operation == "GetServices":
            named = (("ver10/device", "device_service"), ("ver10/media", "media_service"), ("ver20/media", "media2"))
            each = "".join(_SERVICE.format(name, server.port, path) for name, path in named)
            return HttpReply(body=envelope(f"<tds:GetServicesResponse>{each}</tds:GetServicesResponse>"))
        second = operation == "GetProfiles" and "ver20/media" in request
        if second and not server._logged_in(request):
            return HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized"))
        return self.told if second else None


@pytest.fixture
def modern() -> Iterator[tuple[Modern, OnvifServer, Callable[[], OnvifSession]]]:
    answer = Modern()
    server = OnvifServer(answer)
    yield answer, server, lambda: session_at(server)
    server.close()


Served = tuple[Modern, OnvifServer, Callable[[], OnvifSession]]


async def test_a_stream_that_is_set_to_h265_is_known_as_that(modern: Served) -> None:
    _, server, session = modern
    camera = OnvifCamera(session(), SystemClock())
    told = await camera.ask()
    main, sub = (told.streams[name] for name in (StreamName.MAIN, StreamName.SUB))
    assert main == StreamSettings("rtsp://127.0.0.1:554/main", "h265", 2560, 1440)
    assert (sub.codec, sub.width) == ("h264", 640)  # of which the second service says nothing
    assert server.wrong_logins == 0
    await camera.close()


async def test_its_figures_are_the_second_services(modern: Served) -> None:
    opened = modern[2]()
    await opened.open()
    first = (await media.profiles(opened))[0]
    assert (first.codec, first.width, first.height, first.frame_rate_hz, first.kbps) == ("H265", 2560, 1440, 12.5, 3072)
    await opened.close()


@pytest.mark.parametrize(
    "told",
    [
        HttpReply(500, fault("ter:ActionNotSupported", "not here")),
        HttpReply(400, fault("ter:NotAuthorized", "Sender not authorized")),
        HttpReply(404),
        HttpReply(body=b"<html>Login</html>"),
        listed(),
        listed(("profile_1", encoder("H265", width="wide"))),
        listed(("profile_1", encoder("H265", rate="fast"))),
        HttpReply(body=envelope("<tds:GetHostnameResponse/>")),
    ],
)
async def test_where_it_does_not_tell_the_first_service_counts(modern: Served, told: HttpReply) -> None:
    answer, _, session = modern
    answer.told = told
    opened = session()
    await opened.open()
    await media.device_facts(opened)
    found = await media.profiles(opened)
    assert [(each.codec, each.width) for each in found] == [("H264", 1920), ("H264", 640)]
    await opened.close()
