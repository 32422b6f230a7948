"""A small HTTP server of the test's own: it answers what the test says, right or wrong."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """`hang`: the connection stays open after the body, which is announced as longer than it is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False


Answer = Callable[[bytes], Reply | bytes]  # the whole request → a reply, or bytes as they are


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of 127.0.0.1 on which `answer` answers, one request a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()
        thread = threading.Thread(target=_accept, args=(listener, answer, context, over), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def _accept(listener: socket.socket, answer: Answer, context: ssl.SSLContext | None, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, answer, context, over), daemon=True).start()


def _serve(connection: socket.socket, answer: Answer, context: ssl.SSLContext | None, over: threading.Event) -> None:
    connection.settimeout(5)
    with contextlib.suppress(OSError), connection:
        spoken = context.wrap_socket(connection, server_side=True) if context else connection
        with spoken:
            reply = answer(_request(spoken))
            if isinstance(reply, bytes):
                spoken.sendall(reply)
                return
            length = len(reply.body) + (1000 if reply.hang else 0)
            headers = {"Content-Length": str(length), "Connection": "close", **reply.headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            spoken.sendall(f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode() + reply.body)
            if reply.hang:
                over.wait(20)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def path_of(request: bytes) -> str:
    """The path that was asked for."""
    return request.split(b" ", 2)[1].decode()
