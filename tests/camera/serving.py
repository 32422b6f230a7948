"""Servers of a test, each on a free port of 127.0.0.1 and in threads of its own."""

from __future__ import annotations

import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


def http_server(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """It serves from now on, until `shutdown` and `server_close`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serve(server)
    return server


def serve(server: socketserver.TCPServer) -> None:
    server.daemon_threads = True  # type: ignore[attr-defined]  # of socketserver.ThreadingMixIn
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
