"""One RTSP session over one TCP connection (RFC 2326, interleaved): asks for a stream and takes its RTP packets.

Opening it blocks, for seconds at most, and asks `stopped` twice a second. Once it plays nothing blocks: who has many
watches their file descriptors and takes what came in large gulps. What a relay costs is how often it wakes, and a
picture comes as many packets.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from camera.rtsp_login import Challenge, Login, best
from camera.rtsp_message import MOST_HEAD_BYTES, Answer, Description, GarbledAnswerError, Video, describe, parse_head
from camera.rtsp_message import resolve as resolve_control
from camera.rtsp_place import Place, unverified

_LOOK_UP_SECONDS = 0.5  # how long `stopped` may go unasked
_GULP_BYTES = 256 * 1024
_KEEP_ALIVE_SECONDS = (5.0, 30.0)  # bounds of half the session's time-out
_DEFAULT_TIMEOUT_SECONDS = 60  # RFC 2326, 12.37
_DOLLAR = 0x24
_MOST_GARBAGE_BYTES = 64 * 1024
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class RefusedError(Exception):
    """The camera answered with another status than 200."""

    def __init__(self, method: str, status: int) -> None:
        super().__init__(f"status {status} to {method}")
        self.method, self.status = method, status


class StoppedError(Exception):
    """`stopped` said so."""


class Session:
    """Raises OSError (TimeoutError where nothing comes), GarbledAnswerError, RefusedError, StoppedError."""

    def __init__(
        self, url: str, login: Login | None, stopped: Callable[[], bool], *, open_seconds: float, silence_seconds: float
    ) -> None:
        self.view = memoryview(bytearray(_GULP_BYTES))
        self._url = url
        self._place = Place.of(url)
        self._login = login
        self._stopped = stopped
        self._open_seconds = open_seconds
        self._silence_seconds = silence_seconds
        self._challenge: Challenge | None = None
        self._sequence = 0
        self._session = ""
        self._channel = 0
        self._begin = self._end = 0  # of what is received and not yet parsed, in `view`
        self._proven = False  # the camera has taken the password
        self._unseen = False  # pictures came together with the answer to PLAY
        self._garbage_bytes = 0  # since the newest packet
        self._drained = False  # what came was less than there was room for: no need to ask for more
        self._answer: Answer | None = None
        self._deadline = 0.0
        self._keep_alive_at = float("inf")
        self._keep_alive_every = _KEEP_ALIVE_SECONDS[1]
        self._keep_alive_method = "OPTIONS"
        self._heard_at = 0.0  # of the newest RTP
        self._socket: socket.socket | None = None
        self._kept = False  # an earlier request to keep it alive was answered well
        self._renewed = False  # the newest was repeated with a fresh nonce
        self.on_report: Callable[[bytes], None] | None = None  # takes RTCP packets, where somebody wants them
        self.may_log_in: Callable[[], bool] = lambda: True  # asked once it plays: whether nobody refused the password

    # ---- the dialogue ----------------------------------------------------------------------------------------------

    def open(self) -> Description:
        """Connect and ask what there is."""
        self._deadline = time.monotonic() + self._open_seconds
        self._socket = self._connect()
        methods = self._ask("OPTIONS", self._url, checked=False).first("public")
        if "GET_PARAMETER" in methods.upper():
            self._keep_alive_method = "GET_PARAMETER"
        described = self._ask("DESCRIBE", self._url, "Accept: application/sdp")
        self._base = described.first("content-base") or described.first("content-location") or self._url
        self._description = describe(described.body)
        return self._description

    def play(
        self, video: Video, *, range_: str = "npt=0.000-", with_setup: Sequence[str] = (), with_play: Sequence[str] = ()
    ) -> Answer:
        """Have it sent from now on; what PLAY was answered. The rest: more headers of these two requests."""
        control = resolve_control(self._base, video.control)
        setup = self._ask("SETUP", control, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1", *with_setup)
        self._session, _, said = setup.first("session").partition(";")
        self._channel = _number(setup.first("transport"), "interleaved=", 0)
        seconds = _number(said, "timeout=", _DEFAULT_TIMEOUT_SECONDS)
        least, most = _KEEP_ALIVE_SECONDS
        self._keep_alive_every = min(most, max(least, seconds / 2))
        whole = resolve_control(self._base, self._description.control)
        played = self._ask("PLAY", whole, f"Range: {range_}", *with_play)
        self._drained, self._unseen, self._answer = False, True, None
        self._heard_at = time.monotonic()
        self._keep_alive_at = self._heard_at + self._keep_alive_every
        return played

    def close(self) -> None:
        """Say goodbye, without waiting for an answer, and hang up."""
        connection, self._socket = self._socket, None
        if connection is None:
            return
        with contextlib.suppress(OSError):  # the camera may have gone first
            if self._session:
                if not self.may_log_in():
                    self._login = None
                connection.send(self._request("TEARDOWN", self._url, ()))
        connection.close()

    def _ask(self, method: str, url: str, *headers: str, checked: bool = True) -> Answer:
        """One request and its answer; with the password where the camera asks for it."""
        answer = self._exchange(method, url, headers)
        if answer.status == 401 and self._may_log_in(answer):
            answer = self._exchange(method, url, headers)
            if answer.status == 401 and self._may_log_in(answer):  # that nonce was too old
                answer = self._exchange(method, url, headers)
        if answer.status == 200:
            self._proven = self._challenge is not None
        # An unchecked request may fail, but a password that was refused is not tried with the next one.
        elif checked or (answer.status == 401 and self._challenge is not None):
            if answer.status == 401:
                self._login = None  # not with the goodbye either
            raise RefusedError(method, answer.status)
        return answer

    def _may_log_in(self, answer: Answer) -> bool:
        """Whether there is a challenge to answer that no refused password stands behind: it is the first, its nonce
        was too old, or this password was good before (some cameras change the nonce without a word)."""
        before, found = self._challenge, best(answer.all("www-authenticate"))
        if found is None or self._login is None:
            return False
        if before is not None and (found.nonce == before.nonce or not (found.stale or self._proven)):
            return False
        self._challenge = found
        return True

    def _exchange(self, method: str, url: str, headers: Sequence[str]) -> Answer:
        """Pictures that come with the answer are kept: the first is a keyframe, and the next one seconds away."""
        self._answer = None
        self._send(self._request(method, url, headers))
        while self._answer is None:
            self._wait()
            self._gulp()
            self._find_answer()
        return self._answer

    def _find_answer(self) -> None:
        at, view = self._begin, self.view
        while self._end - at >= 4 and view[at] == _DOLLAR:
            at += 4 + (view[at + 2] << 8 | view[at + 3])
        if self._end - at < 4:
            return
        after = self._text(at, self._end)
        earlier = at - self._begin
        if after > at and earlier:
            view[after - earlier : after] = view[self._begin : at]
        if after > at:
            self._begin = after - earlier

    def _request(self, method: str, url: str, headers: Sequence[str], *, with_login: bool = True) -> bytes:
        self._sequence += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._sequence}", "User-Agent: WardWatch", *headers]
        if self._session:
            lines.append(f"Session: {self._session}")
        if with_login and self._challenge is not None and self._login is not None:
            lines.append(f"Authorization: {self._login.answer(self._challenge, method, url)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    # ---- the stream ------------------------------------------------------------------------------------------------

    def fileno(self) -> int:
        return self._connected().fileno()

    def take(self, now: float) -> Sequence[tuple[int, int]]:
        """What came by now, without waiting: where RTP packets begin and end in `view`, valid until the next call.
        Empty where nothing is left: call it until then."""
        while not self._drained and (self._gulp() or self._unseen):
            self._unseen = False
            packets = self._packets()
            if packets:
                self._heard_at = now
                self._garbage_bytes = 0
                return packets
        self._drained = False
        return ()

    def tick(self, now: float) -> None:
        """Once or more in a second: keep the session alive, and find out that it is not."""
        if now - self._heard_at > self._silence_seconds:
            raise TimeoutError(f"no picture for {self._silence_seconds:g} s")
        answer, self._answer = self._answer, None
        renewed = answer is not None and self._is_to_be_renewed(answer)
        if renewed or now >= self._keep_alive_at:
            self._keep_alive_at = now + self._keep_alive_every
            self._send(self._request(self._keep_alive_method, self._url, (), with_login=self.may_log_in()))

    def _is_to_be_renewed(self, answer: Answer) -> bool:
        """Whether what keeps it alive is sent again with the nonce of its refusal: once. Where that is refused as well,
        no password is sent any more; raises RefusedError where it was taken before, for then it was changed."""
        if answer.status != 401:
            self._kept, self._renewed = self._kept or answer.status == 200, False
            return False
        if self._login is None or not self.may_log_in():
            return False
        if not self._renewed and self._may_log_in(answer):
            self._renewed = True
            return True
        self._login = None
        if self._kept:
            raise RefusedError(self._keep_alive_method, answer.status)
        return False

    def _packets(self) -> list[tuple[int, int]]:
        """Everything whole in the buffer: RTP's places; an answer on the way is kept in `_answer`."""
        view, at, end = self.view, self._begin, self._end
        found: list[tuple[int, int]] = []
        while end - at >= 4:
            if view[at] == _DOLLAR:
                after = at + 4 + (view[at + 2] << 8 | view[at + 3])
                if after > end:
                    break
                if view[at + 1] == self._channel:
                    found.append((at + 4, after))
                elif self.on_report is not None and view[at + 1] == self._channel + 1:
                    self.on_report(bytes(view[at + 4 : after]))
            else:
                after = self._other(at, end)
                if after == at:
                    break
            at = after
        self._begin = at
        return found

    def _other(self, at: int, end: int) -> int:
        """What is no RTP: an answer, or bytes that some cameras put between, passed over up to the next packet."""
        if bytes(self.view[at : min(end, at + 5)]) in (b"RTSP/", b"RTSP"):
            return self._text(at, end)
        rest = bytes(self.view[at:end])
        skip = rest.find(bytes((_DOLLAR, self._channel)), 1)
        skip = len(rest) - 1 if skip < 0 else skip
        self._garbage_bytes += skip
        if self._garbage_bytes > _MOST_GARBAGE_BYTES:
            raise GarbledAnswerError(f"neither pictures nor RTSP: {rest[:40]!r}")
        return at + skip

    def _text(self, at: int, end: int) -> int:
        """An answer at `at`, and where it ends; `at` where it is not whole yet. Raises GarbledAnswerError."""
        begin = bytes(self.view[at : min(end, at + MOST_HEAD_BYTES)])
        if begin[:5] != b"RTSP/"[: len(begin)]:
            raise GarbledAnswerError(f"not RTSP: {begin[:40]!r}")
        head, separator, _ = begin.partition(b"\r\n\r\n")
        if not separator:
            if len(begin) >= MOST_HEAD_BYTES:
                raise GarbledAnswerError("an answer without an end")
            return at
        answer = parse_head(head)
        after = at + len(head) + len(separator) + answer.body_bytes()
        if after > end:
            return at
        body = bytes(self.view[after - answer.body_bytes() : after])
        self._answer = Answer(answer.status, answer.headers, body)
        return after

    # ---- the connection --------------------------------------------------------------------------------------------

    def _connect(self) -> socket.socket:
        place = self._place
        connection = socket.create_connection((place.host, place.port), timeout=self._open_seconds)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if place.tls:
                connection = unverified().wrap_socket(connection)
            connection.setblocking(False)
        except BaseException:
            connection.close()
            raise
        return connection

    def _send(self, data: bytes) -> None:
        connection = self._connected()
        sent = connection.send(data)
        if sent < len(data):  # requests are small: a camera that takes none for so long takes nothing at all
            raise TimeoutError("the camera takes no requests")

    def _wait(self) -> None:
        """Until there is something to read."""
        connection = self._connected()
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        while not (isinstance(connection, ssl.SSLSocket) and connection.pending()):
            if self._stopped():
                raise StoppedError
            if poll.poll(_LOOK_UP_SECONDS * 1000):
                return
            if time.monotonic() >= self._deadline:
                raise TimeoutError("no answer")

    def _gulp(self) -> bool:
        """Receive what is there, once. False where nothing is."""
        view = self.view
        if self._begin:
            rest = self._end - self._begin
            view[:rest] = view[self._begin : self._end]
            self._begin, self._end = 0, rest
        if self._end == len(view):
            raise GarbledAnswerError("more than any packet holds, and no end of it")
        try:
            received = self._connected().recv_into(view[self._end :])
        except _NOT_NOW:
            return False
        if not received:
            raise ConnectionResetError("the camera hung up")
        self._end += received
        self._drained = self._end < len(view) and not self._place.tls  # TLS gives a record at a time
        return True

    def _connected(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionResetError("not connected")
        return self._socket


def make_nonce() -> str:
    return secrets.token_hex(8)


def _number(text: str, after: str, default: int) -> int:
    digits = text.partition(after)[2]
    length = next((n for n, character in enumerate(digits) if character not in "0123456789"), len(digits))
    return int(digits[:length]) if 0 < length < 10 else default
