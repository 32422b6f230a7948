"""NUT's network protocol (RFC 9271) to one upsd, as far as reading goes: lines of text over TCP.

We never LOGIN: that counts us among the computers that the UPS feeds, and the one that shuts the UPS down would wait
for us (RFC 9271 section 4.2.5). USERNAME and PASSWORD are told where they are configured, for servers that read only to
those who are known. Nothing that a server answers is believed to be finite, short or text.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from dataclasses import dataclass

from pydantic import SecretStr

from collectors.config import NutDevice
from collectors.protocols import snmp_values
from telemetry.network_errors import code_of
from telemetry.readings import ReasonCode

DEFAULT_PORT = 3493
MAX_LINE = 2048  # bytes; upsd's own values have at most 256
MAX_VARIABLES = 500  # a large three-phase UPS has about 150
_VARIABLE = re.compile(rb'VAR (?:"[^"]*"|\S+) ([A-Za-z0-9._-]{1,80}) "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")

# What upsd says instead of an answer (RFC 9271 section 4.3). What is not here is no answer that we can understand.
_ERRORS = {
    "ACCESS-DENIED": ReasonCode.WRONG_CREDENTIALS,
    "INVALID-USERNAME": ReasonCode.WRONG_CREDENTIALS,
    "INVALID-PASSWORD": ReasonCode.WRONG_CREDENTIALS,
    "USERNAME-REQUIRED": ReasonCode.WRONG_CREDENTIALS,
    "PASSWORD-REQUIRED": ReasonCode.WRONG_CREDENTIALS,
    "UNKNOWN-UPS": ReasonCode.UNKNOWN_UPS,
    "DRIVER-NOT-CONNECTED": ReasonCode.DRIVER_LOST,
    "DATA-STALE": ReasonCode.STALE_DATA,
    "VAR-NOT-SUPPORTED": ReasonCode.UNSUPPORTED,
}
# After these, the next line that comes answers the next question.
_STILL_IN_STEP = frozenset(
    {ReasonCode.UNKNOWN_UPS, ReasonCode.DRIVER_LOST, ReasonCode.STALE_DATA, ReasonCode.UNSUPPORTED}
)


class NutFault(Exception):
    """Why there is no answer; `detail` is for the log and never holds a secret."""

    def __init__(self, code: ReasonCode, detail: str) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Stream:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class NutClient:
    """Holds the connection between polls. Every method raises NutFault and nothing else."""

    def __init__(self, device: NutDevice) -> None:
        self._device = device
        self._stream: _Stream | None = None

    async def variables(self) -> dict[str, str]:
        """Every variable of the UPS that the server knows (LIST VAR). All of it within the device's time-out."""
        return dict(map(parse_variable, await self._ask(f"LIST VAR {self._device.ups_name}")))

    async def variable(self, name: str) -> str:
        """One variable (GET VAR): a line there, a line back."""
        found, value = parse_variable((await self._ask(f"GET VAR {self._device.ups_name} {name}"))[0])
        if found != name:
            await self.close()
            raise NutFault(ReasonCode.GARBLED_ANSWER, f"asked for {name}, told {found}")
        return value

    async def close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.writer.close()
            with contextlib.suppress(OSError, TimeoutError):  # whoever hangs there is no longer our concern
                async with asyncio.timeout(0.5):
                    await stream.writer.wait_closed()

    async def _ask(self, command: str) -> list[bytes]:
        """One exchange, bounded in time; a connection on which anything went wrong is given up."""
        device = self._device
        try:
            async with asyncio.timeout(device.timeout):
                return await self._exchange(command)
        except NutFault as fault:
            if fault.code not in _STILL_IN_STEP:
                self._drop()
            raise
        except TimeoutError as error:
            self._drop()
            raise NutFault(ReasonCode.NO_ANSWER, f"no whole answer within {device.timeout:g} s") from error
        except socket.gaierror as error:
            raise NutFault(ReasonCode.NAME_UNKNOWN, f"{device.host}: {error}") from error
        except OSError as error:
            self._drop()
            raise NutFault(code_of(error), str(error) or type(error).__name__) from error
        except asyncio.CancelledError:
            self._drop()
            raise

    async def _exchange(self, command: str) -> list[bytes]:
        kept = self._stream is not None
        try:
            return await self._exchange_on(self._stream or await self._open(), command)
        except ConnectionError:
            if not kept:
                raise
            self._drop()  # upsd was started anew since the last poll, or weary of us
            return await self._exchange_on(await self._open(), command)

    async def _exchange_on(self, stream: _Stream, command: str) -> list[bytes]:
        await _send(stream, command)
        if not command.startswith("LIST "):
            return [await _line(stream)]
        begin = await _line(stream)
        if begin != f"BEGIN {command}".encode():
            raise NutFault(ReasonCode.GARBLED_ANSWER, f"begins with {begin[:80]!r}")
        lines: list[bytes] = []
        while (line := await _line(stream)) != f"END {command}".encode():
            lines.append(line)
            if len(lines) > MAX_VARIABLES:
                raise NutFault(ReasonCode.GARBLED_ANSWER, f"more than {MAX_VARIABLES} variables")
        return lines

    async def _open(self) -> _Stream:
        device = self._device
        reader, writer = await asyncio.open_connection(device.host, device.port or DEFAULT_PORT, limit=MAX_LINE)
        stream = self._stream = _Stream(reader, writer)
        for word, secret in (("USERNAME", device.username), ("PASSWORD", _plain(device.password))):
            if secret:
                await _send(stream, f"{word} {_quoted(secret)}")
                answer = await _line(stream)
                if not answer.startswith(b"OK"):
                    raise NutFault(ReasonCode.GARBLED_ANSWER, f"{word} is answered with {answer[:80]!r}")
        return stream

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.writer.transport.abort()


def parse_variable(line: bytes) -> tuple[str, str]:
    """`VAR <ups> <name> "<value>"`: name and value, in whatever encoding the UPS told it. Raises NutFault."""
    found = _VARIABLE.fullmatch(line)
    if found is None:
        raise NutFault(ReasonCode.GARBLED_ANSWER, f"no variable: {line[:80]!r}")
    return found[1].decode("ascii"), snmp_values.text(_ESCAPED.sub(rb"\1", found[2]))


async def _send(stream: _Stream, command: str) -> None:
    stream.writer.write(f"{command}\n".encode())
    await stream.writer.drain()


async def _line(stream: _Stream) -> bytes:
    """The next line without its end. Raises NutFault for an ERR, ConnectionError at the end of the stream."""
    try:
        line = await stream.reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the server closed the connection") from error
    except asyncio.LimitOverrunError as error:
        raise NutFault(ReasonCode.GARBLED_ANSWER, f"a line longer than {MAX_LINE} bytes") from error
    line = line.strip()
    if line.startswith(b"ERR "):
        word = line[4:].split(b" ")[0][:40].decode("ascii", errors="replace")
        raise NutFault(_ERRORS.get(word, ReasonCode.GARBLED_ANSWER), f"ERR {word}")
    return line


def _quoted(text: str) -> str:
    if any(ord(character) < 32 for character in text):  # a line break would end the command and begin another
        raise NutFault(ReasonCode.WRONG_CREDENTIALS, "a control character in the password")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
