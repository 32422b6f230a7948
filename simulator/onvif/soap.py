"""SOAP 1.2 requests and answers, and ONVIF's faults (ONVIF Core, 5.11)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from xml.etree.ElementTree import Element, ParseError, fromstring

from simulator.onvif.xml import DECLARED, PREFIXES, Xml, short, tag, text_of

CONTENT_TYPE = "application/soap+xml; charset=utf-8"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


class SoapFault(Exception):
    """What is refused and why. `code`: "Sender" or "Receiver"; `subcodes`: from the wide to the narrow."""

    def __init__(
        self, reason: str, *subcodes: str, code: str = "Sender", status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(reason)
        self.reason, self.subcodes, self.code, self.status = reason, subcodes, code, status

    def envelope(self) -> bytes:
        inner: tuple[Xml, ...] = ()
        for name in reversed(self.subcodes):
            inner = (tag("env:Subcode", tag("env:Value", name), *inner),)
        code = tag("env:Code", tag("env:Value", f"env:{self.code}"), *inner)
        reason = Xml(f'<env:Reason><env:Text xml:lang="en">{tag("x", self.reason)[3:-4]}</env:Text></env:Reason>')
        return envelope(tag("env:Fault", code, reason))


class BadArgumentError(SoapFault):
    """A value in the request that names nothing here or cannot be."""

    def __init__(self, reason: str, *narrower: str) -> None:
        super().__init__(reason, "ter:InvalidArgVal", *narrower)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `operation`: prefixed, "tds:GetServices"; `body` that element; `path`: of the address posted to."""

    operation: str
    body: Element
    header: Element | None
    path: str

    def text(self, path: str, default: str = "") -> str:
        return text_of(self.body, path, default)

    def number(self, path: str, default: int) -> int:
        """Raises BadArgumentError."""
        try:
            return int(self.text(path) or default)
        except ValueError as error:
            raise BadArgumentError(f"{path} is no number") from error


@dataclass(frozen=True, slots=True)
class Answered:
    """The body of an answer, and what of WS-Addressing its header must say."""

    body: Xml
    action: str = ""


Operation = Callable[[Asked], "Xml | Answered | Awaitable[Xml | Answered]"]


@dataclass(frozen=True, slots=True)
class Service:
    """One web service of a device. `open_to_all`: operations that need no account (ONVIF Core, 5.9.4.3)."""

    prefix: str
    path: str
    version: tuple[int, int]
    operations: dict[str, Operation]
    capabilities: Callable[[], Xml]
    open_to_all: frozenset[str] = field(default_factory=frozenset)

    @property
    def namespace(self) -> str:
        return PREFIXES[self.prefix]


def parse(data: bytes, path: str) -> Asked:
    """Raises SoapFault for what is no SOAP 1.2 request."""
    try:
        root = fromstring(data)
    except ParseError as error:
        raise SoapFault(f"not XML: {error}", "ter:WellFormed") from error
    body = root.find("env:Body", PREFIXES)
    if short(root) != "env:Envelope" or body is None or len(body) != 1:
        raise SoapFault("no SOAP 1.2 envelope with one request", "ter:WellFormed")
    return Asked(short(body[0]), body[0], root.find("env:Header", PREFIXES), path)


def envelope(body: Xml, header: Xml | None = None) -> bytes:
    inside = "" if header is None else tag("env:Header", header)
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope {DECLARED}>{inside}'
    return f"{text}{tag('env:Body', body)}</env:Envelope>".encode()


def seconds_of(duration: str) -> float:
    """Of an xs:duration of days and less; at most ten minutes. Raises BadArgumentError."""
    found = _DURATION.fullmatch(duration)
    if found is None or duration in ("P", "PT"):
        raise BadArgumentError(f"{duration!r} is no duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return min(600.0, ((days * 24 + hours) * 60 + minutes) * 60 + seconds)
