"""One configured device, by protocol. The agent's configuration file is made of these (`[[device]]`).

Each protocol's model names exactly the keys it takes; anything else is refused. Secrets arrive here already read
from the file or environment variable that the configuration names, as `SecretStr`, so that no log shows them.

A new protocol is a model here and a line in collectors/registry.py (docs/adding-a-device.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from telemetry.configuration.addresses import is_url
from telemetry.configuration.fields import Id, refusal
from telemetry.configuration.problems import Wrong
from telemetry.kinds import Kind
from telemetry.readings import DeviceInfo

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
Address = Annotated[Name, AfterValidator(lambda given: str(ip_address(given)))]
Line = Literal["man", "backup"]
UnitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9:_.\\@ -]{0,254}$")]
Status = Annotated[int, Field(ge=100, le=599)]
UrlPath = Annotated[str, StringConstraints(pattern=r"^/[^?#\s]*$")]


def _channel(given: object) -> object:
    """A number may be written as one."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) and given > 0 else given


Share = Annotated[float, Field(ge=0, le=1)]
MaskArea = tuple[Share, Share, Share, Share]  # left, top, width, height; of the picture's
Channel = Annotated[Name, BeforeValidator(_channel)]


def _several(given: object) -> object:
    """One may be written without the brackets of a list."""
    return (given,) if isinstance(given, int) and not isinstance(given, bool) else given


class BaseDevice(BaseModel):
    """What every device may say. Durations are seconds here; the file writes "30s", "5m" or a number."""

    only_for: ClassVar[frozenset[Kind]] = frozenset(Kind)  # the kinds of which this protocol can tell something

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    kind: Kind
    name: str = ""
    location: str = ""
    parent: Id | None = None  # what it hangs on
    interval: Seconds | None = None  # None: the kind's default
    fast_interval: Seconds | None = None  # None: the kind's default, where the kind has vital values
    timeout: Seconds = 5.0
    target_celsius: float | None = None  # of a room: cooling is judged against it (kinds aircon and sensor)
    target_sensor: str = ""  # which of a device's temperatures (the instance) is the room's
    recorder: Id | None = None  # of a camera: where it is recorded,
    channel: Channel | None = None  # as which channel there: its number, or what the recorder calls it,
    recorded_since: date | None = None  # and since when; it owes nothing from before
    watch: Literal["full", "sampled"] = "full"  # of a camera: its stream is held open, or looked into now and then

    mask: Annotated[tuple[MaskArea, ...], Field(max_length=32)] = ()  # of a camera: parts that are not judged

    @field_validator("target_celsius")
    @classmethod
    def _is_a_rooms(cls, given: float | None) -> float | None:
        if given is not None and not 10 <= given <= 40:
            raise refusal(Wrong.OUT_OF_RANGE, ("≥ 10", "≤ 40"))
        return given

    def address(self) -> str:
        """Where it is asked, for people; never a credential."""
        return ""

    def info(self, interval_seconds: float) -> DeviceInfo:
        """What the district is told of it."""
        return DeviceInfo(
            id=self.id,
            kind=self.kind.value,
            name=self.name,
            location=self.location,
            parent=self.parent or "",
            protocol=getattr(self, "protocol", ""),
            address=self.address(),
            interval_seconds=interval_seconds,
        )


class HostDevice(BaseDevice):
    """A device with an address on the network."""

    host: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    port: Port | None = None

    def address(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


class SnmpDevice(HostDevice):
    """SNMP v1, v2c (the default) or v3; v3 when `user` is given (USM, RFC 3414; AES, RFC 3826)."""

    protocol: Literal["snmp"]
    version: Literal["1", "2c", "3"] | None = None  # None: 3 with a user, else 2c
    community: SecretStr = SecretStr("public")
    user: str | None = None
    auth: Literal["MD5", "SHA"] | None = None
    auth_key: SecretStr | None = None  # auth_file or auth_env in the file
    priv: Literal["DES", "AES"] | None = None
    priv_key: SecretStr | None = None  # priv_file or priv_env in the file
    wan_ports: tuple[Name, ...] = ()  # of a router or uplink: ports to the outside, by name, description or alias
    line: Line = "man"  # of an uplink, as below
    interface: Name | None = None  # of an uplink: the router's port that the line is plugged into


class NutDevice(HostDevice):
    """A UPS that NUT serves (RFC 9271), mostly one on a computer's USB. Port 3493 where none is given."""

    only_for = frozenset({Kind.UPS})
    protocol: Literal["nut"]
    ups_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,60}$")] = "ups"  # its name in ups.conf
    username: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,60}$")] | None = None
    password: SecretStr | None = None  # password_file or password_env in the file


