"""One question and one bounded answer over TCP, for protocols that are lines of text. No credential is ever sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

TIMEOUT = 2.0
MOST_BYTES = 32_768


async def ask(address: str, port: int, question: str, whole: Callable[[bytes], bool] = lambda told: False) -> str:
    """What the service answers until it closes, `whole` says enough, or the bounds are reached; "" for nothing."""
    told = bytearray()
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_connection(address, port)
            writer.write(question.encode("ascii"))
            while len(told) < MOST_BYTES and not whole(bytes(told)):
                chunk = await reader.read(4096)
                if not chunk:
                    break
                told += chunk
    except (TimeoutError, OSError):
        pass  # what came counts; silence is no evidence
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(0.2):
                    await writer.wait_closed()
    return bytes(told[:MOST_BYTES]).decode("utf-8", errors="replace")
