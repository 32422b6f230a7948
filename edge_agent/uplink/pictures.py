"""Single pictures to the hub, when it asks: PUT over HTTPS with the ticket that came with the question.

One thread and one connection for all of them, one picture after the other: whatever the hub asks at once, live
streams and the journal's entries keep the line. What does not arrive is asked for again; so nothing is tried twice
here.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import queue
import ssl
import threading
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from edge_agent.blobs import BlobError, BlobStore, Thumbnail
from edge_agent.live.hub_address import Hub
from telemetry.readings import Reason, ReasonCode

MOST_WAITING = 64
SECONDS = 10.0  # that one picture may take
IDLE_SECONDS = 3.0  # how long the connection is kept for the next one: less than a hub keeps it
CLOSE_SECONDS = 1.0
_MOST_ANSWER = 2000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PictureCounts:
    """Since the start."""

    sent: int = 0
    refused: int = 0  # by the hub, with a reason
    failed: int = 0  # did not reach it


@dataclass(frozen=True, slots=True)
class _Errand:
    sha256: bytes
    data: bytes = field(repr=False)
    device: str
    ticket: str = field(repr=False)
    taken_us: int | None  # of a thumbnail


class PictureSender:
    """`send` and `close` return at once, or nearly, and may be called from any thread. `hub` None: there is none."""

    def __init__(self, ward: str, blobs: BlobStore, hub: Hub | None) -> None:
        self.counts = PictureCounts()
        self._ward, self._blobs, self._hub = ward, blobs, hub
        self._waiting: queue.Queue[_Errand | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._said = ""

    def send(self, sha256: bytes, device: str, ticket: str) -> Reason | None:
        """The picture of that hash, or where there is none the newest of the device. Why not, if not."""
        if self._hub is None:
            return Reason(ReasonCode.UNSUPPORTED, "this ward has no [uplink] hub configured")
        try:
            errand = self._errand(sha256, device, ticket)
        except BlobError as error:
            log.error("%s", error)
            return Reason(ReasonCode.DISK_FAILED, str(error))
        if errand is None:
            return Reason(ReasonCode.NO_PICTURE, f"no picture {sha256.hex() or f'of {device!r}'} here")
        try:
            self._waiting.put_nowait(errand)
        except queue.Full:
            return Reason(ReasonCode.DEVICE_BUSY, f"{MOST_WAITING} pictures wait already; ask again later")
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, args=(self._hub,), name="pictures", daemon=True)
                self._thread.start()
        return None

    def close(self) -> None:
        """End; what waits is asked for again, after the next start."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        self._waiting.put_nowait(None)
        thread.join(CLOSE_SECONDS)

    def _errand(self, sha256: bytes, device: str, ticket: str) -> _Errand | None:
        if sha256:
            data = self._blobs.get(sha256)
            return None if data is None else _Errand(sha256, data, device, ticket, None)
        newest: Thumbnail | None = self._blobs.thumbnail(device)
        if newest is None:
            return None
        return _Errand(newest.sha256, newest.jpeg, device, ticket, newest.taken_us)

    def _run(self, hub: Hub) -> None:
        connection: http.client.HTTPConnection | None = None
        while True:
            try:
                errand = self._waiting.get(timeout=None if connection is None else IDLE_SECONDS)
            except queue.Empty:
                errand = None
                if connection is not None:
                    connection.close()
                    connection = None
                continue
            if errand is None:
                break
            try:
                connection = connection or _connect(hub)
                self._put(connection, errand)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.counts.failed += 1
                self._say(f"no pictures to the hub {hub.url}: {error or type(error).__name__}")
                if connection is not None:
                    connection.close()
                connection = None
            except Exception:  # a defect of ours with one picture ends that picture only
                log.exception("sending %s failed", errand)
                connection = None
        if connection is not None:
            connection.close()

    def _put(self, connection: http.client.HTTPConnection, errand: _Errand) -> None:
        """Raises OSError, HTTPException."""
        claim = {"ward": self._ward, "device": errand.device}
        if errand.taken_us is not None:
            claim["taken_us"] = str(errand.taken_us)
        path = f"/api/blobs/{quote(errand.sha256.hex())}?{urlencode(claim)}"
        headers = {"Content-Type": "image/jpeg", "Authorization": f"Ticket {errand.ticket}"}
        connection.request("PUT", path, errand.data, headers)
        answer = connection.getresponse()
        said = answer.read(_MOST_ANSWER)
        if not answer.isclosed():  # more than a hub has to say
            connection.close()
        if 200 <= answer.status < 300:
            self.counts.sent += 1
            self._say(f"pictures go to the hub {connection.host}")
            return
        self.counts.refused += 1
        text = said.decode("utf-8", "replace").replace(errand.ticket, "…")
        log.warning("the hub refused picture %s: %d %s", errand.sha256.hex()[:12], answer.status, text)

    def _say(self, what: str) -> None:
        """Once for each change, not once for each picture."""
        if what != self._said:
            self._said = what
            log.info("%s", what)


def _connect(hub: Hub) -> http.client.HTTPConnection:
    """Not yet connected: the first request does that. Raises OSError for a certificate file that cannot be read."""
    parts = urlsplit(hub.url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return http.client.HTTPConnection(host, parts.port, timeout=SECONDS)
    trusted = ssl.create_default_context(cafile=None if hub.ca_file is None else str(hub.ca_file))
    return http.client.HTTPSConnection(host, parts.port, timeout=SECONDS, context=trusted)
