"""Scanners over Mopria eSCL ("AirScan"): ScannerStatus with each poll, ScannerCapabilities hourly for the facts.

Names of elements are those of the Mopria eSCL specification 2.x; their namespaces differ among vendors and are not
looked at. eSCL has no count of all pages ever scanned: `scans_total` counts those of the jobs seen since the start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from collectors.config import EsclDevice
from collectors.identity import vendor_in
from collectors.protocols.http import HttpFault, Request, Trust, ask
from telemetry import markup
from telemetry.clock import Clock
from telemetry.readings import Fact, PollResult, Reading, Reason, ReasonCode

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 512 * 1024  # capabilities of office machines are long
_FACTS_AGAIN = 3600.0  # seconds
_IDLE, _BUSY, _STOPPED = 0.0, 1.0, 2.0
_STATES = {"Idle": _IDLE, "Processing": _BUSY, "Testing": _BUSY, "Stopped": _STOPPED, "Down": _STOPPED}
# AdfState: what somebody must put right at the feeder. A sheet that did not come, or two at once, ends a scan as a jam
# does and is mended the same way.
_JAMMED = frozenset({"ScannerAdfJam", "ScannerAdfMispick", "ScannerAdfMultipickDetected"})
_OPEN = frozenset({"ScannerAdfHatchOpen", "ScannerAdfCoverOpen"})
_REFUSED = frozenset({401, 403})
_MOST_PAGES = 100_000  # of one job; more is no count
_MOST_JOBS = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """One scan in the scanner's list, current or past. `name` is its UUID, else its address."""

    name: str
    pages: int


@dataclass(frozen=True, slots=True)
class Status:
    """A ScannerStatus; None where it says nothing, or nothing that is known."""

    state: float | None
    adf: str | None
    jobs: tuple[Job, ...]


def status_of(document: bytes) -> Status:
    """Raises markup.MarkupError for what is no ScannerStatus."""
    root = _root(document, "ScannerStatus")
    own = {child.tag: (child.text or "").strip() for child in root}  # a job has a state of its own
    return Status(_STATES.get(own.get("State", "")), own.get("AdfState") or None, tuple(_jobs(root)))


def facts_of(document: bytes) -> list[Fact]:
    """vendor, model, serial of a ScannerCapabilities. Raises markup.MarkupError for what is none."""
    root = _root(document, "ScannerCapabilities")
    model = markup.text(root, "MakeAndModel")
    maker = markup.text(root, "Manufacturer")
    found = {
        "vendor": vendor_in(maker) or vendor_in(model) or maker or model.partition(" ")[0],
        "model": model,
        "serial": markup.text(root, "SerialNumber"),
    }
    return [Fact(name, text) for name, text in found.items() if text]


class EsclCollector:
    """scanner_state, and where it has a feeder scanner_jammed and scanner_door_open; scans_total."""

    has_vital = False

    def __init__(self, device: EsclDevice, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._base = _base(device)
        self._facts: list[Fact] = []
        self._facts_at: float | None = None
        self._pages = PageCount()

    async def poll(self) -> PollResult:
        try:
            status = status_of(await self._get("ScannerStatus"))
        except HttpFault as fault:
            _LOG.info("%s (%s): %s", self._device.id, self._device.address(), fault)
            return PollResult(fault.answered, reason=Reason(fault.code, fault.detail))
        except markup.MarkupError as error:
            return PollResult(True, reason=Reason(ReasonCode.GARBLED_ANSWER, f"ScannerStatus: {error}"))
        reason = await self._look_up()
        readings = [*_readings(status), Reading("scans_total", float(self._pages.after(status.jobs)))]
        if status.state is None:
            reason = Reason(ReasonCode.PARTIAL_ANSWER, "ScannerStatus tells no state")
        return PollResult(True, readings, self._facts, reason)

    async def poll_vital(self) -> PollResult:
        return await self.poll()

    async def close(self) -> None:
        """Nothing is held between polls."""

    async def _look_up(self) -> Reason | None:
        """The facts, once an hour; why not, where they do not come."""
        now = self._clock.monotonic()
        if self._facts_at is not None and now - self._facts_at < _FACTS_AGAIN:
            return None
        try:
            self._facts, self._facts_at = facts_of(await self._get("ScannerCapabilities")), now
        except HttpFault as fault:
            return Reason(ReasonCode.PARTIAL_ANSWER, f"ScannerCapabilities: {fault.detail}")
        except markup.MarkupError as error:
            return Reason(ReasonCode.PARTIAL_ANSWER, f"ScannerCapabilities: {error}")
        return None

    async def _get(self, what: str) -> bytes:
        request = Request(f"{self._base}/{what}", within=True, most_bytes=_MOST_BYTES)
        answer = await ask(request, Trust(verified=False), self._device.timeout)
        if answer.status in _REFUSED:
            raise HttpFault(ReasonCode.WRONG_CREDENTIALS, f"HTTP {answer.status}", answered=True)
        if answer.status != 200:
            raise HttpFault(ReasonCode.ERROR_ANSWER, f"HTTP {answer.status} for {what}", answered=True)
        return answer.body


class PageCount:
    """Pages of the jobs that a scanner lists, each page once. What it lists at first was scanned before."""

    def __init__(self) -> None:
        self._by_job: dict[str, int] | None = None
        self._total = 0

    def after(self, jobs: tuple[Job, ...]) -> int:
        """The count with this list; a job's pages grow while it runs, and the job is forgotten with the list."""
        before = self._by_job
        if before is not None:
            self._total += sum(max(0, job.pages - before.get(job.name, 0)) for job in jobs)
        self._by_job = {job.name: max(job.pages, (before or {}).get(job.name, 0)) for job in jobs}
        return self._total


def _readings(status: Status) -> Iterator[Reading]:
    if status.state is not None:
        yield Reading("scanner_state", status.state)
    if status.adf is not None:
        yield Reading("scanner_jammed", float(status.adf in _JAMMED))
        yield Reading("scanner_door_open", float(status.adf in _OPEN))


def _jobs(root: Element) -> Iterator[Job]:
    found: dict[str, Job] = {}
    for info in root.iter("JobInfo"):
        name = markup.text(info, "JobUuid") or markup.text(info, "JobUri")
        pages = markup.text(info, "ImagesCompleted")
        if name and pages.isascii() and pages.isdigit() and len(pages) < 9 and int(pages) <= _MOST_PAGES:
            found.setdefault(name, Job(name, int(pages)))
        if len(found) >= _MOST_JOBS:
            break
    yield from found.values()


def _root(document: bytes, name: str) -> Element:
    root = markup.parse(document)
    if root.tag != name:
        raise markup.MarkupError(f"not {name} but {root.tag[:40]}")
    return root


def _base(device: EsclDevice) -> str:
    host = f"[{device.host}]" if ":" in device.host else device.host
    port = "" if device.port is None else f":{device.port}"
    return f"{'https' if device.tls else 'http'}://{host}{port}{device.path.rstrip('/')}"
