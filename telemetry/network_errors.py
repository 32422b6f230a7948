"""What the errors of the system and of libraries over it say of a network's other end, by what lies at their bottom."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import NamedTuple

from telemetry.readings import ReasonCode

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED


class Trouble(NamedTuple):
    """`answered`: whether something was there that spoke, if only to refuse."""

    code: ReasonCode
    detail: str
    answered: bool = False


def code_of(error: OSError) -> ReasonCode:
    """Why a connection did not come about, or ended."""
    return trouble_of(error).code


def trouble_of(error: BaseException) -> Trouble:
    """NO_ANSWER where nothing says more."""
    return _at_the_bottom(error) or Trouble(ReasonCode.NO_ANSWER, _said(error))


def http_trouble_of(error: BaseException) -> Trouble:
    """The same of httpx's errors; what is no HTTP is told too."""
    import httpx

    found = _at_the_bottom(error)
    if found is not None:
        return found
    # An address that is none can only be a redirect's: the configuration's own was looked at when it was read.
    no_http = (httpx.ProtocolError, httpx.DecodingError, httpx.UnsupportedProtocol, httpx.InvalidURL)
    if isinstance(error, no_http):
        return Trouble(ReasonCode.GARBLED_ANSWER, _said(error), answered=True)
    return Trouble(ReasonCode.NO_ANSWER, _said(error))


def _at_the_bottom(error: BaseException) -> Trouble | None:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            expired = cause.verify_code == _EXPIRED
            code = ReasonCode.CERTIFICATE_EXPIRED if expired else ReasonCode.CERTIFICATE_UNTRUSTED
            return Trouble(code, cause.verify_message or str(cause), answered=True)
        if isinstance(cause, socket.gaierror):
            return Trouble(ReasonCode.NAME_UNKNOWN, str(cause))
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return Trouble(ReasonCode.PORT_CLOSED, str(cause))
        if isinstance(cause, OSError) and cause.errno in _NO_WAY:
            return Trouble(ReasonCode.HOST_UNREACHABLE, str(cause))
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLWantReadError, ssl.SSLWantWriteError)):
            return Trouble(ReasonCode.GARBLED_ANSWER, f"TLS: {cause.reason or cause}", answered=True)
    return None


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it; several where several addresses were tried."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