class IcmpDevice(HostDevice):
    """Echo requests; nothing more is known of it. An uplink is a line, measured by what answers at its far end."""

    protocol: Literal["icmp"]
    line: Line = "man"
    targets: Annotated[tuple[Name, ...], Field(max_length=8)] = ()  # what is asked over this line; else the host
    interface: Name | None = None  # this machine's own interface of the line, where it has one of its own
    source: Address | None = None  # or its own address there
    route_to: Name | None = None  # the line that carries traffic is that of the route to here; else the district
    resolve: Name | None = None  # a name that must resolve over this line
    nameserver: Address | None = None  # by this server; else the system's first
    tcp_port: Port | None = None  # where echoes are filtered: a port of the targets

    @model_validator(mode="before")
    @classmethod
    def _host_of_targets(cls, given: Any) -> Any:
        targets = given.get("targets") if isinstance(given, dict) else None
        if isinstance(targets, (list, tuple)) and targets and "host" not in given:
            return {**given, "host": targets[0]}
        return given


class TcpDevice(HostDevice):
    """A TCP service that accepts a connection."""

    protocol: Literal["tcp"]
    port: Port


class ModbusDevice(HostDevice):
    """Modbus TCP, often a gateway to devices on RS485: `unit` tells which of them."""

    protocol: Literal["modbus"]
    port: Port = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    map: Annotated[str, StringConstraints(min_length=1)]  # a shipped register map, or a file's path (….toml)


class MqttDevice(HostDevice):
    """A sensor that tells its values to the ward's own MQTT broker; never the district's."""

    protocol: Literal["mqtt"]
    host: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)] = "127.0.0.1"
    port: Port = 1883
    username: str | None = None
    password: SecretStr | None = None  # password_file or password_env in the file
    topic: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    silent_after: Seconds | None = None  # None: three intervals, or a quarter of an hour where none is configured

    @field_validator("topic")
    @classmethod
    def _names_one_device(cls, given: str) -> str:
        if any(sign in given for sign in "#+\0") or given.startswith("$"):
            raise refusal(Wrong.NOT_ALLOWED)
        return given.strip("/")


class RtspDevice(BaseDevice):
    """A camera's own streams. The addresses carry no credentials; those stand beside them."""

    only_for = frozenset({Kind.CAMERA, Kind.RECORDER})

    protocol: Literal["rtsp"]
    url: Annotated[str, StringConstraints(pattern=r"^rtsps?://[^@/]+(/.*)?$")]  # the main stream
    sub_url: Annotated[str, StringConstraints(pattern=r"^rtsps?://[^@/]+(/.*)?$")] | None = None  # for tiles
    username: str | None = None
    password: SecretStr | None = None  # password_file or password_env in the file

    def address(self) -> str:
        return self.url.partition("://")[2].partition("/")[0]


class VideoDevice(HostDevice):
    """A camera or a recorder by an interface of its own, over HTTP; its own certificate is not judged."""

    only_for = frozenset({Kind.CAMERA, Kind.RECORDER})

    username: str | None = None
    password: SecretStr | None = None  # password_file or password_env in the file
    tls: bool = False
    rtsp_port: Port | None = None  # None: as the device tells, else 554


class OnvifDevice(VideoDevice):
    """ONVIF: a camera by Profile S or T, a recorder by Profile G."""

    protocol: Literal["onvif"]


class IsapiDevice(VideoDevice):
    """Hikvision's ISAPI, which recorders of many names speak."""

    protocol: Literal["isapi"]


class DahuaDevice(VideoDevice):
    """Dahua's HTTP API (CGI), which recorders of many names speak."""

    protocol: Literal["dahua"]


