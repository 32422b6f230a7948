"""The web services of one device: each request to its operation, refused where nobody may ask."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from xml.etree.ElementTree import Element

from simulator.net.digest import Digest
from simulator.net.http import Request, Response
from simulator.onvif.box import Box
from simulator.onvif.device import device_service, unknown_operation
from simulator.onvif.events import Events
from simulator.onvif.media import media_service, snapshot_path
from simulator.onvif.recording import recording_service
from simulator.onvif.replay import replay_service
from simulator.onvif.search import Search
from simulator.onvif.security import Tokens
from simulator.onvif.soap import CONTENT_TYPE, Answered, Asked, Operation, Service, SoapFault, envelope, parse
from simulator.onvif.xml import Xml, joined, tag, text_of

LOG = logging.getLogger("ward-sim.onvif")
_SNAPSHOT = re.compile(re.escape(snapshot_path(0)[:-1]) + r"(\d{1,3})(?:\?.*)?", re.ASCII)


class OnvifServer:
    """Answers HTTP. Authentication by WS-UsernameToken or by HTTP digest, as the client likes (ONVIF Core, 5.9.1)."""

    def __init__(self, box: Box, monotonic: Callable[[], float]) -> None:
        self.box = box
        self._digest = Digest(box.gate)
        self._tokens = Tokens(box.gate, box.wall_us)
        self.services: Sequence[Service] = _services(box, monotonic, lambda: self.services)
        self._operations: dict[str, tuple[Service, Operation]] = {}
        for service in self.services:
            for name, operation in service.operations.items():
                full = name if ":" in name else f"{service.prefix}:{name}"
                self._operations[full] = service, operation

    @property
    def operations(self) -> list[str]:
        """What can be asked, by prefixed names."""
        return list(self._operations)

    async def answer(self, request: Request) -> Response:
        found = _SNAPSHOT.fullmatch(request.path)
        if found is not None:
            return await self._snapshot(request, int(found[1]))
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        try:
            return await self._soap(request)
        except SoapFault as fault:
            LOG.debug("%s: refused: %s", self.box.plate.id, fault.reason)
            return Response(fault.status, fault.envelope(), CONTENT_TYPE)

    async def _soap(self, request: Request) -> Response:
        asked = parse(request.body, request.path.partition("?")[0])
        service, operation = self._operations.get(asked.operation, (None, None))
        if service is None or operation is None:
            raise unknown_operation(asked)
        if asked.operation.partition(":")[2] not in service.open_to_all:
            refusal = self._refusal(request, asked)
            if refusal is not None:
                return refusal
        result = operation(asked)
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, Answered):
            return Response(body=envelope(result.body, _addressing(result, asked.header)), content_type=CONTENT_TYPE)
        assert isinstance(result, Xml)
        return Response(body=envelope(result), content_type=CONTENT_TYPE)

    def _refusal(self, request: Request, asked: Asked) -> Response | None:
        fault = SoapFault("sender not authorized", "ter:NotAuthorized")
        if Tokens.given(asked.header):
            if self._tokens.admits(asked.header):
                return None
            raise fault
        return None if self._digest.admits(request) else self._digest.challenge(fault.envelope(), CONTENT_TYPE)

    async def _snapshot(self, request: Request, number: int) -> Response:
        if not self._digest.admits(request):
            return self._digest.challenge()
        channel = self.box.channel(number)
        if channel is None:
            return Response(HTTPStatus.NOT_FOUND)
        if not channel.reachable():
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(body=await asyncio.to_thread(channel.snapshot), content_type="image/jpeg")


def _services(box: Box, monotonic: Callable[[], float], all_of_them: Callable[[], Sequence[Service]]) -> list[Service]:
    found = [device_service(box, all_of_them), media_service(box), Events(box, monotonic).service()]
    if box.book is not None:
        found += [recording_service(box, box.book), Search(box, box.book, monotonic).service(), replay_service(box)]
    return found


def _addressing(answered: Answered, header: Element | None) -> Xml:
    """WS-Addressing 1.0: which answer this is, and to which request."""
    parts = [tag("wsa:Action", answered.action)]
    asked = text_of(header, "wsa:MessageID")
    if asked:
        parts.append(tag("wsa:RelatesTo", asked))
    return joined(parts)
