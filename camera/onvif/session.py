"""One ONVIF device that is asked again and again (ONVIF Core Specification): its clock, its services, its logins.

Logins follow section 5.9 of the Core Specification: WS-Security's digest, dated by the device's own clock; HTTP digest
for a device that answers with its challenge and says nothing of WS-Security. A password that was refused once is not
tried again before `refusals` allows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from camera.device_address import DeviceAddress
from camera.faults import DeviceFault
from camera.http_client import CameraHttp, HttpRequest
from camera.onvif import faults, library
from camera.onvif.library import Caller, Service, SoapReply
from camera.refusals import Refusals
from camera.rtsp_login import Challenge, best
from telemetry.clock import Clock
from telemetry.readings import ReasonCode

if TYPE_CHECKING:
    from onvif.client import ONVIFService

_PATH = "/onvif/device_service"  # Core Specification, 5.1.1
_REBUILD_SECONDS = 1.0  # of drift: digests dated further off may be refused
_NONE: Mapping[str, Any] = {}


class OnvifSession:
    """Raises DeviceFault from every call. Not for several tasks at once; clients are built once and kept."""

    def __init__(self, address: DeviceAddress, timeout: float, clock: Clock, refusals: Refusals) -> None:
        """`timeout` in seconds, for each question."""
        self.address = address
        self.clock_offset_seconds: float | None = None  # the device's clock less ours; None where it tells no UTC
        self._clock = clock
        self._refusals = refusals
        self._http = CameraHttp(address, timeout, refusals)
        self._services: dict[str, str] = {}  # namespace → address, at our host
        self._made: dict[tuple[Service, str], ONVIFService] = {}
        self._dated = 0.0  # the clock's offset with which the clients were made
        self._challenge: Challenge | None = None  # of HTTP digest, where the device wants that
        self._sent: Challenge | None = None  # what the question under way answers of it
        self._answered: set[tuple[Service, str]] = set()
        self._forbidden: set[tuple[Service, str]] = set()
        self._building = asyncio.Lock()

    async def open(self) -> None:
        """Read the clock, and find the services, if that is not done yet."""
        await self.read_clock()
        if not self._services:
            self._services = await self._find_services()

    async def read_clock(self) -> None:
        """GetSystemDateAndTime, which should need no password (access class PRE_AUTH)."""
        before = self._clock.wall_us()
        told = await self._open_or_logged_in("GetSystemDateAndTime", _NONE)
        ours = (before + self._clock.wall_us()) / 2e6
        theirs = faults.reading(lambda: _utc(told))
        self.clock_offset_seconds = None if theirs is None else theirs + 0.5 - ours  # it tells whole seconds
        offset = self.clock_offset_seconds or 0.0
        if abs(offset - self._dated) > _REBUILD_SECONDS:
            self._dated = offset
            self._made.clear()

    def offers(self, service: Service) -> bool:
        """Whether the device named this service."""
        return library.namespace_of(service) in self._services

    async def call(
        self, service: Service, operation: str, arguments: Mapping[str, Any] = _NONE, *, at: str = ""
    ) -> Any:
        """What the device answers, as zeep reads it. `at`: an address that the device gave for it."""
        place = (service, operation)
        if place in self._forbidden:
            raise DeviceFault(ReasonCode.NO_PERMISSION, operation, answered=True)
        address = self.address
        if not address.username:
            return await self._ask(service, operation, arguments, login=False, at=at)
        wait = await self._refusals.turn(address)
        if wait:
            detail = f"refused before; not tried again for {wait:.0f} s"
            raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, detail, answered=True)
        is_right = bool(self._answered) and self._refusals.is_proven(address)
        try:
            answer = await self._ask(service, operation, arguments, login=True, at=at)
            self._refusals.accepted(address)
            self._answered.add(place)
            return answer
        except faults.NotAuthorizedError as error:
            if at and is_right:  # a subscription that is gone is no wrong password; what else is asked will tell
                raise DeviceFault(ReasonCode.NO_PERMISSION, operation, answered=True) from error
            if is_right and place not in self._answered:  # this user may not ask that
                self._forbidden.add(place)
                raise DeviceFault(ReasonCode.NO_PERMISSION, operation, answered=True) from error
            self._answered.clear()
            self._forbidden.clear()
            self._challenge = None
            self._refusals.refused(address)
            raise DeviceFault(ReasonCode.WRONG_CREDENTIALS, str(error), answered=True) from error
        finally:
            self._refusals.not_told(address)  # no word where it has been told

    async def fetch(self, url: str, most_bytes: int) -> bytes:
        """What stands at an address of the device's own (a snapshot), logged in if need be."""
        answer = await self._http.ask(HttpRequest(self.address.here(url), most_bytes=most_bytes))
        if answer.status != 200:
            raise DeviceFault(ReasonCode.ERROR_ANSWER, f"HTTP {answer.status}", answered=True)
        return answer.body

    async def close(self) -> None:
        self._made.clear()
        await self._http.close()

    # ---- one question --------------------------------------------------------------------------------------------

    async def _ask(
        self, service: Service, operation: str, arguments: Mapping[str, Any], *, login: bool, at: str = ""
    ) -> Any:
        client = await self._client(service, at)
        # As in CameraHttp: a nonce of before goes only to what was answered so, and while nobody refused the password.
        known = login and (service, operation) in self._answered and self._refusals.is_proven(self.address)
        before = self._sent = self._challenge if known else None
        # Digest stands in HTTP's header; a device that gets both may refuse the one that it does not know.
        name = operation if login and before is None else f"authless_{operation}"
        try:
            return await faults.told(lambda: getattr(client, name)(dict(arguments)))
        except faults.NotAuthorizedError as error:
            fresh = error.challenge
            if not login or fresh is None or (error.told and before is None):
                raise
            if before is not None and not fresh.stale:
                if fresh.nonce == before.nonce:
                    raise
                self._refusals.doubted(self.address)
                if await self._refusals.turn(self.address):
                    raise
            self._challenge = self._sent = fresh
            return await faults.told(lambda: getattr(client, f"authless_{operation}")(dict(arguments)))

    async def _client(self, service: Service, at: str) -> ONVIFService:
        url = self.address.here(at) if at else self._address_of(service)
        async with self._building:
            made = self._made.get((service, url))
            if made is None:
                caller = Caller(self.address.username, self.address.password, self._dated)
                made = await library.make_service(service, url, caller, self._post)
                if at:  # a new subscription makes the one before it worthless
                    self._made = {place: each for place, each in self._made.items() if place[0] is not service}
                self._made[service, url] = made
            return made

    def _address_of(self, service: Service) -> str:
        if service is Service.DEVICE:
            return self.address.url + _PATH
        url = self._services.get(library.namespace_of(service))
        if url is None:
            raise DeviceFault(ReasonCode.UNSUPPORTED, f"the device has no {service} service", answered=True)
        return url

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> SoapReply:
        request = HttpRequest(url, "POST", body, headers)
        answer = await self._http.exchange(request, self._sent)
        if answer.status in (401, 403):
            raise faults.NotAuthorizedError(
                f"status {answer.status}", best(answer.challenges), told=b"NotAuthorized" in answer.body
            )
        if answer.status == 404:
            raise DeviceFault(ReasonCode.UNSUPPORTED, "no ONVIF at this address (404)", answered=True)
        if b"Envelope" not in answer.body[:4096]:
            said = answer.headers.get("content-type", "")[:60] or "an answer"
            detail = f"{said} instead of SOAP (status {answer.status})"
            raise DeviceFault(ReasonCode.GARBLED_ANSWER, detail, answered=True)
        return SoapReply(answer.status, answer.headers, answer.body)

    # ---- the services --------------------------------------------------------------------------------------------

    async def _find_services(self) -> dict[str, str]:
        """GetServices, which also names Search and Replay; of old devices GetCapabilities."""
        try:
            told = await self._open_or_logged_in("GetServices", {"IncludeCapability": False})
            found = faults.reading(lambda: {str(each.Namespace): str(each.XAddr) for each in told}) or {}
        except DeviceFault as fault:
            if fault.reason.code not in (ReasonCode.UNSUPPORTED, ReasonCode.ERROR_ANSWER, ReasonCode.GARBLED_ANSWER):
                raise
            found = {}
        if not found:
            told = await self._open_or_logged_in("GetCapabilities", {"Category": ["All"]})
            found = faults.reading(lambda: _of_capabilities(told)) or {}
        here = {}
        for namespace, url in found.items():
            try:
                here[namespace] = self.address.here(url)
            except ValueError:
                continue  # a service without an address is none
        if not here:
            raise DeviceFault(ReasonCode.UNSUPPORTED, "the device names no services", answered=True)
        return here

    async def _open_or_logged_in(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        """What is for everybody (access class PRE_AUTH); some devices ask for a password all the same."""
        try:
            return await self._ask(Service.DEVICE, operation, arguments, login=False)
        except faults.NotAuthorizedError:
            return await self.call(Service.DEVICE, operation, arguments)


def _of_capabilities(told: Any) -> dict[str, str]:
    named = {Service.MEDIA: told.Media, Service.EVENTS: told.Events}
    extension = told.Extension
    if extension is not None:
        named |= {
            Service.RECORDING: extension.Recording,
            Service.SEARCH: extension.Search,
            Service.REPLAY: extension.Replay,
        }
    return {library.namespace_of(service): str(each.XAddr) for service, each in named.items() if each is not None}


def _utc(told: Any) -> float | None:
    """Unix seconds of a SystemDateTime; None where it tells no UTC (then its zone would have to be guessed)."""
    at = told.UTCDateTime
    if at is None or at.Date is None or at.Time is None:
        return None
    day, hour = at.Date, at.Time
    return datetime(day.Year, day.Month, day.Day, hour.Hour, hour.Minute, min(hour.Second, 59), tzinfo=UTC).timestamp()
