"""Runs another program for a reading: no shell, nothing on its standard input, bounded in time and output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

MAX_BYTES = 1_000_000
_ALSO = ("/usr/sbin", "/sbin", "/usr/local/sbin", r"C:\Program Files\smartmontools\bin")  # not on a service's PATH


_END_SECONDS = 1.0


class ProgramMissing(Exception):
    """The program is not installed."""


class ProgramFailed(Exception):
    """It could not be started, took too long or said too much."""


@dataclass(frozen=True, slots=True)
class Said:
    """What it printed (UTF-8; what is not is replaced) and its exit status."""

    status: int
    output: str
    errors: str


def find(program: str) -> str:
    """Its path. Raises ProgramMissing."""
    path = shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *_ALSO)))
    if path is None:
        raise ProgramMissing(program)
    return path


async def run(program: str, arguments: Sequence[str], *, timeout: float, max_bytes: int = MAX_BYTES) -> Said:
    """Run to its end. Raises ProgramMissing, ProgramFailed; when it is cancelled, the program is ended too."""
    path = find(program)
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, ValueError) as error:
        raise ProgramFailed(f"{program}: {error}") from error
    assert process.stdout is not None and process.stderr is not None
    try:
        async with asyncio.timeout(timeout):
            async with asyncio.TaskGroup() as reading:
                output = reading.create_task(_read(process.stdout, max_bytes))
                errors = reading.create_task(_read(process.stderr, max_bytes))
            status = await process.wait()
    except ExceptionGroup as group:
        raise ProgramFailed(f"{program}: {group.exceptions[0]}") from None
    except TimeoutError:
        raise ProgramFailed(f"{program}: no end within {timeout:g} s") from None
    finally:
        if process.returncode is None:
            await _end(process)
    return Said(status, output.result().decode(errors="replace"), errors.result().decode(errors="replace"))


async def _read(stream: asyncio.StreamReader, max_bytes: int) -> bytes:
    """All of it. Raises ProgramFailed where that is too much."""
    found = bytearray()
    while part := await stream.read(65536):
        found += part
        if len(found) > max_bytes:
            raise ProgramFailed(f"more than {max_bytes} bytes")
    return bytes(found)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill it. asyncio sees its end only when its pipes are empty, which a child that it left behind may prevent."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    assert process.stdout is not None and process.stderr is not None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            await asyncio.gather(_drain(process.stdout), _drain(process.stderr))
            await process.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass
