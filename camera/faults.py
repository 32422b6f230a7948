"""Why a camera or a recorder did not do what it was asked."""

from __future__ import annotations

from telemetry.network_errors import http_trouble_of
from telemetry.readings import Reason, ReasonCode


class DeviceFault(Exception):
    """No answer that can be used. `answered`: whether something was there that spoke, if only to refuse."""

    def __init__(self, code: ReasonCode, detail: str = "", *, answered: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.reason = Reason(code, detail)
        self.answered = answered

    @property
    def ends_all(self) -> bool:
        """Whether whatever else is asked of the device would come to the same; else it may just not offer this."""
        refused = self.reason.code in (ReasonCode.WRONG_CREDENTIALS, ReasonCode.REDIRECTED)
        return refused or not self.answered


def connection_fault(error: BaseException) -> DeviceFault:
    """The errors of the system and of the HTTP library, in our words."""
    code, detail, answered = http_trouble_of(error)
    return DeviceFault(code, detail, answered=answered)
