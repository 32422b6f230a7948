"""WS-Discovery (OASIS, 2005/04 as ONVIF Core 7.3 wants it): says who is there when somebody probes by multicast.

Only on the loopback. A ward answers when it was told to: on a machine of other people's it would only confuse.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import uuid
from collections.abc import Callable, Sequence
from xml.etree.ElementTree import ParseError, fromstring

from simulator.onvif.box import Box
from simulator.onvif.device import scopes
from simulator.onvif.xml import Xml, tag

LOG = logging.getLogger("ward-sim.discovery")
GROUP, PORT = "239.255.255.250", 3702
_MOST_BYTES = 8192
_NAMES = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "wsd": "http://schemas.xmlsoap.org/ws/2005/04/discovery",
    "dn": "http://www.onvif.org/ver10/network/wsdl",
}
_TYPES = {f"{{{_NAMES['dn']}}}NetworkVideoTransmitter", "{http://www.onvif.org/ver10/device/wsdl}Device"}
_ANONYMOUS = f"{_NAMES['wsa']}/role/anonymous"


class Discovery(asyncio.DatagramProtocol):
    """`boxes`: who can be reached at this moment."""

    def __init__(self, boxes: Callable[[], Sequence[Box]]) -> None:
        self._boxes = boxes
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Raises OSError where the loopback has no multicast."""
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((GROUP, PORT))
            member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=listening)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = _probe(data) if len(data) <= _MOST_BYTES else None
        if asked is None or self._transport is None:
            return
        for box in self._boxes():
            self._transport.sendto(_match(box, asked), addr)


def _probe(data: bytes) -> str | None:
    """Its message ID, when it is a probe for what we are."""
    try:
        root = fromstring(data)
    except ParseError:
        return None
    probe = root.find("env:Body/wsd:Probe", _NAMES)
    told = root.findtext("env:Header/wsa:MessageID", "", _NAMES).strip()
    if probe is None or not told:
        return None
    wanted = probe.findtext("wsd:Types", "", _NAMES).split()
    ours = {name.rpartition("}")[2] for name in _TYPES}
    return told if not wanted or any(one.rpartition(":")[2] in ours for one in wanted) else None


def _match(box: Box, asked: str) -> bytes:
    header = tag(
        "env:Header",
        tag("wsa:MessageID", f"urn:uuid:{uuid.uuid4()}"),
        tag("wsa:RelatesTo", asked),
        tag("wsa:To", _ANONYMOUS),
        tag("wsa:Action", f"{_NAMES['wsd']}/ProbeMatches"),
    )
    endpoint = uuid.uuid5(uuid.NAMESPACE_URL, f"ward-sim/{box.plate.serial}")
    match = tag(
        "wsd:ProbeMatch",
        tag("wsa:EndpointReference", tag("wsa:Address", f"urn:uuid:{endpoint}")),
        tag("wsd:Types", "dn:NetworkVideoTransmitter"),
        tag("wsd:Scopes", " ".join(scopes(box))),
        tag("wsd:XAddrs", f"{box.base}/onvif/device_service"),
        tag("wsd:MetadataVersion", 1),
    )
    declared = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMES.items())
    body = tag("env:Body", tag("wsd:ProbeMatches", match))
    return Xml(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope {declared}>{header}{body}</env:Envelope>'
    ).encode()
