"""Hosts for a ward network, one a process: `python hosts.py onvif ADDRESS`, `… listen LOG`, `… printer ADDRESS`."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from pathlib import Path

# Written to the ONVIF Core Specification, section 7.3.2.2 and WS-Discovery 1.0, section 5.3.
MATCH = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">
<SOAP-ENV:Header><wsa:MessageID>urn:uuid:0a6dc791-2be6-4991-9af1-454778a1917a</wsa:MessageID>
<wsa:RelatesTo>{relates_to}</wsa:RelatesTo>
<wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>
<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action></SOAP-ENV:Header>
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
<wsa:EndpointReference><wsa:Address>urn:uuid:5f5a69c2-e0ae-504f-829b-00fcdeadbeef</wsa:Address></wsa:EndpointReference>
<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming
 onvif://www.onvif.org/hardware/DS-2CD2143G2-I onvif://www.onvif.org/name/C%E1%BB%95ng%20ch%C3%ADnh
 onvif://www.onvif.org/location/</d:Scopes>
<d:XAddrs>http://{address}/onvif/device_service</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion>
</d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"""


def onvif(address: str) -> None:
    """Answers every Probe for a NetworkVideoTransmitter."""
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    link.bind(("", 3702))
    group = socket.inet_aton("239.255.255.250") + socket.inet_aton(address)
    link.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    while True:
        data, sender = link.recvfrom(65535)
        asked = re.search(rb"MessageID>([^<]+)<", data)
        if asked and b"NetworkVideoTransmitter" in data:
            link.sendto(MATCH.format(relates_to=asked.group(1).decode(), address=address).encode(), sender)


def listen(log: str) -> None:
    """Accepts what comes on telling ports, TCP and UDP, answers nothing but one line, and writes everything down."""
    out = Path(log).open("a", encoding="utf-8")  # noqa: SIM115 - open as long as the process lives

    def note(way: str, data: bytes) -> None:
        out.write(f"{way} {data!r}\n")
        out.flush()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            note("udp", data)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        note(f"tcp {port}", b"")
        while data := await reader.read(4096):
            note(f"tcp {port}", data)
            writer.write(b'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm="x"\r\n\r\n')
        writer.close()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for port in (22, 80, 443, 445, 502, 554, 631, 1883, 3389, 3493, 8000, 8080, 9100, 37777):
            await asyncio.start_server(connected, "0.0.0.0", port)
        for port in (161, 3702):
            await loop.create_datagram_endpoint(Datagrams, local_addr=("0.0.0.0", port))
        note("ready", b"")
        await asyncio.Event().wait()

    asyncio.run(serve())


def printer(address: str) -> None:
    """Announces an IPP printer and an eSCL scanner by DNS-SD, as python-zeroconf does it."""
    from zeroconf import ServiceInfo, Zeroconf

    link = Zeroconf(interfaces=[address])
    told = {"rp": "ipp/print", "ty": 'HP "LaserJet" M428', "usb_MFG": "HP", "usb_MDL": "LaserJet M428", "rs": "eSCL"}
    for kind, port in (("_ipp._tcp.local.", 631), ("_uscan._tcp.local.", 80)):
        name = f'Máy in "quầy 1"\\.{kind}'
        link.register_service(
            ServiceInfo(kind, name, port, addresses=[socket.inet_aton(address)], properties=told, server="hp.local.")
        )
    asyncio.run(asyncio.Event().wait())  # type: ignore[arg-type]


if __name__ == "__main__":
    {"onvif": onvif, "listen": listen, "printer": printer}[sys.argv[1]](sys.argv[2])
