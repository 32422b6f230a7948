"""Messages that overtake one another: each comes once and whole, in another order, and none waits for ever."""

from __future__ import annotations

import random

from chaos.disorder import Disorder, Frames


def publish(number: int, size: int = 3) -> bytes:
    body = bytes([number]) * size
    length = bytes([size]) if size < 128 else bytes([size % 128 | 0x80, size // 128])
    return b"\x32" + length + body


def test_packets_are_found_however_the_stream_is_cut(seed: int) -> None:
    chance = random.Random(seed)
    packets = [publish(number, chance.choice((1, 127, 128, 5000))) for number in range(50)]
    stream, frames, found = b"".join(packets), Frames(), []
    while stream:
        cut = chance.randrange(1, 700)
        found += frames.take(stream[:cut])
        stream = stream[cut:]
    assert found == packets


def test_messages_change_their_order_and_each_comes_once(seed: int) -> None:
    disorder = Disorder(random.Random(seed))
    disorder.hold_seconds = 2.0
    packets = [publish(number) for number in range(100)]
    came: list[bytes] = []
    for second, packet in enumerate(packets):
        came += disorder.put(packet, second / 10)
        assert len(came) >= second + 1 - 8  # a broker that waits for acknowledgements is not kept waiting for ever
    came += disorder.due(100.0)
    assert came != packets
    assert sorted(came) == sorted(packets)


def test_answers_pass_at_once_and_so_does_everything_when_order_returns() -> None:
    disorder = Disorder(random.Random(1))
    disorder.hold_seconds = 5.0
    ping = b"\xd0\x00"
    held = [publish(number) for number in range(3)]
    assert [each for packet in held for each in disorder.put(packet, 0.0)] == []
    assert disorder.put(ping, 0.0) == [ping]
    disorder.hold_seconds = 0.0
    assert sorted(disorder.due(0.1)) == sorted(held)
    assert disorder.put(held[0], 0.2) == [held[0]]
