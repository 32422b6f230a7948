"""Where a stream is sent: the hub of the configuration, and nowhere else, whatever a request says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit, urlunsplit

_SOCKET_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}
_PORTS = {"wss": 443, "ws": 80}


class HubAddressError(ValueError):
    """A request to send a stream to a place that is not the ward's hub."""


@dataclass(frozen=True, slots=True)
class Hub:
    """`url`: https://host[:port], or http:// where there is nothing to protect (this machine, a demo). `ca_file` None:
    the system's certificates."""

    url: str
    ca_file: Path | None = None

    def stream_url(self, asked: str, *, ticket: str, ward: str, device: str, stream: str) -> str:
        """The WebSocket's address for one ticket. `asked` is a path or the hub's own address with one. Raises
        HubAddressError."""
        base = _as_socket(self.url)
        wanted = _as_socket(urljoin(self.url, asked))
        if _origin(wanted) != _origin(base):
            raise HubAddressError("the request names another place than the configured hub")
        if wanted.query or wanted.fragment:
            raise HubAddressError("the request's address has a query of its own")
        query = urlencode({"ticket": ticket, "ward": ward, "device": device, "stream": stream})
        return urlunsplit((wanted.scheme, wanted.netloc, wanted.path or "/", query, ""))


def _as_socket(url: str) -> SplitResult:
    parts = urlsplit(url)
    scheme = _SOCKET_SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or "@" in parts.netloc:
        raise HubAddressError("the request's address is no place of a hub")
    return parts._replace(scheme=scheme)


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
