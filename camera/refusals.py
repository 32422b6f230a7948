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
    doubted: bool = False  # proven, and since then a 401 that may mean the nonce or the password
    asked_at: float | None = None  # monotonic; somebody asks right now
    not_before: float = 0.0
    pause: float = 0.0


class Refusals:
    """Which logins failed, and until when they are not tried again. A login is the camera's host, the user and the
    password, whatever the stream.

    A host has several services (RTSP, ONVIF, its pages), which count wrong passwords together. So a password that one
    of them refused is not tried at another, unless one has taken it: then it is right there and unknown here (some
    cameras have users of their own for ONVIF), and each service pauses for itself. One that took it and now refuses it
    tells that it was changed: then it is proven nowhere any more.
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
            rest = _rest(login, services)
            if rest > now:
                return rest - now
            apart = _is_proven(services) and not any(each.doubted for each in services.values())
            if login.proven and apart:
                return 0.0
            for each in (login,) if apart else services.values():
                if each.asked_at is not None and now - each.asked_at < _FORGOTTEN_TURN_SECONDS:
                    return TURN_SECONDS
            login.asked_at = now
            return 0.0

    def is_proven(self, address: Asked) -> bool:
        """Whether this service took the password and nothing speaks against it since: it may be sent unasked, as with a
        nonce of before."""
        with self._lock:
            services = self._found(address)
            login = services.get(_service(address))
            return login is not None and login.proven and not any(each.doubted for each in services.values())

    async def turn(self, address: Asked) -> float:
        """Wait until nobody else tries this password; the seconds for which it must not be tried at all."""
        while True:
            wait = self.wait(address)
            if not 0 < wait <= TURN_SECONDS:
                return wait
            await asyncio.sleep(wait)

    def accepted(self, address: Asked) -> None:
        """The camera took the password. Said of a login that began before a refusal, it is no news."""
        with self._lock:
            services = self._services(address)
            login = services.setdefault(_service(address), _Login())
            if _rest(login, services) > self._clock.monotonic():
                login.asked_at = None
                return
            services[_service(address)] = _Login(proven=True)
            for each in services.values():
                each.doubted = False

    def doubted(self, address: Asked) -> None:
        """A service that took the password answered 401 to a nonce of before, and does not say whether it means that.
        Until a login is accepted or refused, one at a time tries it, with a fresh nonce."""
        with self._lock:
            login = self._found(address).get(_service(address))
            if login is not None:
                login.doubted = login.proven

    def refused(self, address: Asked) -> None:
        """The camera did not take it: a pause of 5 minutes, doubled with each refusal up to an hour."""
        with self._lock:
            services = self._services(address)
            login = services.setdefault(_service(address), _Login())
            login.asked_at = None
            now = self._clock.monotonic()
            if _rest(login, services) > now:
                return  # it was under way when the pause began
            if login.proven:
                for each in services.values():
                    each.proven = each.doubted = False
            before = login.pause if _is_proven(services) else max(each.pause for each in services.values())
            login.pause = min(LONGEST_SECONDS, max(FIRST_SECONDS, 2 * before))
            login.not_before = now + login.pause

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


def _is_proven(services: Mapping[int, _Login]) -> bool:
    return any(each.proven for each in services.values())


def _rest(login: _Login, services: Mapping[int, _Login]) -> float:
    """Until when (monotonic) this service is not asked."""
    return login.not_before if _is_proven(services) else max(each.not_before for each in services.values())


def _key(address: Asked) -> Key:
    secret = hashlib.sha256(address.password.encode("utf-8", "surrogatepass")).digest()
    return (urlsplit(address.url).hostname or "").lower(), address.username, secret


def _service(address: Asked) -> int:
    return port_of(address.url)
