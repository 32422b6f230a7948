"""A printer by IPP (RFC 8011): it tells what it is and how it fares; it takes no jobs."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from simulator.model.printer import Printer
from simulator.net.http import Request, Response, talk
from simulator.net.stream_door import StreamDoor
from simulator.services import ipp_attributes as ipp
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

PATH = "/ipp/print"


class IppService:
    """One printer at ipp://127.0.0.1:port/ipp/print."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        assert isinstance(outlet.machine, Printer)
        self._printer, self._ward = outlet.machine, premises.ward
        self._door = StreamDoor(talk(self._answer, f"{self._printer.plate.vendor} IPP/2.0"))

    async def open(self, port: int) -> int:
        return self._door.open(port)

    def show(self) -> None:
        self._door.set_reachable(self._ward.reachable(self._printer.id))

    async def close(self) -> None:
        self._door.close()

    def settings(self, beside: Path) -> list[Setting]:
        return [("host", LOOPBACK), ("port", self._door.port), ("path", PATH)]

    async def _answer(self, request: Request) -> Response:
        if request.path != PATH:
            return Response(HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        try:
            asked = ipp.read(request.body)
        except (ValueError, IndexError):
            return Response(HTTPStatus.BAD_REQUEST)
        return Response(body=self._said(asked), content_type="application/ipp")

    def _said(self, asked: ipp.Asked) -> bytes:
        if asked.version[0] not in (1, 2):
            return ipp.answer(asked, ipp.VERSION_NOT_SUPPORTED)
        if asked.operation == ipp.GET_JOBS:
            return ipp.answer(asked, ipp.OK)
        if asked.operation != ipp.GET_PRINTER_ATTRIBUTES:
            return ipp.answer(asked, ipp.NOT_SUPPORTED)
        uri = f"ipp://{LOOPBACK}:{self._door.port}{PATH}"
        return ipp.answer(asked, ipp.OK, ipp.attributes_of(self._printer, uri))
