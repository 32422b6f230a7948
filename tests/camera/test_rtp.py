"""Access units out of RTP, whatever order, losses and nonsense: never a damaged one, never an exception."""

from __future__ import annotations

import random
import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from camera.relay.annexb import START_CODE
from camera.relay.assemble import AccessUnit, Assembler
from camera.relay.rtp import Depacketizer, Packet
from telemetry.live import MAX_ACCESS_UNIT_BYTES

PAYLOAD_TYPE = 96
SETS = (
    START_CODE + bytes.fromhex("67640029acd940780227e5c044000003000400000300c83c60c658") + START_CODE + b"\x68\xeb\xe3"
)


def rtp(payload: bytes, sequence: int, time: int, *, marker: bool = False, first: int = 0x80, kind: int = 96) -> bytes:
    return struct.pack(">BBHII", first, kind | (0x80 if marker else 0), sequence % 65536, time % 2**32, 9) + payload


def payloads(nal: bytes, chance: random.Random) -> list[bytes]:
    """The NAL unit as it is, or as fragments (FU-A)."""
    if len(nal) < 4 or chance.random() < 0.4:
        return [nal]
    size = chance.randint(1, len(nal) - 1)
    parts = [nal[1:][at : at + size] for at in range(0, len(nal) - 1, size)]
    if len(parts) < 2:
        return [nal]
    head = nal[0] & 0xE0 | 28
    last = len(parts) - 1
    bits = [0x80 if n == 0 else 0x40 if n == last else 0 for n in range(len(parts))]
    return [bytes((head, bit | nal[0] & 0x1F)) + part for bit, part in zip(bits, parts, strict=True)]


def stap_a(nals: list[bytes]) -> bytes:
    return b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in nals)


def fed(packets: list[bytes], into: Depacketizer | None = None) -> list[Packet]:
    depacketizer = into or Depacketizer(PAYLOAD_TYPE)
    given_ = [depacketizer.feed(memoryview(packet), 0, len(packet)) for packet in packets]
    return [packet for packet in given_ if packet is not None]


def film(chance: random.Random, count: int) -> tuple[list[bytes], list[bytes]]:
    """Pictures as Annex B, and the RTP packets that carry them."""
    pictures, packets, sequence = [], [], chance.randrange(65536)
    for number in range(count):
        keyframe = number % 4 == 0
        nals = [b"\x67" + chance.randbytes(9), b"\x68" + chance.randbytes(4)] if keyframe else []
        kind = 0x65 if keyframe else 0x41
        slices = [bytes((kind,)) + chance.randbytes(chance.randint(1, 400)) for _ in range(chance.randint(1, 4))]
        bodies = [stap_a(nals)] if nals and chance.random() < 0.5 else list(nals)
        if chance.random() < 0.3:
            nals.append(b"\x0a")  # an end of sequence is one byte
            bodies.append(b"\x0a")
        bodies += [body for each in slices for body in payloads(each, chance)]
        pictures.append(b"".join(START_CODE + nal for nal in [*nals, *slices]))
        for index, body in enumerate(bodies):
            packets.append(rtp(body, sequence, number * 3600 - 7000, marker=index == len(bodies) - 1))
            sequence += 1
    return pictures, packets


@given(st.integers(0, 2**32))
def test_pictures_come_out_as_they_went_in(seed: int) -> None:
    pictures, packets = film(random.Random(seed), 12)
    found = fed(packets)
    assert [packet.data for packet in found] == pictures
    assert [packet.keyframe for packet in found] == [number % 4 == 0 for number in range(12)]
    assert not any(packet.lost_before for packet in found)


@given(st.integers(0, 2**32), st.floats(0.0, 0.4))
def test_with_packets_lost_no_damaged_picture_comes_out_and_the_loss_is_told(seed: int, share: float) -> None:
    chance = random.Random(seed)
    pictures, packets = film(chance, 24)
    # What a camera sends first after PLAY is the beginning of a picture; nobody can tell a loss before it.
    kept = [packets[0], *(packet for packet in packets[1:] if chance.random() >= share)]
    found = fed(kept)
    numbers = [pictures.index(packet.data) for packet in found]  # ValueError: a picture that never was
    assert numbers == sorted(set(numbers))
    before = None if not numbers else numbers[0]
    for packet, number in zip(found, numbers, strict=True):
        assert packet.lost_before or before is None or number - before <= 1
        before = number


