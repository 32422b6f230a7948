"""The console under uvicorn."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from dashboards.console.live.protocol import FramesProtocol
from telemetry.live import MAX_ACCESS_UNIT_BYTES


class ConsoleServer(uvicorn.Server):
    """A uvicorn server that ends the live streams first when it stops; a plain one would wait for them for ever."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.console.fanout.end_all()
        await super().shutdown(sockets)


def server(
    app: FastAPI, host: str, port: int, *, certificate: str | None = None, key: str | None = None
) -> ConsoleServer:
    """A server for this app; `await .serve()` or `.run()` it. With a certificate it speaks https only."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        timeout_graceful_shutdown=3,
        # With uvloop an upgrade over TLS got no answer in 2 of 14 tries on a busy machine, with asyncio in 0 of 36.
        loop="asyncio" if certificate else "auto",
        h11_max_incomplete_event_size=32_768,
        ws=FramesProtocol,
        ws_max_size=MAX_ACCESS_UNIT_BYTES + 1024,
        ws_per_message_deflate=False,  # pictures are packed as it is
    )
    return ConsoleServer(config, app)
