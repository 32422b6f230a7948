"""No second login with a password that just failed: cameras lock the account, or the address, after a few.

Shared by all in one process that log in to cameras; may be used from any thread. Nothing is kept on disk: a new start
of the agent, which is how a configuration changes, may ask once more.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from camera.relay.rtsp import StreamAddress
from telemetry.clock import Clock

FIRST_SECONDS = 300.0
LONGEST_SECONDS = 3600.0
TURN_SECONDS = 0.25  # what to wait while another asks with the same, unproven password
_FORGOTTEN_TURN_SECONDS = 20.0  # who asks and never says what came of it is taken for dead


@dataclass(slots=True)
class _Login:
    proven: bool = False
    asked_at: float | None = None  # monotonic; somebody asks right now
    not_before: float = 0.0
    pause: float = 0.0


class Refusals:
    """Which logins failed, and until when they are not tried again. A login is the camera's host and port, whatever
    the stream; the user; the password."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._logins: dict[tuple[str, str, bytes], _Login] = {}

    def wait(self, address: StreamAddress) -> float:
        """Seconds until this login may be tried; 0 is now, and then one of `accepted`, `refused` or `not_told` must
        follow. While another asks with a password that is not proven yet, it is TURN_SECONDS or less."""
        if not address.username:
            return 0.0
        with self._lock:
            login = self._logins.setdefault(_key(address), _Login())
            now = self._clock.monotonic()
            if login.not_before > now:
                return login.not_before - now
            if login.proven:
                return 0.0
            if login.asked_at is not None and now - login.asked_at < _FORGOTTEN_TURN_SECONDS:
                return TURN_SECONDS
            login.asked_at = now
            return 0.0

    def accepted(self, address: StreamAddress) -> None:
        """The camera took the password."""
        with self._lock:
            self._logins[_key(address)] = _Login(proven=True)

    def refused(self, address: StreamAddress) -> None:
        """The camera did not take it: a pause of 5 minutes, doubled with each refusal up to an hour."""
        with self._lock:
            login = self._logins.setdefault(_key(address), _Login())
            login.pause = min(LONGEST_SECONDS, max(FIRST_SECONDS, 2 * login.pause))
            login.not_before = self._clock.monotonic() + login.pause
            login.proven, login.asked_at = False, None

    def not_told(self, address: StreamAddress) -> None:
        """It never came to an answer about the password."""
        with self._lock:
            login = self._logins.get(_key(address))
            if login is not None:
                login.asked_at = None


def _key(address: StreamAddress) -> tuple[str, str, bytes]:
    secret = hashlib.sha256(address.password.encode("utf-8", "surrogatepass")).digest()
    return urlsplit(address.url).netloc.rpartition("@")[2].lower(), address.username, secret
