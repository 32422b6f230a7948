"""What ONVIF says an answer must be: the WSDLs and schemas that onvif-zeep-async ships, read by lxml, not by us."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import onvif
from lxml import etree

from simulator.onvif.xml import DECLARED, PREFIXES

WSDL = Path(onvif.__file__).parent / "wsdl"
_FILES = ("devicemgmt", "media", "events", "recording", "search", "replay", "imaging")
_XS = "{http://www.w3.org/2001/XMLSchema}"


@cache
def schema() -> etree.XMLSchema:
    """One schema of all the services' messages, and of the SOAP envelope's."""
    imports = {}
    for name in _FILES:
        document = etree.parse(WSDL / f"{name}.wsdl")
        for part in document.iter(f"{_XS}schema"):
            namespace = part.get("targetNamespace")
            # A schema inside a WSDL has no file of its own: lxml takes it from beside the others.
            whole = etree.Element(part.tag, attrib=part.attrib, nsmap=part.nsmap)
            whole.extend(part)
            imports[namespace] = etree.tostring(whole)
    imports["http://docs.oasis-open.org/wsn/b-2"] = (WSDL / "b-2.xsd").read_bytes()
    imports["http://www.w3.org/2005/08/addressing"] = (WSDL / "ws-addr.xsd").read_bytes()
    resolver, parser = _Beside(imports), etree.XMLParser()
    parser.resolvers.add(resolver)
    lines = "".join(f'<import namespace="{name}" schemaLocation="mem:{name}"/>' for name in imports)
    umbrella = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{lines}</schema>'
    return etree.XMLSchema(etree.fromstring(umbrella, parser, base_url=f"{WSDL}/umbrella.xsd"))


class _Beside(etree.Resolver):
    """Schemas inside WSDLs, with what they import found beside the WSDLs."""

    def __init__(self, texts: dict[str, bytes]) -> None:
        super().__init__()
        self._texts = texts

    def resolve(self, system_url: str, public_id: str | None, context: object) -> object:
        if system_url.startswith("mem:"):
            return self.resolve_string(self._texts[system_url[4:]], context, base_url=f"{WSDL}/{len(system_url)}.wsdl")
        return None


@dataclass
class Soap:
    """Asks one device, and holds each answer against the schema. `seen`: operations that were answered."""

    port: int
    username: str
    password: str
    seen: set[str] = field(default_factory=set)
    clock_off: timedelta = timedelta()

    def header(self, nonce: bytes | None = None, password: str | None = None) -> str:
        nonce = nonce or os.urandom(16)
        created = (datetime.now(UTC) + self.clock_off).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        secret = self.password if password is None else password
        digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + secret.encode()).digest()).decode()
        kind = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
        token = f'<wsse:Username>{self.username}</wsse:Username><wsse:Password Type="{kind}">{digest}</wsse:Password>'
        token += f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce><wsu:Created>{created}</wsu:Created>"
        return f"<wsse:Security><wsse:UsernameToken>{token}</wsse:UsernameToken></wsse:Security>"

    async def raw(
        self, body: str, path: str = "/onvif/device_service", header: str | None = None, auth: httpx.Auth | None = None
    ) -> httpx.Response:
        header = self.header() if header is None else header
        text = f"<env:Envelope {DECLARED}><env:Header>{header}</env:Header><env:Body>{body}</env:Body></env:Envelope>"
        async with httpx.AsyncClient(auth=auth, timeout=10.0) as client:
            return await client.post(
                f"http://127.0.0.1:{self.port}{path}",
                content=text.encode(),
                headers={"Content-Type": "application/soap+xml"},
            )

    async def ask(self, body: str, path: str = "/onvif/device_service") -> etree._Element:
        """The body of the answer, valid by the schema. `body`: "<tds:GetScopes/>"."""
        asked = etree.fromstring(f"<x {DECLARED}>{body}</x>".encode())[0]
        schema().assertValid(_alone(asked))
        response = await self.raw(body, path)
        assert response.status_code == 200, response.text
        answered = etree.fromstring(response.content).find("env:Body", PREFIXES)
        assert answered is not None
        assert answered[0].tag == f"{asked.tag}Response"
        schema().assertValid(_alone(answered[0]))
        self.seen.add(f"{asked.prefix}:{etree.QName(asked).localname}")
        return answered[0]


def stream_uri(token: str) -> str:
    """The question where a profile is watched."""
    setup = "<tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>"
    profile = f"<trt:ProfileToken>{token}</trt:ProfileToken>"
    return f"<trt:GetStreamUri><trt:StreamSetup>{setup}</trt:StreamSetup>{profile}</trt:GetStreamUri>"


def _alone(element: etree._Element) -> etree._Element:
    return etree.fromstring(etree.tostring(element))


def text(element: etree._Element, path: str) -> str:
    found = element.findtext(path, namespaces=PREFIXES)
    assert found is not None, f"no {path} in {etree.tostring(element)!r}"
    return str(found)


def texts(element: etree._Element, path: str) -> list[str]:
    return [str(one.text) for one in element.findall(path, PREFIXES)]
