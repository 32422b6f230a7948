"""Whether a camera would give its picture: OPTIONS and DESCRIBE (RFC 2326), no PLAY, so it costs the camera little."""

from __future__ import annotations

import asyncio
import secrets

from camera.refusals import Refusals
from camera.relay.rtsp import StreamAddress, reason_for, why_not_shown
from camera.rtsp_client import RtspConnection
from camera.rtsp_login import Challenge, Login, best
from camera.rtsp_message import Answer, GarbledAnswerError, describe
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode, unreachable

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_VENDORS = ("Hikvision", "Dahua", "Axis", "Hanwha", "Uniview", "Bosch", "Reolink", "TP-Link", "KBVision", "Ezviz")


class RtspCheck:
    """A collector (collectors.base.Collector): reachable, rtt_seconds (of OPTIONS), and why there would be no picture.

    A camera that answers, but with another codec than H.264, is reachable and says so. A refused password is not tried
    again before `refusals` allows it; meanwhile OPTIONS alone tells whether the camera is there.
    """

    has_vital = False

    def __init__(self, address: StreamAddress, timeout: float, clock: Clock, refusals: Refusals) -> None:
        """`timeout` in seconds, for all of a poll."""
        self._address = address
        self._timeout = timeout
        self._clock = clock
        self._refusals = refusals

    async def poll(self) -> PollResult:
        try:
            async with asyncio.timeout(self._timeout), RtspConnection(self._address.url) as connection:
                return await self._ask(connection)
        except TimeoutError:
            return unreachable(ReasonCode.NO_ANSWER, f"no answer within {self._timeout:.1f} s")
        except (OSError, GarbledAnswerError) as error:
            return PollResult(reachable=False, reason=reason_for(error))

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""

    async def _ask(self, connection: RtspConnection) -> PollResult:
        url = self._address.url
        started = self._clock.monotonic()
        options = await connection.ask("OPTIONS", url)
        taken = self._clock.monotonic() - started
        found = await connection.ask("DESCRIBE", url, "Accept: application/sdp")
        if found.status == _UNAUTHORIZED:
            found_or_why = await self._log_in(connection, found)
            if isinstance(found_or_why, Reason):
                return PollResult(reachable=False, reason=found_or_why)
            found = found_or_why
        facts = _facts(options) or _facts(found)
        reason = _judge(found)
        if reason is not None and reason.code is not ReasonCode.UNSUPPORTED:
            return PollResult(reachable=False, reason=reason)
        return PollResult(True, [Reading("rtt_seconds", taken)], facts, reason)

    async def _log_in(self, connection: RtspConnection, refusal: Answer) -> Answer | Reason:
        """The description, or why the camera keeps it from us."""
        challenge = best(refusal.all("www-authenticate"))
        if challenge is None:
            return Reason(ReasonCode.GARBLED_ANSWER, "401 without a challenge that is known here")
        if not self._address.username:
            return Reason(ReasonCode.WRONG_CREDENTIALS, "the camera wants a password and none is configured")
        wait = await self._refusals.turn(self._address)
        if wait:
            return Reason(ReasonCode.WRONG_CREDENTIALS, f"refused before; not tried again for {wait:.0f} s")
        try:
            return await self._with_password(connection, challenge)
        finally:
            self._refusals.not_told(self._address)  # no word where it has been told

    async def _with_password(self, connection: RtspConnection, challenge: Challenge) -> Answer | Reason:
        address = self._address
        login = Login(address.username, address.password, lambda: secrets.token_hex(8))
        found = await self._describe(connection, login, challenge)
        fresh = best(found.all("www-authenticate")) if found.status == _UNAUTHORIZED else None
        if fresh is not None and fresh.stale:  # the nonce was refused, not the password
            found = await self._describe(connection, login, fresh)
        if found.status in (_UNAUTHORIZED, _FORBIDDEN):
            self._refusals.refused(address)
            return Reason(ReasonCode.WRONG_CREDENTIALS, f"status {found.status}")
        self._refusals.accepted(address)
        return found

    async def _describe(self, connection: RtspConnection, login: Login, challenge: Challenge) -> Answer:
        url = self._address.url
        answered = login.answer(challenge, "DESCRIBE", url)
        return await connection.ask("DESCRIBE", url, "Accept: application/sdp", f"Authorization: {answered}")


def _judge(found: Answer) -> Reason | None:
    """What keeps the live picture from being shown, of a description that came without a password or with the right."""
    if found.status == _FORBIDDEN:
        return Reason(ReasonCode.WRONG_CREDENTIALS, "status 403")
    if found.status == _NOT_FOUND:
        return Reason(ReasonCode.UNSUPPORTED, "the camera has no stream at this address (404)")
    if found.status != 200:
        return Reason(ReasonCode.GARBLED_ANSWER, f"status {found.status} to DESCRIBE")
    return why_not_shown(describe(found.body))


def _facts(answer: Answer) -> list[Fact]:
    """The maker, where the Server header names one that is known; elsewhere that header says nothing of the camera."""
    server = answer.first("server").lower()
    return [Fact("vendor", vendor) for vendor in _VENDORS if vendor.lower() in server][:1]
