"""RTSP requests out of a stream of bytes, and answers to them (RFC 2326, 4, 6, 7 and 10.12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_HEADER_BYTES = 8192
MOST_BODY_BYTES = 8192
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    457: "Invalid Range",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
    551: "Option not supported",
    505: "RTSP Version Not Supported",
}


class BadRequestError(ValueError):
    """Bytes that are no RTSP; `status` is what they deserve."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def sequence(self) -> str:
        return self.headers.get("cseq", "")

    @property
    def path(self) -> str:
        """Of the address, without the slashes around it. Raises BadRequestError."""
        try:
            return urlsplit(self.url).path.strip("/")
        except ValueError as error:
            raise BadRequestError("not an address") from error

    @property
    def query(self) -> str:
        """Of the address. Raises BadRequestError."""
        try:
            return urlsplit(self.url).query
        except ValueError as error:
            raise BadRequestError("not an address") from error


class Parser:
    """Feed what came in, take requests. Interleaved data (RTCP from the client) is passed over."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> Iterator[Request]:
        """Raises BadRequestError for what can be no RTSP; nothing more can be read then."""
        self._buffer += data
        while self._buffer:
            if self._skip:
                gone = min(self._skip, len(self._buffer))
                del self._buffer[:gone]
                self._skip -= gone
            elif self._buffer[0] == ord("$"):
                if len(self._buffer) < 4:
                    return
                self._skip = 4 + int.from_bytes(self._buffer[2:4], "big")
            elif self._buffer[0] in b"\r\n":
                del self._buffer[0]
            else:
                request = self._request()
                if request is None:
                    return
                yield request

    def _request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n", 0, MOST_HEADER_BYTES)
        if end < 0:
            if len(self._buffer) >= MOST_HEADER_BYTES or not self._could_be_text():
                raise BadRequestError("no request within the longest that one may be")
            return None
        request = _parsed(bytes(self._buffer[:end]))
        length = request.headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or len(length) > 6 or int(length) > MOST_BODY_BYTES:
            raise BadRequestError("a body that is too long")
        # What GET_PARAMETER may carry is of no interest here.
        self._skip = int(length)
        del self._buffer[: end + 4]
        return request

    def _could_be_text(self) -> bool:
        return chr(self._buffer[0]).isascii() and chr(self._buffer[0]).isalpha()


def _parsed(head: bytes) -> Request:
    try:
        first, *lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError as error:
        raise BadRequestError("not text") from error
    parts = first.split(" ")
    if len(parts) != 3 or not parts[0].isascii() or not parts[2].startswith("RTSP/"):
        raise BadRequestError("not a request line")
    if parts[2] != "RTSP/1.0":
        raise BadRequestError("another version", 505)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadRequestError("not a header")
        headers[name.strip().lower()] = value.strip()
    return Request(parts[0], parts[1], headers)


def answer(status: int, sequence: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of an answer."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}"]
    if sequence:
        lines.append(f"CSeq: {sequence}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
