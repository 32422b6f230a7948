"""No second login with a password that just failed: cameras lock the account, or the address, after a few.

Shared by all in one process that log in to cameras; may be used from any thread. Nothing is kept on disk: a new start
of the agent, which is how a configuration changes, may ask once more.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from camera.device_address import port_of
from telemetry.clock import Clock

FIRST_SECONDS = 300.0
LONGEST_SECONDS = 3600.0
TURN_SECONDS = 0.25  # what to wait while another asks with the same, unproven password
_FORGOTTEN_TURN_SECONDS = 20.0  # who asks and never says what came of it is taken for dead

Key = tuple[str, str, bytes]  # host, user, digest of the password


class Asked(Protocol):
    """Where a login is tried, and as whom: a stream's address (RTSP) or a device's (HTTP)."""

    @property
    def url(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...


@dataclass(slots=True)
class _Login:
    proven: bool = False
    asked_at: float | None = None  # monotonic; somebody asks right now
    not_before: float = 0.0
    pause: float = 0.0


class Refusals:
    """Which logins failed, and until when they are not tried again. A login is the camera's host, the user and the
    password, whatever the stream.

    A host has several services (RTSP, ONVIF, its pages), which count wrong passwords together. So a password that one
    of them refused is not tried at another, unless one has taken it: then it is right there and unknown here (some
    cameras have users of their own for ONVIF), and each service pauses for itself.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logins: dict[Key, dict[int, _Login]] = {}  # by port

    def wait(self, address: Asked) -> float:
        """Seconds until this login may be tried; 0 is now, and then one of `accepted`, `refused` or `not_told` must
        follow. While another asks with a password that is not proven yet, it is TURN_SECONDS or less."""
        if not address.username:
            return 0.0
        with self._lock:
            services = self._services(address)
            login = services.setdefault(_service(address), _Login())
            now = self._clock.monotonic()
            proven = any(each.proven for each in services.values())
            not_before = login.not_before if proven else max(each.not_before for each in services.values())
            if not_before > now:
                return not_before - now
            if login.proven:
                return 0.0
            for each in (login,) if proven else services.values():
                if each.asked_at is not None and now - each.asked_at < _FORGOTTEN_TURN_SECONDS:
                    return TURN_SECONDS
            login.asked_at = now
            return 0.0

    async def turn(self, address: Asked) -> float:
        """Wait until nobody else tries this password; the seconds for which it must not be tried at all."""
        while True:
            wait = self.wait(address)
            if not 0 < wait <= TURN_SECONDS:
                return wait
            await asyncio.sleep(wait)

    def accepted(self, address: Asked) -> None:
        """The camera took the password."""
        with self._lock:
            self._services(address)[_service(address)] = _Login(proven=True)

    def refused(self, address: Asked) -> None:
        """The camera did not take it: a pause of 5 minutes, doubled with each refusal up to an hour."""
        with self._lock:
            login = self._services(address).setdefault(_service(address), _Login())
            login.pause = min(LONGEST_SECONDS, max(FIRST_SECONDS, 2 * login.pause))
            login.not_before = self._clock.monotonic() + login.pause
            login.proven, login.asked_at = False, None

    def not_told(self, address: Asked) -> None:
        """It never came to an answer about the password."""
        with self._lock:
            login = self._found(address).get(_service(address))
            if login is not None:
                login.asked_at = None

    def _services(self, address: Asked) -> dict[int, _Login]:
        return self._logins.setdefault(_key(address), {})

    def _found(self, address: Asked) -> Mapping[int, _Login]:
        return self._logins.get(_key(address), {})


def _key(address: Asked) -> Key:
    secret = hashlib.sha256(address.password.encode("utf-8", "surrogatepass")).digest()
    return (urlsplit(address.url).hostname or "").lower(), address.username, secret


def _service(address: Asked) -> int:
    return port_of(address.url)
