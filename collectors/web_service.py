"""A service that is asked over HTTP: the city's shared applications, a kiosk's or a router's own page.

Whether it answers as expected, how soon, with which status, and for how many days its certificate is still good.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from collectors.config import HttpDevice
from collectors.protocols.http import Answer, HttpFault, Request, Trust, ask, certificate_of
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

_LOG = logging.getLogger(__name__)
_DAY = 86400.0
_CERTIFICATE = frozenset({ReasonCode.CERTIFICATE_EXPIRED, ReasonCode.CERTIFICATE_UNTRUSTED})


class HttpCollector:
    """service_up, http_status, response_seconds, certificate_days_left.

    A new connection each time, as somebody who opens the page makes one: response_seconds is from looking up the name
    to the end of the answer (at most 64 kB of it), redirects included.
    """

    has_vital = False

    def __init__(self, device: HttpDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._trust = Trust(ca_file=device.ca_file)

    async def poll(self) -> PollResult:
        started = self._clock.monotonic()
        request = Request(self._device.url, follow=not self._device.expects_redirect())
        try:
            answer = await ask(request, self._trust, self._device.timeout)
        except HttpFault as fault:
            _LOG.info("%s (%s): %s", self._device.id, self._device.address(), fault)
            return await self._failed(fault)
        return self._judged(answer, self._clock.monotonic() - started)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""

    def _judged(self, answer: Answer, seconds: float) -> PollResult:
        reason = self._wrong(answer)
        readings = [
            Reading("service_up", float(reason is None)),
            Reading("response_seconds", seconds),
            Reading("http_status", float(answer.status)),
        ]
        if answer.not_after is not None:
            readings.append(Reading("certificate_days_left", self._days_left(answer.not_after)))
        server = answer.headers.get("server", "")[:80]
        return PollResult(True, readings, [Fact("firmware", server)] if server else [], reason)

    def _wrong(self, answer: Answer) -> Reason | None:
        if not self._device.expects(answer.status):
            return Reason(ReasonCode.ERROR_ANSWER, f"HTTP {answer.status}")
        wanted = self._device.expect_text
        if wanted and wanted not in answer.body.decode("utf-8", "replace"):
            rest = "" if answer.whole else f" in the first {len(answer.body)} bytes"
            return Reason(ReasonCode.UNEXPECTED_ANSWER, f"the expected text is missing{rest}")
        return None

    async def _failed(self, fault: HttpFault) -> PollResult:
        readings = [Reading("service_up", 0.0)]
        if fault.code in _CERTIFICATE:
            days = await self._days_of_refused()
            if days is not None:
                readings.append(Reading("certificate_days_left", days))
        return PollResult(fault.answered, readings, reason=Reason(fault.code, fault.detail))

    async def _days_of_refused(self) -> float | None:
        """Of a certificate that is not believed; of the configured address, where no redirect has led away."""
        from cryptography import x509  # heavy, and seldom needed

        where = urlsplit(self._device.url)
        if where.scheme != "https" or where.hostname is None:
            return None
        shown = await certificate_of(where.hostname, where.port or 443, self._device.timeout)
        if shown is None:
            return None
        try:
            return self._days_left(x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp())
        except ValueError:
            return None

    def _days_left(self, not_after: float) -> float:
        return (not_after - self._clock.wall_us() / 1e6) / _DAY
