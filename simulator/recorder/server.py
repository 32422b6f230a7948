"""The recorder's RTSP port: its channels live and its footage replayed."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.recorder.book import Book
from simulator.recorder.relay import Relay
from simulator.rtsp.addresses import Addresses
from simulator.rtsp.gate import Gate
from simulator.rtsp.playback import Playback
from simulator.rtsp.server import RtspServer
from simulator.rtsp.source import Source
from simulator.video.film import Film


class _Footage:
    """One channel of the book."""

    def __init__(self, book: Book, channel: int) -> None:
        self._book, self._channel = book, channel

    def first_at(self, wall_us: int) -> int | None:
        return self._book.first_at(self._channel, wall_us)

    def true_us(self, wall_us: int) -> int:
        return self._book.true_us(wall_us)


class RecorderRtsp(RtspServer):
    """`relays`: by channel and stream; `films`: what the footage of each channel shows."""

    def __init__(
        self,
        gate: Gate,
        book: Book,
        addresses: Addresses,
        relays: Mapping[tuple[int, str], Relay],
        films: Mapping[int, Film],
    ) -> None:
        super().__init__(gate, self._found, replays=True)
        self._book, self._addresses, self._relays, self._films = book, addresses, relays, films

    def _found(self, path: str, query: str) -> Source | None:
        wanted = self._addresses.wanted(path, query)
        if wanted is None or wanted.channel not in self._films:
            return None
        if not wanted.replay:
            return self._relays[wanted.channel, wanted.stream]
        footage = _Footage(self._book, wanted.channel)
        return Playback(self._films[wanted.channel], footage, (wanted.begin_us, wanted.end_us))
