"""Where a camera or recorder speaks HTTP, and who asks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


def port_of(url: str) -> int:
    """The port of an address, also where it does not write it; 0 for a scheme without one."""
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme, 0)


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """`url`: http://host:port or https://host:port, without path or credentials; `repr` shows no password."""

    url: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"DeviceAddress({self.url!r}, {self.username!r})"

    @classmethod
    def of(
        cls, host: str, port: int | None, username: str | None, password: str, *, tls: bool = False
    ) -> DeviceAddress:
        """Of a configured device."""
        scheme = "https" if tls else "http"
        shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return cls(f"{scheme}://{shown}:{port or _PORTS[scheme]}", username or "", password)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def shown_host(self) -> str:
        """As addresses write it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    def here(self, told: str) -> str:
        """An address that the device told of itself, at the host that it is configured with.

        What a device says of its own host is not believed: behind a router, or after its address changed, it is wrong,
        and a password must not follow it. Its port counts where the host is the configured one, or the scheme another
        (an RTSP address names its own port); elsewhere ours. Raises ValueError for what is no address.
        """
        parts, ours = urlsplit(told.strip()), urlsplit(self.url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("no address")
        web = parts.scheme in ("http", "https")
        same = parts.hostname.lower() == (ours.hostname or "").lower()
        if web and not same:
            return urlunsplit((ours.scheme, ours.netloc, parts.path, parts.query, ""))
        port = parts.port or _PORTS[parts.scheme]
        return urlunsplit((parts.scheme, f"{self.shown_host}:{port}", parts.path, parts.query, ""))
