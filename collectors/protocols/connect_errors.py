"""Why a TCP connection did not come about, in our words."""

from __future__ import annotations

import errno
import socket

from telemetry.readings import ReasonCode

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})


def code_of(error: OSError) -> ReasonCode:
    """The reason for a failed connect or name look-up."""
    if isinstance(error, TimeoutError):
        return ReasonCode.NO_ANSWER
    if isinstance(error, socket.gaierror):
        return ReasonCode.NAME_UNKNOWN
    if isinstance(error, ConnectionRefusedError):
        return ReasonCode.PORT_CLOSED
    return ReasonCode.HOST_UNREACHABLE if error.errno in _NO_WAY else ReasonCode.NO_ANSWER
