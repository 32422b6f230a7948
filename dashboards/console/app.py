"""The console as an ASGI app: the parts put together, in the order in which a request meets them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import FastAPI, Request
from starlette.responses import Response

from dashboards.console import problems, static
from dashboards.console.accounts import Accounts
from dashboards.console.api import device, evidence, places, session, stream
from dashboards.console.api.common import Console
from dashboards.console.events import Fanout
from dashboards.console.guard import Guard
from dashboards.console.live import sockets, statistics
from dashboards.console.live.desk import LiveDesk
from dashboards.console.live.interest import StreamRequests
from dashboards.console.settings import ConsoleSettings
from dashboards.console.site import Site


def create_app(
    site: Site, accounts: Accounts, settings: ConsoleSettings | None = None, live: StreamRequests | None = None
) -> FastAPI:
    """The console of a site. Run it with `dashboards.console.serve.ConsoleServer`, whose stop does not wait for the
    live streams; its lifespan starts and ends the fan-out. Live pictures are there where `live` asks for them."""
    settings = settings or ConsoleSettings()
    fanout = Fanout(site, settings, accounts.clock.monotonic)
    desk = None if live is None else LiveDesk(live, settings.live, accounts.clock.monotonic)

    async def signed_in(token: str) -> bool:
        return await to_thread.run_sync(accounts.session_of, token) is not None

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = [asyncio.create_task(fanout.run())]
        if desk is not None:
            running.append(asyncio.create_task(desk.run(signed_in)))
        try:
            yield
        finally:
            for task in running:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    app = FastAPI(
        title="WardWatch",
        version=settings.version,
        openapi_url="/api/openapi.json",
        docs_url=None,  # they load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.console = Console(site, accounts, settings, fanout, desk)
    app.add_middleware(Guard, settings=settings)
    problems.install(app)
    app.include_router(session.router())
    app.include_router(places.routes)
    app.include_router(device.router())
    app.include_router(evidence.routes)
    app.include_router(stream.routes)
    if desk is not None:
        app.include_router(statistics.router(desk))
        app.include_router(sockets.router(desk))

    @app.get("/api/health", tags=["health"])
    async def health(request: Request) -> Response:
        """Whether the console answers and its pages get their news; needs no sign-in."""
        content, status = (b'{"ok":false}', 503) if fanout.failed else (b'{"ok":true}', 200)
        return Response(content, status, {"Cache-Control": "no-store"}, "application/json")

    app.include_router(static.router(settings.static))
    return app
