"""The one edge at which the ONVIF library's exceptions, and answers that lie, become ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from camera.faults import DeviceFault
from camera.rtsp_login import Challenge
from telemetry.readings import ReasonCode

_T = TypeVar("_T")
_UNAUTHORIZED = ("notauthorized", "not authorized", "failedauthentication", "unauthorized")
_UNKNOWN_HERE = ("actionnotsupported", "not implemented", "notimplemented", "optionalactionnotimplemented")

# What a device answers that does not have something, or not for this user.
NOT_OFFERED = (ReasonCode.UNSUPPORTED, ReasonCode.ERROR_ANSWER, ReasonCode.NO_PERMISSION, ReasonCode.GARBLED_ANSWER)


class NotAuthorizedError(Exception):
    """A refused question. `challenge`: of HTTP digest, where it came with one; `told`: WS-Security was judged."""

    def __init__(self, detail: str, challenge: Challenge | None = None, *, told: bool = True) -> None:
        super().__init__(detail)
        self.challenge = challenge if challenge is not None and challenge.algorithm else None
        self.told = told


async def told(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What `ask` brings. Raises DeviceFault and NotAuthorizedError, nothing else."""
    import zeep.exceptions

    try:
        return await ask()
    except (DeviceFault, NotAuthorizedError):
        raise
    except zeep.exceptions.Fault as fault:
        raise _of_soap(fault) from fault
    except Exception as error:  # zeep fails in any way that an answer can be wrong in
        detail = f"{type(error).__name__}: {error}"[:300]
        raise DeviceFault(ReasonCode.GARBLED_ANSWER, detail, answered=True) from error


def reading(read: Callable[[], _T]) -> _T:
    """What `read` finds in an answer. Raises DeviceFault where the answer lacks what the WSDL promises."""
    try:
        return read()
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        detail = f"{type(error).__name__}: {error}"[:300]
        raise DeviceFault(ReasonCode.GARBLED_ANSWER, detail, answered=True) from error


def _of_soap(fault: Any) -> DeviceFault | NotAuthorizedError:
    names = [str(fault.code or ""), *(str(each) for each in fault.subcodes or ()), str(fault.message or "")]
    said = " ".join(names)[:300]
    words = said.lower()
    if any(word in words for word in _UNAUTHORIZED):
        return NotAuthorizedError(said)
    code = ReasonCode.UNSUPPORTED if any(word in words for word in _UNKNOWN_HERE) else ReasonCode.ERROR_ANSWER
    return DeviceFault(code, said, answered=True)
