"""The keys of a drafted [[device]] table, by protocol. A new protocol that can be drafted is a function and a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.discovery.rules import Verdict
from edge_agent.discovery.ways import rtsp

Value = str | int


@dataclass(frozen=True, slots=True)
class Key:
    """One line. `comment` is the key of a text that says what the person has to do with it; "" for nothing."""

    name: str
    value: Value
    comment: str = ""


def keys_of(verdict: Verdict, device: str) -> list[Key]:
    """What the protocol needs to know of this device, whose id is `device`."""
    return _BY_PROTOCOL.get(verdict.protocol, _host)(verdict, device)


def _host(verdict: Verdict, device: str) -> list[Key]:
    return [Key("host", verdict.host.address)]


def _nothing(verdict: Verdict, device: str) -> list[Key]:
    return []


def _nut(verdict: Verdict, device: str) -> list[Key]:
    return [*_host(verdict, device), Key("ups_name", verdict.evidence.what)]


def _snmp(verdict: Verdict, device: str) -> list[Key]:
    answered = next((each.detail for each in verdict.host.of("snmp")), "")
    label, _, version = answered.partition(" ")
    community = (
        Key("community_file", f"secrets/{device}", "discover.draft.community")
        if label == "named"
        else Key("community", "public")
    )
    return [*_host(verdict, device), community, *([Key("version", "1")] if version == "1" else [])]


def _tcp(verdict: Verdict, device: str) -> list[Key]:
    port = next((each.what for each in verdict.why if each.way == "port"), "")
    open_ports = [each.what for each in verdict.host.of("port")]
    return [*_host(verdict, device), Key("port", int(port or next(iter(open_ports), "80")))]


def _announced(default_port: int) -> Callable[[Verdict, str], list[Key]]:
    """IPP and eSCL: the port and path that DNS-SD told."""

    def keys(verdict: Verdict, device: str) -> list[Key]:
        told = next((each.detail for each in verdict.why if each.way == "mdns"), "")
        port, _, path = told.partition(" ")
        found = _host(verdict, device)
        if port.isdecimal() and int(port) not in (0, default_port):
            found.append(Key("port", int(port)))
        return [*found, Key("path", f"/{path}")] if path else found

    return keys


def _login(verdict: Verdict, device: str) -> list[Key]:
    """ONVIF, ISAPI, Dahua: a user of the device and a file with its password."""
    told = next((each.detail for each in verdict.host.of("onvif") if each.what == "answers"), "")
    port = [Key("port", int(told))] if verdict.protocol == "onvif" and told.isdecimal() and told != "80" else []
    return [*_host(verdict, device), *port, *_password(device)]


def _rtsp(verdict: Verdict, device: str) -> list[Key]:
    host = verdict.host
    port = next((each.detail for each in host.of("rtsp") if each.what == "answers"), "554")
    at = host.address if port == "554" else f"{host.address}:{port}"
    main, sub = rtsp.stream_paths().get(host.vendor, ("/", ""))
    known = next((each.what for each in host.of("rtsp-path")), "")
    if known:  # it streams there without a password
        return [Key("url", f"rtsp://{at}{known}")]
    keys = [Key("url", f"rtsp://{at}{main}", "" if main != "/" else "discover.draft.url")]
    return [*keys, *([Key("sub_url", f"rtsp://{at}{sub}")] if sub else []), *_password(device)]


def _password(device: str) -> list[Key]:
    return [
        Key("username", "watch", "discover.draft.username"),
        Key("password_file", f"secrets/{device}", "discover.draft.password"),
    ]


_BY_PROTOCOL: dict[str, Callable[[Verdict, str], list[Key]]] = {
    "psutil": _nothing,
    "nut": _nut,
    "snmp": _snmp,
    "tcp": _tcp,
    "ipp": _announced(631),
    "escl": _announced(80),
    "onvif": _login,
    "isapi": _login,
    "dahua": _login,
    "rtsp": _rtsp,
    "icmp": _host,
}
