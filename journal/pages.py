"""Rows of a damaged SQLite file, read from its pages one by one, without SQLite and without writing.

SQLite reaches a row through the pages above it, so one damaged page may hide thousands of sound ones from it. Here
every page is looked at by itself: one that reads as a leaf of a table gives its rows, whatever became of the rest.
The newest pages lie in the write-ahead log; of that the part counts that SQLite would count, up to the last commit
whose checksums are right. Formats: https://www.sqlite.org/fileformat2.html sections 1.3, 1.6, 2.1 and 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MAGIC = b"SQLite format 3\0"
DEFAULT_PAGE = 4096
_LEAF = 0x0D
_PAGE_1_HEADER = 100
_WAL_HEADER, _FRAME_HEADER = 32, 24
_WAL_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # and in which order its checksums read their words
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes, by serial type
_MOST_RECORD = 1_000_000  # bytes; an entry is 256 kB at most


class NoRowError(ValueError):
    """These bytes are no such row."""


class SpilledError(NoRowError):
    """What it holds on other pages is not such a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table (id INTEGER PRIMARY KEY, one integer, one blob), which is how a journal keeps entries."""

    id: int
    number: int
    blob: bytes
    spilled: bool  # part of it lay on other pages, and not all of those come with the log's checksums


class Pages:
    """The pages of a file, each as new as the log beside it has it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file: BinaryIO = path.open("rb")
        beside = path.with_name(path.name + "-wal")
        self._wal: BinaryIO | None = beside.open("rb") if beside.exists() else None
        self.size, self._usable = _shape(self._file.read(_PAGE_1_HEADER), self._wal)
        self._newer = {} if self._wal is None else _frames(self._wal, self.size)
        self._count = max(path.stat().st_size // self.size, *self._newer, 0)

    def close(self) -> None:
        self._file.close()
        if self._wal is not None:
            self._wal.close()

    def __len__(self) -> int:
        return self._count

    def rows(self, number: int) -> Iterator[Row | None]:
        """What page `number` (from 1) holds, if it is a leaf of a table; None for each that is no such row, or not
        any more. Raises OSError."""
        page = self._page(number)
        start = _PAGE_1_HEADER if number == 1 else 0
        if len(page) < self.size or page[start] != _LEAF:
            return
        cells = int.from_bytes(page[start + 3 : start + 5])
        end = start + 8 + 2 * cells
        if end > self._usable:
            return
        for (at,) in struct.iter_unpack(">H", page[start + 8 : end]):
            try:
                yield self._row(page, at, number) if end <= at < self._usable else None
            except SpilledError:
                continue  # this page is not to blame
            except (NoRowError, IndexError):
                yield None

    def _page(self, number: int) -> bytes:
        offset = self._newer.get(number)
        if offset is not None and self._wal is not None:
            self._wal.seek(offset)
            return self._wal.read(self.size)
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def _row(self, page: bytes, at: int, number: int) -> Row:
        size, at = _varint(page, at)
        id, at = _varint(page, at)
        if size > _MOST_RECORD:
            raise NoRowError("too large")
        if size <= self._usable - 35:
            payload = page[at : at + size]
            return Row(_signed(id), *_record(payload, size), spilled=False)
        try:
            payload, checked = self._spilled(page, at, size)
            return Row(_signed(id), *_record(payload, size), spilled=not (checked and number in self._newer))
        except (NoRowError, IndexError) as error:
            raise SpilledError(str(error)) from error

    def _spilled(self, page: bytes, at: int, size: int) -> tuple[bytes, bool]:
        """Section 1.6: what does not fit lies in a chain of overflow pages. And whether all of those are the log's."""
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (self._usable - 4)
        local = local if local <= self._usable - 35 else least
        parts, left, checked = [page[at : at + local]], size - local, True
        following = int.from_bytes(page[at + local : at + local + 4])
        while left > 0:
            if not 0 < following <= self._count:
                raise NoRowError("a chain that leads nowhere")
            checked &= following in self._newer
            overflow = self._page(following)
            following = int.from_bytes(overflow[:4])
            part = overflow[4 : 4 + min(left, self._usable - 4)]
            if not part:
                raise NoRowError("a chain that ends too soon")
            parts.append(part)
            left -= len(part)
        return b"".join(parts), checked


def _record(payload: bytes, size: int) -> tuple[int, bytes]:
    """Section 2.1: NULL (the id stands in its place), an integer, a blob."""
    header, at = _varint(payload, 0)
    null, at = _varint(payload, at)
    integer, at = _varint(payload, at)
    blob, at = _varint(payload, at)
    width = 0 if integer in (8, 9) else _INTEGERS.get(integer, -1)
    length = (blob - 12) // 2
    good = len(payload) == size == header + width + length and blob >= 12 and blob % 2 == 0
    if null or at != header or width < 0 or not good:
        raise NoRowError("another sort of row")
    number = integer - 8 if width == 0 else int.from_bytes(payload[at : at + width], signed=True)
    return number, payload[at + width :]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Section 1.6: up to nine bytes, seven bits each, all eight of the ninth."""
    value = 0
    for count in range(8):
        byte = data[at + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _shape(header: bytes, wal: BinaryIO | None) -> tuple[int, int]:
    """Page size, and how much of it is used: by the file's header, by the log's, or as SQLite makes them."""
    sizes = [int.from_bytes(header[16:18]) if header[:16] == MAGIC else 0]
    if wal is not None:
        sizes.append(int.from_bytes(wal.read(_WAL_HEADER)[8:12]))
    for size in sizes:
        size = 65_536 if size == 1 else size
        if 512 <= size <= 65_536 and size & (size - 1) == 0:
            reserved = header[20] if header[:16] == MAGIC else 0
            return size, size - reserved if reserved < size // 2 else size
    return DEFAULT_PAGE, DEFAULT_PAGE


def _frames(wal: BinaryIO, size: int) -> dict[int, int]:
    """Section 4: where in the log the newest copy of a page is, of commits that are whole."""
    wal.seek(0)
    header = wal.read(_WAL_HEADER)
    order = _WAL_MAGIC.get(int.from_bytes(header[:4])) if len(header) == _WAL_HEADER else None
    if order is None:
        return {}
    sums = _checksum(header[:24], order, (0, 0))
    if struct.pack(">II", *sums) != header[24:32] or int.from_bytes(header[8:12]) != size:
        return {}
    committed: dict[int, int] = {}
    pending: dict[int, int] = {}
    while len(frame := wal.read(_FRAME_HEADER + size)) == _FRAME_HEADER + size:
        sums = _checksum(frame[:8], order, sums)
        sums = _checksum(frame[_FRAME_HEADER:], order, sums)
        if frame[8:16] != header[16:24] or struct.pack(">II", *sums) != frame[16:24]:
            break
        number, after_commit = struct.unpack(">II", frame[:8])
        pending[number] = wal.tell() - size
        if after_commit:
            committed |= pending
            pending = {}
    return committed


def _checksum(data: bytes, order: str, before: tuple[int, int]) -> tuple[int, int]:
    one, two = before
    for first, second in struct.iter_unpack(f"{order}II", data):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
