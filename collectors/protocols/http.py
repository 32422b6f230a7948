"""HTTP/1.1 for collectors (httpx): one answer, bounded in time, bytes and redirects; failures become HttpFault.

Devices of an office sign their own certificates, so `Trust.ANY` is for them: nothing secret is sent to them. The
city's services are held to the machine's certificates, or to those of a file. No proxy, no cookies kept, no
credentials: a redirect that carries some is refused.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from telemetry.network_errors import http_trouble_of
from telemetry.readings import ReasonCode

if TYPE_CHECKING:
    import httpx

MOST_REDIRECTS = 5
MOST_BYTES = 64 * 1024
_AGENT = "WardWatch"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})  # RFC 9110 section 15.4


class HttpFault(Exception):
    """No answer that can be used. `answered`: whether something was there that spoke, if only to refuse."""

    def __init__(self, code: ReasonCode, detail: str, *, answered: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.answered = answered


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. `follow`: redirects are followed, at most MOST_REDIRECTS; `within`: only on the same host."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    follow: bool = True
    within: bool = False
    most_bytes: int = MOST_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What came. `body` is at most what was asked for, `whole` says whether that was all of it."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    redirects: int
    not_after: float | None = None  # when the certificate expires, Unix seconds; None without TLS or verification


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom TLS believes. Contexts are costly and shared, see `context`."""

    verified: bool = True
    ca_file: Path | None = None  # None: the machine's certificates

    def context(self) -> ssl.SSLContext:
        """Raises OSError or ssl.SSLError where the file cannot be used."""
        return _context(self.verified, self.ca_file)


@lru_cache(maxsize=16)
def _context(verified: bool, ca_file: Path | None) -> ssl.SSLContext:
    if verified:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # printers of ten years' age sign with SHA-1 and short keys
    return context


async def ask(request: Request, trust: Trust, timeout: float) -> Answer:
    """The answer to `request` within `timeout` seconds, redirects and all. Raises HttpFault."""
    import httpx

    try:
        context = trust.context()
    except OSError as error:  # ssl.SSLError is one
        raise HttpFault(ReasonCode.NOT_PERMITTED, f"{trust.ca_file}: {error}") from error
    try:
        async with asyncio.timeout(timeout), httpx.AsyncClient(verify=context, trust_env=False, timeout=None) as client:
            return await _follow(client, request)
    except TimeoutError as error:
        raise HttpFault(ReasonCode.NO_ANSWER, f"no answer within {timeout:g} s") from error
    except (httpx.InvalidURL, UnicodeError) as error:  # a host name that no name service could be asked for
        raise HttpFault(ReasonCode.NAME_UNKNOWN, f"{request.url}: {error}") from error


async def _follow(client: httpx.AsyncClient, request: Request) -> Answer:
    import httpx

    url, method, body = httpx.URL(request.url), request.method, request.body
    first = url
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity", **request.headers}
    for redirects in range(MOST_REDIRECTS + 1):
        client.cookies.clear()
        try:
            async with client.stream(method, url, headers=headers, content=body or None) as response:
                if not (request.follow and response.status_code in _REDIRECTS and "location" in response.headers):
                    return await _answer(response, request.most_bytes, redirects)
                url = _next(url, response.headers["location"], first if request.within else None)
                if response.status_code == 303:
                    method, body = "GET", b""
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            code, detail, answered = http_trouble_of(error)
            raise HttpFault(code, detail, answered=answered or redirects > 0) from error
    raise HttpFault(ReasonCode.ERROR_ANSWER, f"more than {MOST_REDIRECTS} redirects", answered=True)


def _next(url: httpx.URL, location: str, within: httpx.URL | None) -> httpx.URL:
    """Where a redirect leads; refused where it carries credentials, leaves HTTP or, if so asked, the host."""
    import httpx

    try:
        target = url.join(location)
    except httpx.InvalidURL as error:
        raise HttpFault(ReasonCode.GARBLED_ANSWER, f"redirect: {error}", answered=True) from error
    if target.scheme not in ("http", "https") or not target.host or target.userinfo:
        raise HttpFault(ReasonCode.GARBLED_ANSWER, "a redirect to no address of the web", answered=True)
    if within is not None and target.host != within.host:
        raise HttpFault(ReasonCode.ERROR_ANSWER, f"a redirect to {target.host}", answered=True)
    return target


async def _answer(response: httpx.Response, most: int, redirects: int) -> Answer:
    body = bytearray()
    whole = True
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most:
            whole = False
            break
    encoding = response.headers.get("content-encoding", "").strip().lower()
    return Answer(
        status=response.status_code,
        url=str(response.url),
        headers={name.lower(): value for name, value in response.headers.items()},
        body=_plain(bytes(body[:most]), encoding, most),
        whole=whole,
        redirects=redirects,
        not_after=_not_after(response),
    )


def _plain(body: bytes, encoding: str, most: int) -> bytes:
    """Some compress though asked not to; what comes out is bounded as well."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, most)
    except zlib.error as error:
        raise HttpFault(ReasonCode.GARBLED_ANSWER, f"{encoding}: {error}", answered=True) from error


def _not_after(response: httpx.Response) -> float | None:
    stream = response.extensions.get("network_stream")
    tls = stream.get_extra_info("ssl_object") if stream is not None else None
    told = tls.getpeercert() if tls is not None else None
    return float(ssl.cert_time_to_seconds(told["notAfter"])) if told and "notAfter" in told else None


async def certificate_of(host: str, port: int, timeout: float) -> bytes | None:
    """The certificate (DER) that is shown there, whoever signed it and whenever it expired; None where none is.

    Nothing is sent beyond the handshake.
    """
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(host, port, ssl=Trust(verified=False).context())
    except OSError:
        return None
    tls = writer.get_extra_info("ssl_object")
    writer.transport.abort()
    found = tls.getpeercert(binary_form=True)
    return bytes(found) if found else None
