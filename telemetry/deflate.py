"""A batch's entries made small for the line, and verbatim again at its other end.

The compressed form is for the line only: what comes out is checked by size and CRC-32 and is byte for byte what the
ward wrote. Each entry begins with its place (version, incarnation, position), which the batch names once, so it is left
out and put back. Live batches are small, so what makes them smaller still is a preset dictionary: entries that both
sides have; it also tells the incarnation, of which the beginning is enough then. A replay needs none, so that it can
always be read.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from telemetry import wire_pb2 as wire
from telemetry.entry import encode_place

INCARNATION_PREFIX_BYTES = 4  # tells one of a ward's few incarnations from another; the CRC-32 does the rest
MAX_ENTRIES = 10_000  # of a batch
DICTIONARY_BYTES = 32 * 1024  # DEFLATE looks no further back (RFC 1951 section 2)
MAX_INFLATED_BYTES = 1_000_000  # an agent's batches are 256 kB, or one entry
_RAW = -15  # no zlib header, the whole window
_LEVEL = 9  # 50 µs a live batch, 1.5 ms for 150 kB of a replay
_MEMORY = 9


class DeflateError(ValueError):
    """Bytes that are not what they are said to be."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Consecutive entries first..last of one incarnation, as a deflated batch has them."""

    incarnation: bytes
    first: int
    last: int
    data: bytes

    @classmethod
    def of(cls, incarnation: bytes, first: int, entries: Sequence[bytes]) -> Dictionary:
        """`entries` from position `first`; at least one."""
        data = _together(_without_place(incarnation, first, entries) or entries)
        return cls(incarnation, first, first + len(entries) - 1, data)


def deflate(batch: wire.Batch, dictionary: Dictionary | None = None) -> None:
    """Have a batch carry its entries deflated, if that makes it smaller. The dictionary ends before the batch."""
    placeless = _without_place(batch.incarnation, batch.first_position, batch.entries)
    if placeless is None or len(placeless) > MAX_ENTRIES:
        return
    plain = _together(placeless)
    if len(plain) > MAX_INFLATED_BYTES:
        return
    preset = dictionary.data if dictionary is not None else b""
    press = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, preset)
    small = press.compress(plain) + press.flush()
    if len(small) + 16 > len(plain):  # what the other fields take
        return
    batch.ClearField("entries")
    batch.deflated = small
    batch.inflated_bytes = len(plain)
    batch.inflated_crc32 = zlib.crc32(plain)
    if dictionary is not None:
        batch.incarnation = batch.incarnation[:INCARNATION_PREFIX_BYTES]
        batch.dictionary_distance = batch.first_position - dictionary.last
        batch.dictionary_entries = dictionary.last - dictionary.first + 1


def names_dictionary(batch: wire.Batch) -> tuple[int, int] | None:
    """The first and last position of the dictionary that a batch was deflated with. Raises DeflateError."""
    if not batch.dictionary_distance and not batch.dictionary_entries:
        return None
    last = batch.first_position - batch.dictionary_distance
    first = last - batch.dictionary_entries + 1
    if not (0 < first <= last < batch.first_position):
        raise DeflateError(f"a dictionary of positions {first}..{last}")
    return first, last


def inflate(batch: wire.Batch, dictionary: Dictionary | None = None) -> wire.Batch:
    """The batch with its entries as they were. Takes MAX_INFLATED_BYTES at most, whatever the bytes would become.
    Raises DeflateError."""
    size = batch.inflated_bytes
    if batch.entries or not 0 < size <= MAX_INFLATED_BYTES:
        raise DeflateError(f"a deflated batch of {size} bytes beside {len(batch.entries)} plain entries")
    expand = zlib.decompressobj(_RAW, dictionary.data) if dictionary is not None else zlib.decompressobj(_RAW)
    try:
        plain = expand.decompress(batch.deflated, size)
        more = expand.decompress(expand.unconsumed_tail, 1)
        whole = len(plain) == size and not more and expand.eof and not expand.unused_data
        if not whole or zlib.crc32(plain) != batch.inflated_crc32:
            raise DeflateError("a deflated batch that is not what it says")
        found = wire.Batch.FromString(plain)
    except (zlib.error, DecodeError) as error:
        raise DeflateError(f"a deflated batch that cannot be read: {error}") from error
    if len(found.entries) > MAX_ENTRIES:
        raise DeflateError(f"a batch of {len(found.entries)} entries")
    incarnation = batch.incarnation if dictionary is None else dictionary.incarnation
    places = (encode_place(incarnation, batch.first_position + number) for number in range(len(found.entries)))
    return wire.Batch(
        incarnation=incarnation,
        first_position=batch.first_position,
        entries=[place + entry for place, entry in zip(places, found.entries, strict=True)],
        request_id=batch.request_id,
    )


def _without_place(incarnation: bytes, first: int, entries: Sequence[bytes]) -> list[bytes] | None:
    """None where one does not begin with its place as it is written: it would not come out verbatim."""
    found = []
    for position, entry in enumerate(entries, first):
        place = encode_place(incarnation, position)
        if not entry.startswith(place):
            return None
        found.append(entry[len(place) :])
    return found


def _together(entries: Sequence[bytes]) -> bytes:
    return wire.Batch(entries=entries).SerializeToString()
