"""The device service: what it is, what it can, what time it has (ONVIF Core, 8; devicemgmt.wsdl)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from simulator.onvif.box import Box
from simulator.onvif.soap import Asked, Service, SoapFault
from simulator.onvif.xml import Xml, joined, tag

_ZONE = "<+07>-7"  # POSIX 1003.1: seven hours east
_VIETNAM = timedelta(hours=7)


def device_service(box: Box, services: Callable[[], Sequence[Service]]) -> Service:
    """`services`: everything that this device offers, this service too."""

    def get_services(asked: Asked) -> Xml:
        detailed = asked.text("tds:IncludeCapability").lower() in ("true", "1")
        return tag("tds:GetServicesResponse", *(_service(box, one, detailed) for one in services()))

    def get_service_capabilities(_: Asked) -> Xml:
        return tag("tds:GetServiceCapabilitiesResponse", capabilities())

    def get_capabilities(_: Asked) -> Xml:
        return tag("tds:GetCapabilitiesResponse", _old_capabilities(box, {one.prefix: one for one in services()}))

    return Service(
        "tds",
        "/onvif/device_service",
        (2, 60),
        {
            "GetSystemDateAndTime": lambda _: _time(box.wall_us()),
            "GetServices": get_services,
            "GetServiceCapabilities": get_service_capabilities,
            "GetCapabilities": get_capabilities,
            "GetDeviceInformation": lambda _: _information(box),
            "GetScopes": lambda _: tag("tds:GetScopesResponse", *(_scope(one) for one in scopes(box))),
            "GetHostname": lambda _: _hostname(box),
            "GetNetworkInterfaces": lambda _: _interfaces(box),
            "GetNetworkProtocols": lambda _: _protocols(box),
            "GetNetworkDefaultGateway": lambda _: _gateway(),
            "GetDNS": lambda _: tag("tds:GetDNSResponse", tag("tds:DNSInformation", tag("tt:FromDHCP", False))),
            "GetNTP": lambda _: tag("tds:GetNTPResponse", tag("tds:NTPInformation", tag("tt:FromDHCP", False))),
            "GetDiscoveryMode": lambda _: tag("tds:GetDiscoveryModeResponse", tag("tds:DiscoveryMode", "Discoverable")),
            "GetUsers": lambda _: _users(box),
        },
        capabilities,
        frozenset({"GetSystemDateAndTime", "GetServices", "GetServiceCapabilities", "GetCapabilities", "GetHostname"}),
    )


def scopes(box: Box) -> list[str]:
    """What it calls itself when it is looked for (ONVIF Core, 7.3.2.2)."""
    plate = box.plate
    profiles = ["Profile/Streaming", *(["Profile/G"] if box.book is not None else [])]
    kind = "type/Network_Video_Recorder" if box.book is not None else "type/video_encoder"
    named = [f"name/{quote(plate.name or plate.id)}", f"hardware/{quote(plate.model)}"]
    where = [f"location/{quote(plate.location)}"] if plate.location else []
    return [f"onvif://www.onvif.org/{path}" for path in (*profiles, kind, *named, *where)]


def unknown_operation(asked: Asked) -> SoapFault:
    return SoapFault(f"{asked.operation} is not done here", "ter:ActionNotSupported", code="Receiver")


def capabilities() -> Xml:
    network = tag("tds:Network", IPFilter="false", ZeroConfiguration="false", IPVersion6="false", DynDNS="false", NTP=0)
    security = tag("tds:Security", UsernameToken="true", HttpDigest="true")
    return tag("tds:Capabilities", network, security, tag("tds:System", DiscoveryBye="false", SystemBackup="false"))


def _service(box: Box, service: Service, detailed: bool) -> Xml:
    inside = [tag("tds:Namespace", service.namespace), tag("tds:XAddr", box.base + service.path)]
    if detailed:
        inside.append(tag("tds:Capabilities", service.capabilities()))
    major, minor = service.version
    return tag("tds:Service", *inside, tag("tds:Version", tag("tt:Major", major), tag("tt:Minor", minor)))


def _old_capabilities(box: Box, services: dict[str, Service]) -> Xml:
    """As devices before GetServices told it; search and replay are under Extension."""

    def address(prefix: str) -> Xml:
        return tag("tt:XAddr", box.base + services[prefix].path)

    parts = [tag("tt:Device", address("tds"))]
    if "tev" in services:
        flags = ("tt:WSSubscriptionPolicySupport", "tt:WSPullPointSupport")
        pausable = tag("tt:WSPausableSubscriptionManagerInterfaceSupport", False)
        parts.append(
            tag("tt:Events", address("tev"), *(tag(flag, flag.endswith("PointSupport")) for flag in flags), pausable)
        )
    if "timg" in services:
        parts.append(tag("tt:Imaging", address("timg")))
    streaming = tag(
        "tt:StreamingCapabilities",
        tag("tt:RTPMulticast", False),
        tag("tt:RTP_TCP", False),
        tag("tt:RTP_RTSP_TCP", True),
    )
    parts.append(tag("tt:Media", address("trt"), streaming))
    if box.book is not None:
        no = ("ReceiverSource", "MediaProfileSource", "DynamicRecordings", "DynamicTracks")
        recording = tag(
            "tt:Recording", address("trc"), *(tag(f"tt:{name}", False) for name in no), tag("tt:MaxStringLength", 64)
        )
        search = tag("tt:Search", address("tse"), tag("tt:MetadataSearch", False))
        parts.append(tag("tt:Extension", recording, search, tag("tt:Replay", address("trp"))))
    return tag("tds:Capabilities", *parts)


def _time(wall_us: int) -> Xml:
    utc = datetime.fromtimestamp(wall_us / 1e6, UTC)
    told = tag(
        "tds:SystemDateAndTime",
        tag("tt:DateTimeType", "Manual"),
        tag("tt:DaylightSavings", False),
        tag("tt:TimeZone", tag("tt:TZ", _ZONE)),
        _date("tt:UTCDateTime", utc),
        _date("tt:LocalDateTime", utc + _VIETNAM),
    )
    return tag("tds:GetSystemDateAndTimeResponse", told)


def _date(name: str, when: datetime) -> Xml:
    time = tag("tt:Time", tag("tt:Hour", when.hour), tag("tt:Minute", when.minute), tag("tt:Second", when.second))
    date = tag("tt:Date", tag("tt:Year", when.year), tag("tt:Month", when.month), tag("tt:Day", when.day))
    return tag(name, time, date)


def _information(box: Box) -> Xml:
    plate = box.plate
    told = {"Manufacturer": plate.vendor, "Model": plate.model, "FirmwareVersion": plate.firmware}
    told |= {"SerialNumber": plate.serial, "HardwareId": plate.model}
    return tag("tds:GetDeviceInformationResponse", *(tag(f"tds:{name}", value) for name, value in told.items()))


def _scope(item: str) -> Xml:
    return tag("tds:Scopes", tag("tt:ScopeDef", "Fixed"), tag("tt:ScopeItem", item))


def _hostname(box: Box) -> Xml:
    told = tag("tds:HostnameInformation", tag("tt:FromDHCP", False), tag("tt:Name", box.plate.id))
    return tag("tds:GetHostnameResponse", told)


def _interfaces(box: Box) -> Xml:
    info = tag("tt:Info", tag("tt:Name", "eth0"), tag("tt:HwAddress", box.mac), tag("tt:MTU", 1500))
    address = tag("tt:Manual", tag("tt:Address", "127.0.0.1"), tag("tt:PrefixLength", 8))
    ip = tag("tt:IPv4", tag("tt:Enabled", True), tag("tt:Config", address, tag("tt:DHCP", False)))
    return tag(
        "tds:GetNetworkInterfacesResponse",
        tag("tds:NetworkInterfaces", tag("tt:Enabled", True), info, ip, token="eth0"),
    )


def _protocols(box: Box) -> Xml:
    rtsp = box.channels[0].streams[0].uri.split("/")[2].rpartition(":")[2] if box.channels else "554"
    told = [
        tag("tds:NetworkProtocols", tag("tt:Name", name), tag("tt:Enabled", True), tag("tt:Port", port))
        for name, port in (("HTTP", str(box.port)), ("RTSP", rtsp))
    ]
    return tag("tds:GetNetworkProtocolsResponse", joined(told))


def _gateway() -> Xml:
    return tag("tds:GetNetworkDefaultGatewayResponse", tag("tds:NetworkGateway", tag("tt:IPv4Address", "127.0.0.1")))


def _users(box: Box) -> Xml:
    user = tag("tds:User", tag("tt:Username", box.gate().username), tag("tt:UserLevel", "Operator"))
    return tag("tds:GetUsersResponse", user)
