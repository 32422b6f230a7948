"""PUT /api/blobs/{sha256}: a ward's agent brings a picture that it was asked for."""

from __future__ import annotations

import logging
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from dashboards.console.live.tickets import TicketError
from dashboards.console.problems import ProblemError
from district.pictures.desk import Brought, PictureDesk, PictureRefusedError

_SCHEME = "Ticket "
_LAST_US = 4_102_444_800_000_000  # 2100-01-01

log = logging.getLogger(__name__)

Sha256 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Id = Annotated[str, Query(max_length=63)]


def router(desk: PictureDesk) -> APIRouter:
    """The route. It needs a ticket instead of a session, for a ward's agent has none; and before the body is read."""
    routes = APIRouter(tags=["pictures"])

    @routes.put(
        "/blobs/{sha256}",
        status_code=201,
        response_class=Response,
        openapi_extra={"requestBody": {"required": True, "content": {"image/jpeg": {}}}},
    )
    async def put(
        request: Request,
        sha256: Sha256,
        ward: Id = "",
        device: Id = "",
        taken_us: Annotated[int | None, Query(ge=0, le=_LAST_US)] = None,
        authorization: Annotated[str, Header(max_length=200)] = "",
    ) -> Response:
        """A JPEG of at most 1 MB, with `Authorization: Ticket …`, once."""
        name = bytes.fromhex(sha256)
        try:
            errand = desk.admit(authorization.removeprefix(_SCHEME), Brought(ward, device, name))
        except TicketError as error:
            log.warning("a picture from %s was refused: ticket %s", _address(request), error.refusal)
            raise ProblemError("ticket_refused", error.refusal.value) from error
        data = await request.body()
        try:
            await to_thread.run_sync(desk.take, errand, name, data, taken_us)
        except PictureRefusedError as error:
            raise ProblemError(error.code, error.detail) from error
        return Response(status_code=201)

    return routes


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
