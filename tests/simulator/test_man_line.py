"""The line to the city: bytes pass whole, a cut is silent or a refusal, and mending it loses nothing."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
from collections.abc import AsyncIterator

import pytest

from simulator.net.man import Cut, ManLine

SOON = 5.0
A_WHILE = 0.3  # in which nothing may happen


class Echo:
    """What stands beyond the line."""

    def __init__(self) -> None:
        self.arrived = 0
        self.port = 0
        self.server: asyncio.Server | None = None

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self.server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrived += 1
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    beyond = Echo()
    await beyond.open()
    yield beyond
    assert beyond.server is not None
    beyond.server.close()


@pytest.fixture
async def line(echo: Echo) -> AsyncIterator[ManLine]:
    opened = ManLine(("127.0.0.1", echo.port))
    opened.open()
    yield opened
    opened.close()


async def connect(line: ManLine) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", line.port), SOON)


async def says(reader: asyncio.StreamReader, count: int) -> bytes:
    return await asyncio.wait_for(reader.readexactly(count), SOON)


async def is_silent(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), A_WHILE)
    except TimeoutError:
        return True
    return False


async def test_what_is_sent_comes_back_whole_and_the_end_passes_too(line: ManLine, seed: int) -> None:
    data = random.Random(seed).randbytes(3_000_000)
    reader, writer = await connect(line)
    back = asyncio.create_task(reader.read(-1))
    writer.write(data)
    writer.write_eof()
    assert hashlib.sha256(await asyncio.wait_for(back, 30.0)).digest() == hashlib.sha256(data).digest()
    writer.close()


async def test_a_silent_cut_closes_nothing_and_mending_it_brings_what_was_on_its_way(line: ManLine) -> None:
    reader, writer = await connect(line)
    writer.write(b"before")
    assert await says(reader, 6) == b"before"
    line.set_cut(Cut.HANG)
    writer.write(b"during")
    assert await is_silent(reader)
    line.set_cut(None)
    assert await says(reader, 6) == b"during"
    writer.close()


async def test_during_a_silent_cut_nobody_connects_and_nobody_is_refused(line: ManLine, echo: Echo) -> None:
    line.set_cut(Cut.HANG)
    waiting = asyncio.create_task(asyncio.open_connection("127.0.0.1", line.port))
    await asyncio.sleep(A_WHILE)
    assert not waiting.done()
    assert echo.arrived == 0
    line.set_cut(None)
    reader, writer = await asyncio.wait_for(waiting, 10.0)  # the kernel asks again after a second
    writer.write(b"hello")
    assert await says(reader, 5) == b"hello"
    assert echo.arrived == 1
    writer.close()


async def test_a_cut_by_reset_ends_connections_and_refuses_new_ones(line: ManLine, echo: Echo) -> None:
    reader, writer = await connect(line)
    writer.write(b"x")
    await says(reader, 1)
    line.set_cut(Cut.RESET)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SOON)
    with pytest.raises(ConnectionRefusedError):
        await connect(line)
    line.set_cut(None)
    again, writer = await connect(line)
    writer.write(b"y")
    assert await says(again, 1) == b"y"
    assert echo.arrived == 2
    writer.close()


async def test_a_cut_may_change_its_kind(line: ManLine) -> None:
    reader, writer = await connect(line)
    writer.write(b"x")
    await says(reader, 1)
    line.set_cut(Cut.HANG)
    assert await is_silent(reader)
    line.set_cut(Cut.RESET)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SOON)
    line.set_cut(Cut.HANG)
    line.set_cut(None)
    again, writer = await connect(line)
    writer.write(b"y")
    assert await says(again, 1) == b"y"
    writer.close()


async def test_one_who_does_not_read_fills_no_memory_and_stops_nobody(line: ManLine) -> None:
    lazy_reader, lazy_writer = await connect(line)
    lazy_writer.transport.pause_reading()  # type: ignore[attr-defined]
    sent = 0
    for _ in range(400):
        lazy_writer.write(b"z" * 65536)
        sent += 65536
        try:
            await asyncio.wait_for(lazy_writer.drain(), 0.05)
        except TimeoutError:
            break
    else:
        pytest.fail("26 MB went to somebody who reads nothing")
    reader, writer = await connect(line)
    writer.write(b"quick")
    assert await says(reader, 5) == b"quick"
    for one in (writer, lazy_writer):
        one.transport.abort()
    assert lazy_reader is not None


async def test_a_district_that_is_not_there_ends_the_connection_and_later_takes_it() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    line = ManLine(("127.0.0.1", port))
    line.open()
    reader, writer = await connect(line)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SOON)
    writer.close()
    assert line.connections == 0
    line.close()


async def test_one_side_that_vanishes_takes_the_other_with_it(line: ManLine) -> None:
    reader, writer = await connect(line)
    writer.write(b"x")
    await says(reader, 1)
    assert line.connections == 1
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    async with asyncio.timeout(SOON):
        while line.connections:  # noqa: ASYNC110 - the line has no event to wait for, nor needs one
            await asyncio.sleep(0.01)
