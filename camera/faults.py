"""Why a camera or a recorder did not do what it was asked."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

from telemetry.readings import Reason, ReasonCode

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


class DeviceFault(Exception):
    """No answer that can be used. `answered`: whether something was there that spoke, if only to refuse."""

    def __init__(self, code: ReasonCode, detail: str = "", *, answered: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.reason = Reason(code, detail)
        self.answered = answered


def connection_fault(error: BaseException) -> DeviceFault:
    """The system's error, at the bottom of what a library made of it, in our words."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return DeviceFault(ReasonCode.NAME_UNKNOWN, str(cause))
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return DeviceFault(ReasonCode.PORT_CLOSED, str(cause))
        if isinstance(cause, ssl.SSLError):
            return DeviceFault(ReasonCode.GARBLED_ANSWER, f"TLS: {cause.reason or cause}", answered=True)
        if isinstance(cause, OSError) and cause.errno in _NO_WAY:
            return DeviceFault(ReasonCode.HOST_UNREACHABLE, str(cause))
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    return DeviceFault(ReasonCode.NO_ANSWER, said)


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
