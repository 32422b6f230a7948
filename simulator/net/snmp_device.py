"""A device as SNMP sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from simulator.mibs.values import Objects


@dataclass(frozen=True, slots=True)
class V3User:
    """A USM user at authPriv: HMAC-SHA-96 and AES-128 (RFC 3414, RFC 3826)."""

    name: str
    auth_key: str
    priv_key: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One device as SNMP sees it. `objects` is asked anew for each request; `answers` says whether it hears it."""

    device: str
    community: str
    user: V3User | None
    objects: Callable[[], Objects]
    answers: Callable[[], bool]

    @property
    def security_name(self) -> str:
        """What an engine calls its community (RFC 3584 section 5)."""
        return "c" + hashlib.sha256(self.community.encode()).hexdigest()[:16]