class IppDevice(HostDevice):
    """A printer by IPP (RFC 8010, 8011). `tls`: ipps; the printer's own certificate is not judged."""

    only_for = frozenset({Kind.PRINTER})

    protocol: Literal["ipp"]
    port: Port = 631
    path: UrlPath = "/ipp/print"
    tls: bool = False


class EsclDevice(HostDevice):
    """A scanner, or an office machine's scanning side, by Mopria eSCL. The scanner's own certificate is not judged."""

    only_for = frozenset({Kind.SCANNER, Kind.PRINTER})

    protocol: Literal["escl"]
    path: UrlPath = "/eSCL"
    tls: bool = False

    def address(self) -> str:
        return f"{self.host}:{self.port or (443 if self.tls else 80)}"


class HttpDevice(BaseDevice):
    """Whatever is asked over HTTP. The address carries no credentials."""

    protocol: Literal["http"]
    url: str
    expect_status: Annotated[tuple[Status, ...], BeforeValidator(_several)] = ()  # (): 200 to 399
    expect_text: str | None = None  # in the first 64 kB
    ca_file: Path | None = None  # None: the machine's certificates
    timeout: Seconds = 10.0  # a page takes longer than a datagram

    @field_validator("url")
    @classmethod
    def _is_url(cls, given: str) -> str:
        if not is_url(given, ("http", "https")):
            raise refusal(Wrong.BAD_URL, ("http://host/path", "https://host/path"))
        return given

    def address(self) -> str:
        return self.url.partition("://")[2].partition("/")[0].partition("?")[0]

    def expects(self, status: int) -> bool:
        """Whether an answer with this status is what the service should give."""
        return status in self.expect_status if self.expect_status else 200 <= status <= 399

    def expects_redirect(self) -> bool:
        """A redirect that is itself the expected answer is not followed."""
        return any(300 <= status <= 399 for status in self.expect_status)


class PresenceDevice(HostDevice):
    """What the presence helper on a workstation tells: of a device on its USB (`usb`), or of the workstation itself."""

    only_for = frozenset(
        {
            *(Kind.SCANNER, Kind.PRINTER, Kind.SERVER, Kind.WORKSTATION, Kind.KIOSK, Kind.QUEUE),
            *(Kind.COUNTER_DISPLAY, Kind.SIGNBOARD, Kind.DISPLAY),
        }
    )

    protocol: Literal["presence"]
    port: Port = 9480
    password: Annotated[SecretStr, Field(min_length=16)]  # password_file or password_env in the file; the helper's too
    usb: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$")] | None = None  # vendor:product


class PsutilDevice(BaseDevice):
    """The machine that the agent itself runs on; it is no printer."""

    only_for = frozenset({Kind.SERVER, Kind.WORKSTATION, Kind.KIOSK, Kind.QUEUE, Kind.SERVICE})

    protocol: Literal["psutil"]
    units: tuple[UnitName, ...] = ()  # systemd units or Windows services that must run
    smart: bool = True  # whether its disks are asked for their health


class TrapListener(BaseModel):
    """Where SNMP notifications are taken, and from whom: v1 and v2c with this community, v3 with this user."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: str  # this machine's address on the ward's LAN
    port: Port = 162
    community: SecretStr = SecretStr("public")
    user: str | None = None
    auth: Literal["MD5", "SHA"] | None = None
    auth_key: SecretStr | None = None  # auth_file or auth_env in the file
    priv: Literal["DES", "AES"] | None = None
    priv_key: SecretStr | None = None  # priv_file or priv_env in the file


@lru_cache(maxsize=1)
def models() -> Mapping[str, type[BaseDevice]]:
    """The models above by the protocols that they name, in their order."""
    found: dict[str, type[BaseDevice]] = {}
    for thing in globals().values():
        if isinstance(thing, type) and issubclass(thing, BaseDevice) and "protocol" in thing.model_fields:
            found.update(dict.fromkeys(get_args(thing.model_fields["protocol"].annotation), thing))
    return found


def device_from(told: Mapping[str, Any]) -> BaseDevice:
    """A device by its protocol's model. Raises KeyError for an unknown protocol, pydantic's ValidationError."""
    return models()[told["protocol"]].model_validate(dict(told))
