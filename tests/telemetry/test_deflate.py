"""A batch is smaller on the line and the same at its end; what is not what it says is refused, within bounds."""

from __future__ import annotations

import random
import tracemalloc
import zlib

import pytest

from telemetry import wire_pb2 as wire
from telemetry.deflate import (
    DICTIONARY_BYTES,
    MAX_ENTRIES,
    MAX_INFLATED_BYTES,
    DeflateError,
    Dictionary,
    deflate,
    inflate,
    names_dictionary,
)
from telemetry.entry import encode_place

INCARNATION = b"i" * 16


def batch(first: int, entries: list[bytes], request: str = "") -> wire.Batch:
    return wire.Batch(incarnation=INCARNATION, first_position=first, entries=entries, request_id=request)


def polls(chance: random.Random, count: int, first: int = 1) -> list[bytes]:
    """Entries from position `first`, as far as DEFLATE is concerned."""
    names = [f"port_in_bits_per_second/{port}".encode() for port in range(5)]
    contents = [b"".join(name + chance.randbytes(3) for name in names) for _ in range(count)]
    return [encode_place(INCARNATION, position) + content for position, content in enumerate(contents, first)]


def over_the_line(message: wire.Batch) -> wire.Batch:
    return wire.Batch.FromString(message.SerializeToString())


def test_entries_come_out_verbatim_with_and_without_a_dictionary(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        oldest = chance.randrange(1, 10**9)
        before = polls(chance, chance.randrange(1, 60), oldest)
        first = oldest + len(before) + chance.randrange(1000)
        entries = polls(chance, chance.randrange(1, 20), first)
        dictionary = Dictionary.of(INCARNATION, oldest, before)
        for given in (None, dictionary):
            message = batch(first, entries, "r7")
            deflate(message, given)
            found = over_the_line(message)
            assert found.deflated and not found.entries
            assert names_dictionary(found) == (None if given is None else (given.first, given.last))
            assert inflate(found, given) == batch(first, entries, "r7")


def test_a_dictionary_makes_a_small_batch_much_smaller(seed: int) -> None:
    chance = random.Random(seed)
    dictionary = Dictionary.of(INCARNATION, 1, polls(chance, 10))
    alone, helped = batch(11, polls(chance, 1, 11)), batch(11, polls(chance, 1, 11))
    deflate(alone)
    deflate(helped, dictionary)
    assert len(helped.deflated) < 0.7 * len(alone.deflated)


def test_what_would_not_become_smaller_stays_as_it_is(seed: int) -> None:
    noise = encode_place(INCARNATION, 5) + random.Random(seed).randbytes(500)
    message = batch(5, [noise])
    deflate(message)
    assert not message.deflated
    assert list(message.entries) == [noise]


def test_what_would_not_come_out_verbatim_stays_as_it_is(seed: int) -> None:
    entries = polls(random.Random(seed), 5, 8)  # not those that the batch says they are
    message = batch(7, entries)
    deflate(message)
    assert not message.deflated
    assert list(message.entries) == entries


def test_the_wrong_dictionary_is_found_out(seed: int) -> None:
    chance = random.Random(seed)
    right, wrong = (Dictionary.of(INCARNATION, 1, polls(chance, 30)) for _ in range(2))
    message = batch(31, [polls(chance, 1, 31)[0][:60] + bytes(right.data[50:90])])
    deflate(message, right)
    assert message.deflated
    with pytest.raises(DeflateError):
        inflate(message, wrong)
    with pytest.raises(DeflateError):
        inflate(message)


def test_changed_bytes_never_become_other_entries(seed: int) -> None:
    chance = random.Random(seed)
    entries = polls(chance, 10)
    message = batch(1, entries)
    deflate(message)
    for _ in range(300):
        data = bytearray(message.deflated)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        changed = over_the_line(message)
        changed.deflated = bytes(data)
        try:
            found = inflate(changed)
        except DeflateError:
            continue
        assert list(found.entries) == entries  # unused bits at the end


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_shortened_or_lengthened_stream_is_refused(cut: int, seed: int) -> None:
    message = batch(1, polls(random.Random(seed), 10))
    deflate(message)
    for data in (message.deflated[:-cut], message.deflated + bytes(cut)):
        changed = over_the_line(message)
        changed.deflated = data
        with pytest.raises(DeflateError):
            inflate(changed)


def test_a_bomb_takes_no_more_memory_than_a_batch_may() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(bomb.compress(bytes(1_000_000)) for _ in range(500)) + bomb.flush()
    assert len(data) < 1_000_000
    for size in (1000, MAX_INFLATED_BYTES, MAX_INFLATED_BYTES + 1, 500_000_000):
        message = wire.Batch(incarnation=INCARNATION, first_position=1, deflated=data, inflated_bytes=size)
        tracemalloc.start()
        with pytest.raises(DeflateError):
            inflate(message)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 4 * MAX_INFLATED_BYTES


def test_a_dictionary_from_nowhere_is_refused() -> None:
    for distance, count in ((0, 3), (3, 0), (10, 5), (9, 2), (1, 10), (2**63, 1)):
        message = wire.Batch(
            incarnation=INCARNATION, first_position=10, dictionary_distance=distance, dictionary_entries=count
        )
        with pytest.raises(DeflateError):
            names_dictionary(message)


def test_deflate_looks_no_further_back_than_a_dictionary_may_be_long() -> None:
    assert DICTIONARY_BYTES == 1 << zlib.MAX_WBITS


def test_many_empty_entries_are_refused_before_each_gets_its_place() -> None:
    plain = wire.Batch(entries=[b""] * (MAX_ENTRIES + 1)).SerializeToString()
    press = zlib.compressobj(9, zlib.DEFLATED, -15)
    message = wire.Batch(
        incarnation=INCARNATION,
        first_position=1,
        deflated=press.compress(plain) + press.flush(),
        inflated_bytes=len(plain),
        inflated_crc32=zlib.crc32(plain),
    )
    with pytest.raises(DeflateError, match="entries"):
        inflate(message)
