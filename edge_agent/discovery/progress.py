"""How far the search is, on standard error: one line that renews itself on a terminal, else a line now and then."""

from __future__ import annotations

import asyncio
from typing import TextIO

from edge_agent.discovery.search import Progress
from telemetry.clock import Clock
from telemetry.configuration.words import Words

_RENEW, _LINE_EVERY = 0.2, 3.0  # seconds


async def show(progress: Progress, clock: Clock, words: Words, out: TextIO) -> None:
    """Until cancelled."""
    terminal = out.isatty()
    try:
        while True:
            line = line_of(progress, clock.monotonic(), words)
            out.write(f"\r\x1b[K{line}" if terminal else f"{line}\n")
            out.flush()
            await asyncio.sleep(_RENEW if terminal else _LINE_EVERY)
    finally:
        if terminal:
            out.write("\r\x1b[K")
            out.flush()


def line_of(progress: Progress, now: float, words: Words) -> str:
    """The line at monotonic second `now`."""
    left = max(0, round(progress.deadline - now))
    return words.say(
        "discover.progress", total=progress.total, found=progress.found, asked=progress.asked, seconds=left
    )
