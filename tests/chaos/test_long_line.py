"""A line that can be made slow: everything arrives, in order, that much later."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from chaos.long_line import LongLine
from simulator.net.ports import free_port

HERE = Path("/proc/thread-self/ns/net")


async def test_what_passes_is_whole_and_late_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.long_line.visiting", contextlib.nullcontext)  # this test stays where it is

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = free_port()
    line = LongLine(HERE, server.sockets[0].getsockname(), port)
    line.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    for delay in (0.0, 0.2):
        line.delay = delay
        began = time.monotonic()
        writer.write(b"x" * 200_000)
        assert await reader.readexactly(200_000) == b"x" * 200_000
        took.append(time.monotonic() - began)
    assert took[1] >= 0.4
    writer.close()
    assert await reader.read() == b""
    server.close()