@given(st.lists(st.binary(max_size=60), max_size=40))
def test_no_bytes_make_it_fail(packets: list[bytes]) -> None:
    depacketizer = Depacketizer(PAYLOAD_TYPE)
    found = fed(packets, depacketizer)
    found += fed([rtp(payload, number, 0) for number, payload in enumerate(packets)], depacketizer)
    extras = [
        rtp(payload, n, n, first=0x80 | len(payload) % 64, marker=n % 3 == 0) for n, payload in enumerate(packets)
    ]
    found += fed(extras, depacketizer)
    assert all(each.data.startswith(b"\0\0\0\1") for each in found)


@given(st.integers(0, 2**32))
def test_contributing_sources_extension_and_padding_are_taken_off(seed: int) -> None:
    chance = random.Random(seed)
    pictures, packets = film(chance, 6)
    dressed = []
    for packet in packets:
        sources, words, padding = chance.randint(0, 3), chance.randint(0, 3), chance.randint(1, 9)
        first = 0x80 | 0x20 | 0x10 | sources
        extra = bytes(4 * sources) + struct.pack(">HH", 0xBEDE, words) + bytes(4 * words)
        dressed.append(bytes((first,)) + packet[1:12] + extra + packet[12:] + bytes(padding - 1) + bytes((padding,)))
    assert [packet.data for packet in fed(dressed)] == pictures


def test_a_picture_beyond_every_size_is_dropped_and_the_next_keyframe_is_whole() -> None:
    size = 60_000
    count = MAX_ACCESS_UNIT_BYTES // size + 5
    head = b"\x7c"
    packets = [rtp(head + b"\x85" + bytes(size), 0, 0)]
    packets += [rtp(head + b"\x05" + bytes(size), n, 0) for n in range(1, count)]
    packets += [rtp(head + b"\x45" + b"x", count, 0, marker=True), rtp(b"\x65abc", count + 1, 3600, marker=True)]
    found = fed(packets)
    assert [(packet.data, packet.lost_before) for packet in found] == [(START_CODE + b"\x65abc", True)]


# ---- from access units to what the hub may have ---------------------------------------------------------------------


def assembled(packets: list[Packet], described: bytes = b"") -> list[AccessUnit]:
    assembler = Assembler(described)
    taken = [assembler.take(packet) for packet in packets]
    return [unit for unit in taken if unit is not None]


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans(), st.booleans()), max_size=50))
def test_timestamps_go_forward_whatever_the_camera_says(said: list[tuple[int, bool, bool]]) -> None:
    packets = [Packet(SETS + START_CODE + b"\x65a", time, key, lost) for time, key, lost in said]
    units = assembled(packets)
    times = [unit.timestamp_us for unit in units]
    assert times == sorted(set(times)) and all(time > 0 for time in times)
    assert all(after - before <= 10_000_000 for before, after in pairwise(times))
    assert not units or units[0].keyframe


def test_the_camera_s_own_steps_are_kept_also_over_the_wrap_of_its_clock() -> None:
    times = [(2**32 - 9000 + n * 3600) % 2**32 for n in range(6)]
    units = assembled([Packet(SETS + START_CODE + b"\x65a", time, True, False) for time in times])
    assert [unit.timestamp_us - units[0].timestamp_us for unit in units] == [n * 40_000 for n in range(6)]


def test_after_a_loss_nothing_is_given_until_a_keyframe() -> None:
    keyframe, other = SETS + START_CODE + b"\x65a", START_CODE + b"\x41b"
    said = [(other, False, False), (keyframe, True, False), (other, False, False)]
    said += [(other, False, True), (other, False, False), (keyframe, True, False), (other, False, False)]
    units = assembled([Packet(data, n * 3600, key, lost) for n, (data, key, lost) in enumerate(said)])
    assert [unit.keyframe for unit in units] == [True, False, True, False]
    assert [unit.sets is not None for unit in units] == [True, False, False, False]
