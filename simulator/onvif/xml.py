"""XML written by hand and read by ElementTree, with the prefixes that ONVIF's documents use."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

PREFIXES = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wstop": "http://docs.oasis-open.org/wsn/t-1",
    "ter": "http://www.onvif.org/ver10/error",
    "tns1": "http://www.onvif.org/ver10/topics",
    "tt": "http://www.onvif.org/ver10/schema",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "trc": "http://www.onvif.org/ver10/recording/wsdl",
    "tse": "http://www.onvif.org/ver10/search/wsdl",
    "trp": "http://www.onvif.org/ver10/replay/wsdl",
    "timg": "http://www.onvif.org/ver20/imaging/wsdl",
}
_PREFIX_OF = {namespace: prefix for prefix, namespace in PREFIXES.items()}
DECLARED = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in PREFIXES.items())


class Xml(str):
    """Text that is XML already; any other text is escaped."""

    __slots__ = ()


def tag(name: str, *inside: str | int | float, **attributes: str | int) -> Xml:
    """An element. `inside`: elements as they are, other values as text."""
    told = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    body = "".join(part if isinstance(part, Xml) else escape(_text(part)) for part in inside)
    return Xml(f"<{name}{told}>{body}</{name}>" if body else f"<{name}{told}/>")


def joined(parts: list[Xml]) -> Xml:
    return Xml("".join(parts))


def _text(value: str | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def short(element: Element) -> str:
    """An element's name with our prefix, or without one where the namespace is a stranger."""
    namespace, _, local = element.tag.rpartition("}")
    prefix = _PREFIX_OF.get(namespace[1:])
    return f"{prefix}:{local}" if prefix else local


def text_of(element: Element | None, path: str, default: str = "") -> str:
    """The text at a path of prefixed names."""
    found = element.find(path, PREFIXES) if element is not None else None
    return default if found is None or found.text is None else found.text.strip()


def date_time(wall_us: int) -> str:
    """xs:dateTime in UTC, to the millisecond."""
    return datetime.fromtimestamp(wall_us // 1000 / 1e3, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_us_of(text: str) -> int:
    """From xs:dateTime; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)
