"""What holds for every request and answer: same origin for what changes something, bounded bodies, safe headers."""

from __future__ import annotations

import logging
from collections.abc import Container
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.console.problems import problem_response
from dashboards.console.settings import ConsoleSettings

log = logging.getLogger(__name__)

PICTURES = "/api/blobs/"  # where wards' agents bring pictures

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

# Pictures arrive over our own sockets and are drawn by workers that the page makes (blob:); Lit and uPlot set styles.
_CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: ConsoleSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        started = False
        language = Headers(scope=scope).get("accept-language", "")

        async def send_guarded(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        most_bytes = self._most_bytes(scope)
        code = self._refusal(scope, most_bytes)
        if code is not None:
            await problem_response(code, language)(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, _bounded(receive, most_bytes), send_guarded)
        except ClientDisconnect:
            log.info("%s %s: the client went before it had said all", scope["method"], scope["path"])
        except Exception:
            # The one edge at which our own defects and a broken store become an answer.
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise  # too late for another answer: the server cuts the connection
            await problem_response("internal", language)(scope, receive, send_guarded)

    def _most_bytes(self, scope: Scope) -> int:
        picture = scope["method"] == "PUT" and scope["path"].startswith(PICTURES)
        return self._settings.picture_bytes if picture else self._settings.body_bytes

    def _refusal(self, scope: Scope, most_bytes: int) -> str | None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:18]) > most_bytes:
            return "too_large"
        if scope["method"] not in _SAFE_METHODS and not same_origin(headers, self._settings.own_origins):
            return "cross_site"
        return None


def same_origin(headers: Headers, own_origins: Container[str]) -> bool:
    """Whether a request comes from a page of ours, or from no page at all.

    Every browser names the origin of what changes something and of every WebSocket; a program that sends neither
    header has no cookie that somebody else could ride on.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None or origin in own_origins:
        return True
    ours = _host_and_port(f"{origin.partition(':')[0]}://{headers.get('host', '')}")
    return ours is not None and _host_and_port(origin) == ours


def _host_and_port(address: str) -> tuple[str, int] | None:
    """None for what is no address ("null", nonsense), which equals nothing."""
    try:
        parts = urlsplit(address)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.hostname.lower(), port) if parts.hostname else None


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """A body without a length (chunked) may not be larger either."""
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise HTTPException(413)
        return message

    return receive_bounded
