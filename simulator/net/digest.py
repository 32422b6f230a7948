"""HTTP digest authentication (RFC 2617) in front of a device's web services."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus

from simulator.net.http import Request, Response
from simulator.rtsp.gate import Gate


class Digest:
    """One account at one device. `gate`: the account at this moment."""

    def __init__(self, gate: Callable[[], Gate]) -> None:
        self._gate = gate
        self._nonce = secrets.token_hex(16)

    def admits(self, request: Request) -> bool:
        return self._gate().admits(request.method, request.headers.get("authorization", ""), self._nonce)

    def challenge(self, body: bytes = b"", content_type: str = "text/plain; charset=utf-8") -> Response:
        """The refusal that tells how to ask."""
        headers = {"WWW-Authenticate": self._gate().challenges(self._nonce, "auth")}
        return Response(HTTPStatus.UNAUTHORIZED, body, content_type, headers)
