"""One WebSocket to the hub (RFC 6455), lean: once connected it never makes its thread wait, since a reader of cameras
that waits for the hub hides the lag in the camera's own connection."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import ssl
import struct
import time
from pathlib import Path

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from telemetry.live import LiveNote, encode_note

try:  # the library's own masking, in C where it was built
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

CONNECT_SECONDS = 5.0
_SEND_BUFFER_BYTES = 2 * 1024 * 1024  # half a second of a 4K stream; the kernel may grant less
_GOODBYE_SECONDS = 0.2
_MOST_RECEIVED_BYTES = 64 * 1024  # of one message; the hub has little to say
_ACK_FRAME = b"\x82\x05\x01"  # a binary frame of five bytes, which begin with the acknowledgement's type
_ACK_BYTES = 7
_END_OF_HEAD = b"\r\n\r\n"
_BINARY, _MASKED = 0x82, 0x80  # RFC 6455, 5.2: a whole binary message; from a client, so masked
_RESERVED = 0x70  # bits of extensions that were not agreed on
_HEADS = struct.Struct(">BB"), struct.Struct(">BBH"), struct.Struct(">BBQ")
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

# The library's own log would show tickets and pictures.
_library_log = logging.getLogger("edge_agent.live.websocket")
_library_log.setLevel(logging.CRITICAL)


class HubError(Exception):
    """There is no connection to the hub, and the message says why; never with a ticket."""


class HubSocket:
    """For one thread, but for `abort`. `ended` says why it is over; empty while it is not."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        self.ended = ""
        self.close_code: int | None = None
        self.acknowledged = 0
        self._uri = parse_uri(url)
        self._ca_file = ca_file
        self._protocol = ClientProtocol(self._uri, max_size=_MOST_RECEIVED_BYTES, logger=_library_log)
        self._socket: socket.socket | None = None
        self._aborted = False
        self._unsent = bytearray()
        self._protocol_spoke = False  # the library was given something and may want to answer
        self._masks = _Masks()
        self._rest = b""

    def connect(self) -> None:
        """Up to the accepted handshake, within seconds. Raises HubError."""
        deadline = time.monotonic() + CONNECT_SECONDS
        try:
            self._socket = self._open()
            if self._aborted:
                raise HubError("stopped")
            self._shake_hands(self._socket, deadline)
            self._socket.setblocking(False)
        except (OSError, InvalidHandshake) as error:
            self.close()
            raise HubError("stopped" if self._aborted else _said(error)) from None

    @property
    def waits(self) -> bool:
        """Whether something waits that the kernel did not take."""
        return bool(self._unsent)

    def send_frame(self, header: bytes, access_unit: bytes) -> None:
        """One record as one message. What the kernel does not take waits for `flush`."""
        if self.ended:
            return
        mask = self._masks.take()
        record = header + access_unit
        self._put(_frame_head(len(record)) + mask + apply_mask(record, mask))

    def flush(self) -> None:
        """Hand on to the kernel what waits."""
        if self._unsent:
            del self._unsent[: self._write(self._unsent)]

    def send_note(self, note: LiveNote) -> None:
        if not self.ended:
            self._protocol.send_text(encode_note(note).encode())
            self._flush()

    def receive(self) -> None:
        """Take what has come, without waiting: acknowledgements, pings, the end."""
        while not self.ended and self._socket is not None:
            try:
                data = self._socket.recv(_MOST_RECEIVED_BYTES)
            except _NOT_NOW:
                break
            except OSError as error:
                self._end(_said(error))
                return
            if not data:
                self._end("the hub hung up")
                return
            self._take(data)
        if self._protocol_spoke:
            self._protocol_spoke = False
            self._flush()

    def wait(self, seconds: float) -> None:
        """Until the time is over or the connection; what comes meanwhile is taken."""
        deadline = time.monotonic() + seconds
        while not self.ended and self._socket is not None and (left := deadline - time.monotonic()) > 0:
            events = select.POLLIN | (select.POLLOUT if self._unsent else 0)
            _poll(self._socket, events, left)
            self.flush()
            self.receive()

    def close(self) -> None:
        """Say goodbye if there is somebody, and give the socket back."""
        if self._socket is None:
            return
        if not self.ended and self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()
            deadline = time.monotonic() + _GOODBYE_SECONDS
            while self._unsent and not self.ended and (left := deadline - time.monotonic()) > 0:
                _poll(self._socket, select.POLLOUT, left)
                self.flush()
        self._end("closed")
        self._socket.close()

    def abort(self) -> None:
        """End it now; from any thread. Its own thread finds out at its next word to it."""
        self._aborted = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # not connected yet, or gone already
                # A TLS socket's own shutdown is not for another thread; that of the connection below it is.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def give_up(self, why: str) -> None:
        """The hub is as good as gone."""
        self._end(why)

    # ---- connecting ------------------------------------------------------------------------------------------------

    def _open(self) -> socket.socket:
        uri = self._uri
        plain = socket.create_connection((uri.host, uri.port), timeout=CONNECT_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if not uri.secure:
            return plain
        try:
            context = ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file))
            return context.wrap_socket(plain, server_hostname=uri.host)
        except BaseException:
            plain.close()
            raise

    def _shake_hands(self, connection: socket.socket, deadline: float) -> None:
        protocol = self._protocol
        protocol.send_request(protocol.connect())
        connection.sendall(b"".join(protocol.data_to_send()))
        head = b""
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer to the handshake")
            connection.settimeout(left)
            data = connection.recv(_MOST_RECEIVED_BYTES)
            head += data
            if not data:
                protocol.receive_eof()
            elif _END_OF_HEAD in head:
                answer, _, self._rest = head.partition(_END_OF_HEAD)
                protocol.receive_data(answer + _END_OF_HEAD)
                if protocol.state is State.CONNECTING:  # a refusal, which may have a body
                    protocol.receive_data(self._rest)
                    protocol.receive_eof()
            elif len(head) > _MOST_RECEIVED_BYTES:
                raise OSError("the answer to the handshake has no end")
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc
        self._take(b"")

    # ---- writing ---------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """What the library wants to be sent."""
        for data in self._protocol.data_to_send():
            self._put(data)

    def _put(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            self.flush()
            return
        done = self._write(data)
        if done < len(data):
            self._unsent += memoryview(data)[done:]

    def _write(self, data: bytes | bytearray) -> int:
        if self._socket is None or self.ended or not data:
            return 0
        try:
            return self._socket.send(data)
        except _NOT_NOW:
            return 0
        except OSError as error:
            self._end(_said(error))
            return 0

    # ---- reading ---------------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        """Acknowledgements come for every frame, so those are read here; the library gets the rest, whole frames."""
        data = self._rest + data
        at = 0
        while (size := _frame_bytes(data, at)) and len(data) - at >= size and not self.ended:
            if size == _ACK_BYTES and data.startswith(_ACK_FRAME, at):
                self.acknowledged = int.from_bytes(data[at + 3 : at + _ACK_BYTES], "big")
            else:
                self._protocol.receive_data(data[at : at + size])
                self._protocol_spoke = True
                self._heed()
            at += size
        self._rest = data[at:]
        if size > _MOST_RECEIVED_BYTES:
            self._end("the hub sent too long a message")
        elif len(self._rest) > 1 and (self._rest[0] & _RESERVED or self._rest[1] & _MASKED):
            self._end("the hub broke the protocol: no WebSocket frame of a server")

    def _heed(self) -> None:
        """What the library made of what came: it answers pings and closes by itself."""
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self._flush()
                received = self._protocol.close_rcvd
                self.close_code = None if received is None else received.code
                self._end("closed by the hub" if received is None else f"closed by the hub: {received}")
        if self._protocol.parser_exc is not None and not self.ended:
            self._end(f"the hub broke the protocol: {self._protocol.parser_exc}")

    def _end(self, why: str) -> None:
        self.ended = self.ended or ("stopped" if self._aborted else why)


class _Masks:
    """Unpredictable masking keys (RFC 6455, 10.3), many with one question to the kernel."""

    def __init__(self) -> None:
        self._keys = b""
        self._at = 0

    def take(self) -> bytes:
        if self._at >= len(self._keys):
            self._keys, self._at = os.urandom(1024), 0
        self._at += 4
        return self._keys[self._at - 4 : self._at]


def _frame_head(size: int) -> bytes:
    """Before the masking key of a binary message of `size` bytes."""
    if size < 126:
        return _HEADS[0].pack(_BINARY, _MASKED | size)
    if size <= 0xFFFF:
        return _HEADS[1].pack(_BINARY, _MASKED | 126, size)
    return _HEADS[2].pack(_BINARY, _MASKED | 127, size)


def _frame_bytes(data: bytes, at: int) -> int:
    """How long the frame is that begins here, as its header says; 0 where the header is not there yet."""
    left = len(data) - at
    if left < 2:
        return 0
    size = data[at + 1] & 0x7F
    if size < 126:
        return 2 + size
    wide = 2 if size == 126 else 8
    if left < 2 + wide:
        return 0
    return 2 + wide + int.from_bytes(data[at + 2 : at + 2 + wide], "big")


def _poll(connection: socket.socket, events: int, seconds: float) -> None:
    poll = select.poll()
    poll.register(connection, events)
    poll.poll(max(1, round(seconds * 1000)))


def _said(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        return f"the hub refused with status {error.response.status_code}"
    return f"{type(error).__name__}: {error}"
