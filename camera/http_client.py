"""HTTP to one camera or recorder (httpx): digest logins, one host only, bounded in time and bytes.

The connection is kept between requests. The device's certificate is not judged (it signs for itself). A redirect is
followed on the device's own host only, as from http to https; to another host nothing is sent, and certainly no
password.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault, connection_fault
from camera.refusals import Refusals
from camera.rtsp_login import Challenge, Login, best
from telemetry.readings import ReasonCode

if TYPE_CHECKING:
    import ssl

    import httpx

MOST_BYTES = 2 * 1024 * 1024
_MOST_REDIRECTS = 2
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_MOST_PLACES = 500


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Headers have their names in lower case; of several of one name `challenges` keeps all."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    challenges: tuple[str, ...] = ()

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def well(self, asked: str = "") -> HttpAnswer:
        """Itself, where its status says that all is well. Raises DeviceFault for what says otherwise."""
        if self.status == 200:
            return self
        codes = {_FORBIDDEN: ReasonCode.NO_PERMISSION, 404: ReasonCode.UNSUPPORTED}
        detail = f"HTTP {self.status}" + (f" to {asked}" if asked else "")
        raise DeviceFault(codes.get(self.status, ReasonCode.ERROR_ANSWER), detail, answered=True)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path`: with its query, or a whole address at the device's own host."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES


class CameraHttp:
    """Raises DeviceFault. `timeout` in seconds, for each request with its login."""

    def __init__(self, address: DeviceAddress, timeout: float, refusals: Refusals) -> None:
        self.address = address
        self._timeout = timeout
        self._refusals = refusals
        self._login = Login(address.username, address.password, lambda: secrets.token_hex(8))
        self._challenge: Challenge | None = None
        self._answered: set[str] = set()  # paths that were answered to this password
        self._forbidden: set[str] = set()  # and that were not, though it is right
        self._client: httpx.AsyncClient | None = None

    async def ask(self, request: HttpRequest) -> HttpAnswer:
        """The answer, logged in where the device asks for it; with a password that it refused before, not again.

        A nonce of before is used only for what was answered with one, and while nobody refused the password."""
        place = urlsplit(request.path).path
        if place in self._forbidden:
            raise DeviceFault(ReasonCode.NO_PERMISSION, place, answered=True)
        known = place in self._answered and self._refusals.is_proven(self.address)
        before = self._challenge if known else None
        answer = await self.exchange(request, before)
        if answer.status != _UNAUTHORIZED:
            if before is not None and answer.status != _FORBIDDEN:
                self._refusals.accepted(self.address)
            return answer
        challenge = best(answer.challenges)
        if challenge is None:
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, "401 without a challenge that is known here", answered=True)
        if not self.address.username:
            detail = "the device wants a password and none is configured"
            raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, detail, answered=True)
        if before is not None and not challenge.stale:
            if challenge.nonce == before.nonce:
                raise self._refused()
            self._refusals.doubted(self.address)  # many devices change the nonce without a word of it
        return await self._logged_in(request, challenge, tries=2 if before is None else 1)

    async def exchange(self, request: HttpRequest, challenge: Challenge | None = None) -> HttpAnswer:
        """One request and its answer, with the password only where a challenge is given."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._follow(request, challenge)
        except TimeoutError as error:
            raise DeviceFault(ReasonCode.NO_ANSWER, f"no answer within {self._timeout:g} s") from error

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _logged_in(self, request: HttpRequest, challenge: Challenge, tries: int) -> HttpAnswer:
        """Answer the challenge; once more, where there are two tries and the device calls its first nonce too old."""
        wait = await self._refusals.turn(self.address)
        if wait:
            detail = f"refused before; not tried again for {wait:.0f} s"
            raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, detail, answered=True)
        place = urlsplit(request.path).path
        is_right = self._refusals.is_proven(self.address) and bool(self._answered) and place not in self._answered
        try:
            answer = await self.exchange(request, challenge)
            fresh = best(answer.challenges) if answer.status == _UNAUTHORIZED else None
            if fresh is not None and fresh.stale and tries > 1:
                challenge, answer = fresh, await self.exchange(request, fresh)
            if answer.status == _UNAUTHORIZED:
                if is_right and len(self._forbidden) < _MOST_PLACES:
                    self._forbidden.add(place)  # this user may not ask that
                    raise DeviceFault(ReasonCode.NO_PERMISSION, f"401 to {place}", answered=True)
                raise self._refused()
            self._challenge = challenge
            if len(self._answered) < _MOST_PLACES:
                self._answered.add(place)
            self._refusals.accepted(self.address)
            return answer
        finally:
            self._refusals.not_told(self.address)  # no word where it has been told

    def _refused(self) -> DeviceFault:
        self._challenge = None
        self._answered.clear()
        self._forbidden.clear()
        self._refusals.refused(self.address)
        return DeviceFault(ReasonCode.WRONG_CREDENTIALS, "status 401", answered=True)

    async def _follow(self, request: HttpRequest, challenge: Challenge | None) -> HttpAnswer:
        url = urljoin(self.address.url + "/", request.path)
        for _ in range(_MOST_REDIRECTS + 1):
            self._check_host(url)
            answer = await self._once(url, request, challenge)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return answer
            url = urljoin(url, location)
        raise DeviceFault(ReasonCode.ERROR_ANSWER, f"more than {_MOST_REDIRECTS} redirects", answered=True)

    def _check_host(self, url: str) -> None:
        host = (urlsplit(url).hostname or "").lower()
        if host != self.address.host.lower() or urlsplit(url).scheme not in ("http", "https"):
            raise DeviceFault(ReasonCode.REDIRECTED, f"to {host[:80]}", answered=True)

    async def _once(self, url: str, request: HttpRequest, challenge: Challenge | None) -> HttpAnswer:
        import httpx

        headers = {"User-Agent": "WardWatch", "Accept-Encoding": "identity", **request.headers}
        if challenge is not None:
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers["Authorization"] = self._login.answer(challenge, request.method, target)
        if self._client is None:
            logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of each request
            self._client = httpx.AsyncClient(verify=_unjudged(), trust_env=False, timeout=None)
        client = self._client
        client.cookies.clear()
        try:
            async with client.stream(request.method, url, headers=headers, content=request.body or None) as response:
                return await _read(response, request.most_bytes)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise connection_fault(error) from error


async def _read(response: httpx.Response, most: int) -> HttpAnswer:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most:
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, f"an answer of more than {most} bytes", answered=True)
    headers = {name.lower(): value for name, value in response.headers.items()}
    challenges = tuple(response.headers.get_list("www-authenticate"))
    return HttpAnswer(response.status_code, headers, bytes(body), challenges)


@lru_cache(maxsize=1)
def _unjudged() -> ssl.SSLContext:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # cameras of ten years' age sign with SHA-1 and short keys
    return context
