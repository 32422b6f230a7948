"""Something that is asked by HTTP: one of the city's shared applications, or the page of a machine in the hall."""

from __future__ import annotations

import asyncio
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.model.city import CityService
from simulator.net.http import Request, Response, talk
from simulator.net.stream_door import StreamDoor
from simulator.services.base import LOOPBACK, Outlet, Premises, Setting

if TYPE_CHECKING:
    from simulator.certificates import Authority

_USUAL_DAYS, _EXPIRING_DAYS = 240.0, 6.5


class CityAuthority:
    """The authority behind the city's certificates, made by the first application that needs one."""

    def __init__(self, premises: Premises) -> None:
        from simulator.certificates import Authority, utc  # a ward without such applications does without cryptography

        self.authority: Authority = Authority(premises.secrets, lambda: utc(premises.clock.wall_us()))

    async def close(self) -> None:
        """Its files stay: they are the same over a restart."""


class WebService:
    """One page at http(s)://127.0.0.1:port/."""

    def __init__(self, premises: Premises, outlet: Outlet) -> None:
        self._machine, self._premises = outlet.machine, premises
        self._city = outlet.machine if isinstance(outlet.machine, CityService) else None
        self._door = StreamDoor(talk(self._answer, "nginx" if self._city else "ward-sim"))
        self._expiring: bool | None = None

    async def open(self, port: int) -> int:
        self._certify()
        return self._door.open(port)

    def show(self) -> None:
        self._certify()
        self._door.set_reachable(self._premises.ward.reachable(self._machine.id))

    async def close(self) -> None:
        self._door.close()

    def settings(self, beside: Path) -> list[Setting]:
        if self._city is None or not self._city.secure:
            return [("url", f"http://{LOOPBACK}:{self._door.port}/")]
        found: list[Setting] = [("url", f"https://{LOOPBACK}:{self._door.port}/")]
        return [*found, ("ca_file", self._premises.secrets.named("city", "ca.pem", beside))]

    def _certify(self) -> None:
        """A new certificate when how long it shall be good changed."""
        if self._city is None or not self._city.secure or self._city.certificate_expiring is self._expiring:
            return
        self._expiring = self._city.certificate_expiring
        authority = self._premises.shared(CityAuthority).authority
        self._door.set_tls(authority.server(self._city.id, _EXPIRING_DAYS if self._expiring else _USUAL_DAYS))

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        if self._city is not None:
            await asyncio.sleep(self._city.answer_seconds)
            if self._city.failing:
                return Response(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "600"})
        if request.path.partition("?")[0] != "/":
            return Response(HTTPStatus.NOT_FOUND)
        name = escape(self._machine.plate.name or self._machine.id)
        page = f'<!doctype html>\n<html lang="vi"><meta charset="utf-8"><title>{name}</title><h1>{name}</h1>\n'
        return Response(body=page.encode(), content_type="text/html; charset=utf-8")
