"""WS-Discovery as ONVIF uses it (Core Specification, section 7): a multicast Probe, unicast ProbeMatches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from xml.parsers import expat

from edge_agent.discovery.asking import Asking

_LOG = logging.getLogger(__name__)
GROUP, PORT = "239.255.255.250", 3702
_WAIT = 1.5  # seconds after each probe; the specification lets a device wait up to 500 ms (APP_MAX_DELAY)
_PROBES = 2
_MOST_BYTES = 65_535
_MOST_DEPTH = 32
_SCOPE = "onvif://www.onvif.org/"
_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:{id}</w:MessageID>
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(slots=True)
class Match:
    """One ProbeMatch: type names without prefix, scopes, addresses of the device service."""

    types: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def scope(self, category: str) -> str:
        """The last part of onvif://www.onvif.org/<category>/…, decoded; "" where there is none."""
        prefix = f"{_SCOPE}{category}/".casefold()
        found = next((each for each in self.scopes if each.casefold().startswith(prefix)), "")
        return unquote(found[len(prefix) :].rpartition("/")[2])


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, str], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._heard(data, addr[0])


async def probe(asking: Asking) -> None:
    """Ask on each of this machine's interfaces in the searched networks."""
    await asyncio.gather(*(_probe_from(own, asking) for own in asking.own_addresses()))


async def _probe_from(own: str, asking: Asking) -> None:
    loop = asyncio.get_running_loop()
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        link.bind((own, 0))
        link.setblocking(False)
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Answers(lambda data, sender: hear(asking, data, sender)), sock=link
        )
    except OSError as error:
        link.close()
        _LOG.info("no WS-Discovery from %s: %s", own, error)
        return
    try:
        for _ in range(_PROBES):
            await asking.pace.packet()
            with contextlib.suppress(OSError):
                question = _PROBE.format(id=uuid.uuid4()).encode()
                transport.sendto(question, (GROUP, PORT))
            await asyncio.sleep(_WAIT)
    finally:
        transport.close()


def hear(asking: Asking, data: bytes, sender: str) -> None:
    """Write down one answer, under the address it came from: what it says of other addresses is not believed."""
    for match in parse(data):
        host = asking.host(sender)
        if host is None:
            return
        video = any("networkvideo" in each.casefold() for each in match.types)
        if not video and not any(each.startswith(_SCOPE) for each in match.scopes):
            continue  # a printer or a Windows computer: other ways know them better
        host.add("onvif", "answers", _port_of(match.addresses))
        for kind in match.types:
            host.add("onvif", kind)
        for scope in match.scopes[:40]:
            host.add("onvif-scope", unquote(scope.removeprefix(_SCOPE)))
        host.describe(model=match.scope("hardware"), name=match.scope("name"))
        host.add("text", match.scope("name"))


def _port_of(addresses: list[str]) -> str:
    for address in addresses:
        try:
            return str(urlsplit(address).port or (443 if address.startswith("https") else 80))
        except ValueError:
            continue
    return "80"


def parse(data: bytes) -> list[Match]:
    """The ProbeMatches of one datagram; [] for anything that is none, is not XML, or has a document type."""
    if len(data) > _MOST_BYTES:
        return []
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except (expat.ExpatError, _Refused, ValueError, LookupError):
        return reader.matches if reader.matches and reader.whole else []
    return reader.matches


class _Refused(Exception):
    """XML that no device sends: a document type (entities, bombs), or nested without end."""


class _Reader:
    """Streams the few elements that matter; entities are never defined, so none can expand."""

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.whole = False
        self._path: list[str] = []
        self._text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, _: object) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > _MOST_DEPTH:
            raise _Refused
        self._text.clear()
        if self._path[-1] == "ProbeMatch" and len(self.matches) < 16:
            self.matches.append(Match())

    def _characters(self, text: str) -> None:
        self._text.append(text)

    def _end(self, _: str) -> None:
        name = self._path.pop()
        if "ProbeMatch" in self._path and self.matches:
            words = "".join(self._text).split()
            match = self.matches[-1]
            if name == "Types":
                match.types += [word.rpartition(":")[2] for word in words]
            elif name == "Scopes":
                match.scopes += words
            elif name == "XAddrs":
                match.addresses += words
        self._text.clear()
        self.whole = not self._path
