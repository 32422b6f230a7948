"""Addresses that a person writes: URLs of servers, and how one is shown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit


def is_url(text: str, schemes: Collection[str]) -> bool:
    """Whether it is a URL of one of these schemes with a host, a proper port, and no credentials in it."""
    try:
        url = urlsplit(text)
        return url.scheme in schemes and bool(url.hostname) and url.port != 0 and "@" not in url.netloc
    except ValueError:  # a port that is no number
        return False


def without_credentials(given: str) -> str:
    """An address as it may be shown: what stands before its @ is somebody's password."""
    return re.sub(r"//.*@", "//…@", given)


def canonical_ip(text: str) -> str | None:
    """An IP address as it is compared: without the scope of a link-local one, an IPv4 one not dressed as IPv6; None
    for what is none, a host's name for instance."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
