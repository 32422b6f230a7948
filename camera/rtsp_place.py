"""Where a camera's RTSP is: host, port, and whether it speaks TLS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"rtsp": 554, "rtsps": 322}


@dataclass(frozen=True, slots=True)
class Place:
    """A host and what is spoken there."""

    host: str
    port: int
    tls: bool

    @classmethod
    def of(cls, url: str) -> Place:
        """rtsp://host[:554]/… or rtsps://host[:322]/…"""
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 554), parts.scheme == "rtsps")


def unverified() -> ssl.SSLContext:
    """Cameras sign for themselves, and nobody in a ward could say which certificate is right."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
