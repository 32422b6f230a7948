"""Printers over IPP (RFC 8010, 8011): one Get-Printer-Attributes, by pyipp, which is loaded with the first poll."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collectors import ipp_attributes
from collectors.config import IppDevice
from collectors.protocols.http import Answer, HttpFault, Request, Trust, ask
from collectors.protocols.ipp_message import MessageError, tidied
from telemetry.clock import Clock
from telemetry.readings import PollResult, Reason, ReasonCode, unreachable

if TYPE_CHECKING:
    from pyipp import IPP

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 256 * 1024  # some printers tell everything, whatever is asked for
_VERSIONS = ((2, 0), (1, 1))
_REFUSED = frozenset({401, 403})


class IppCollector:
    """Supplies, trays, pages, state and what is wrong, in the metrics of a printer over SNMP (collectors.printer)."""

    has_vital = False

    def __init__(self, device: IppDevice, clock: Clock) -> None:
        self._device = device
        self._version = _VERSIONS[0]
        self._tls = device.tls

    async def poll(self) -> PollResult:
        from pyipp import IPPConnectionUpgradeRequired, IPPError, IPPVersionNotSupportedError

        try:
            try:
                return _read(await self._attributes())
            except IPPVersionNotSupportedError:
                self._version = _VERSIONS[1]
            except IPPConnectionUpgradeRequired:
                self._tls = True  # RFC 8010 section 8.2: it speaks with those only who encrypt
            return _read(await self._attributes())
        except HttpFault as fault:
            _LOG.info("%s (%s): %s", self._device.id, self._device.address(), fault)
            return PollResult(fault.answered, reason=Reason(fault.code, fault.detail))
        except IPPError as error:
            _LOG.info("%s (%s): %r", self._device.id, self._device.address(), error)
            return PollResult(True, reason=_reason(error))
        except Exception as error:  # noqa: BLE001 - a collector never raises out; the log has the trace
            _LOG.exception("%s: a defect of ours", self._device.id)
            return unreachable(ReasonCode.AGENT_FAULT, type(error).__name__)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""

    async def _attributes(self) -> Mapping[str, object]:
        from pyipp.enums import IppOperation

        asked = {"operation-attributes-tag": {"requested-attributes": list(ipp_attributes.WANTED)}}
        answer = await self._client().execute(IppOperation.GET_PRINTER_ATTRIBUTES, asked)
        printers: list[Mapping[str, object]] = answer["printers"]
        return printers[0] if printers else {}

    def _client(self) -> IPP:
        from pyipp import IPP

        device = self._device
        return IPP(
            host=device.host,
            port=device.port,
            base_path=device.path,
            tls=self._tls,
            ipp_version=self._version,
            request_timeout=int(device.timeout) + 1,  # the session has its own bound
            session=_Session(device.timeout),  # type: ignore[arg-type]  # what the library uses of one
        )


def _read(told: Mapping[str, object]) -> PollResult:
    readings, facts = ipp_attributes.readings(told), ipp_attributes.facts(told)
    reason = None if readings else Reason(ReasonCode.UNSUPPORTED, "no attribute of a printer")
    return PollResult(True, readings, facts, reason)


def _reason(error: Exception) -> Reason:
    """The library's errors: an HTTP status, an IPP status, or bytes that are none of both."""
    from pyipp import IPPParseError

    told: Any = error.args[-1] if error.args and isinstance(error.args[-1], dict) else {}
    status = told.get("status-code")
    if isinstance(error, IPPParseError):
        return Reason(ReasonCode.GARBLED_ANSWER, repr(error.__cause__ or error))
    if status in _REFUSED:
        return Reason(ReasonCode.WRONG_CREDENTIALS, f"HTTP {status}")
    if isinstance(status, int) and status < 1000 and "content-type" in told:
        return Reason(ReasonCode.ERROR_ANSWER, f"HTTP {status}; is the path right?")
    if isinstance(status, int):
        return Reason(ReasonCode.ERROR_ANSWER, f"IPP status {status:#06x}")  # RFC 8011 appendix B
    return Reason(ReasonCode.ERROR_ANSWER, str(error) or type(error).__name__)


@dataclass(frozen=True, slots=True)
class _Session:
    """What pyipp uses of an aiohttp session, with our bounds: it would read an answer of any size."""

    timeout: float

    async def request(self, method: str, url: object, *, data: bytes, headers: Mapping[str, str], **_: Any) -> _Reply:
        """Raises HttpFault, which the library lets through."""
        asked = Request(str(url), method, headers, data, within=True, most_bytes=_MOST_BYTES)
        answer = await ask(asked, Trust(verified=False), self.timeout)
        if not answer.whole:
            raise HttpFault(ReasonCode.GARBLED_ANSWER, f"more than {_MOST_BYTES} bytes", answered=True)
        return _Reply(answer)


@dataclass(frozen=True, slots=True)
class _Reply:
    """What pyipp uses of an aiohttp answer."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.title(): value for name, value in self.answer.headers.items()}

    async def read(self) -> bytes:
        if self.answer.status >= 400:  # the library decodes it as UTF-8, which it need not be
            return b""
        try:
            return tidied(self.answer.body, ipp_attributes.WANTED)
        except MessageError as error:
            raise HttpFault(ReasonCode.GARBLED_ANSWER, f"IPP: {error}", answered=True) from error

    def close(self) -> None:
        """It is read."""
