"""As much of HTTP/1.1 (RFC 9112) as a small device speaks: requests with a body, answers of known length, kept open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from simulator.net.stream_door import IDLE_SECONDS

MOST_BODY_BYTES = 1024 * 1024
_MOST_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Request:
    """Header names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Awaitable[Response]]


def talk(answer: Answer, server: str) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A conversation of requests and answers. Raises ValueError for what is no HTTP, EOFError when it breaks off."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await asyncio.wait_for(_read(reader, writer), IDLE_SECONDS):
            keep = request.headers.get("connection", "").lower() != "close"
            response = await answer(request)
            writer.write(_encoded(response, server, keep, with_body=request.method != "HEAD"))
            await writer.drain()
            if not keep:
                return

    return converse


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, path, version = line.decode("latin-1").split()
    if not version.startswith("HTTP/1."):
        raise ValueError(f"{version!r} is no HTTP/1")
    headers: dict[str, str] = {} if version != "HTTP/1.0" else {"connection": "close"}
    for _ in range(_MOST_HEADERS):
        line = await reader.readline()
        if line in (b"\r\n", b"\n"):
            break
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise ValueError("a header without a colon")
        headers[name.strip().lower()] = value.strip()
    else:
        raise ValueError("too many headers")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(method, path, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MOST_BODY_BYTES:
        raise ValueError(f"a body of {length} bytes")
    return await reader.readexactly(length)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).partition(b";")[0], 16):
        if size < 0 or len(body) + size > MOST_BODY_BYTES:
            raise ValueError("a body that is too large")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        """Trailers are of no use."""
    return body


def _encoded(response: Response, server: str, keep: bool, *, with_body: bool) -> bytes:
    headers = {
        "Server": server,
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        "Connection": "keep-alive" if keep else "close",
        **response.headers,
    }
    head = f"HTTP/1.1 {response.status.value} {response.status.phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + (response.body if with_body else b"")
