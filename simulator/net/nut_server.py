"""NUT's network protocol (RFC 9271), as far as reading goes: what upsd says of one UPS on its computer's USB."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping

_MAX_LINE = 512  # bytes, as upsd has it
_IDLE_SECONDS = 120.0
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')

Variables = Callable[[], Mapping[str, str] | None]  # None: the driver hears nothing from the UPS


class NutServer:
    """One UPS that is told of, to whoever talks to it (simulator.net.stream_door.Talk)."""

    def __init__(self, name: str, description: str, variables: Variables) -> None:
        self._name, self._description, self._variables = name, description, variables

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until he takes leave, says nothing for two minutes, or sends a line that is too long."""
        while True:
            async with asyncio.timeout(_IDLE_SECONDS):
                line = await reader.readline()
            if not line.endswith(b"\n") or len(line) > _MAX_LINE:
                return
            said = self.answer(line.decode("utf-8", errors="replace").strip())
            writer.write(said.encode())
            await writer.drain()
            if said.startswith("OK Goodbye"):
                return

    def answer(self, line: str) -> str:
        """What upsd answers to one line, with the ends of its lines."""
        words = [quoted or plain for quoted, plain in _WORD.findall(line)]
        match words:
            case ["VER"]:
                return "Network UPS Tools upsd 2.8.0 - ward-sim\n"
            case ["USERNAME" | "PASSWORD", _]:
                return "OK\n"
            case ["STARTTLS"]:
                return "ERR FEATURE-NOT-CONFIGURED\n"
            case ["LOGIN", name]:
                # Nobody may count himself among the computers that it feeds: who reads only need not (RFC 9271).
                return self._of(name, lambda _: "ERR ACCESS-DENIED\n")
            case ["LOGOUT"]:
                return "OK Goodbye\n"
            case ["LIST", "UPS"]:
                return f'BEGIN LIST UPS\nUPS {self._name} "{_escaped(self._description)}"\nEND LIST UPS\n'
            case ["LIST", "VAR", name]:
                return self._of(name, lambda found: self._list(found))
            case ["GET", "VAR", name, variable]:
                return self._of(name, lambda found: self._line(variable, found))
            case ["GET", "NUMLOGINS", name]:
                return self._of(name, lambda _: f"NUMLOGINS {self._name} 0\n")
        return "ERR UNKNOWN-COMMAND\n"

    def _of(self, name: str, say: Callable[[Mapping[str, str]], str]) -> str:
        if name != self._name:
            return "ERR UNKNOWN-UPS\n"
        found = self._variables()
        return "ERR DATA-STALE\n" if found is None else say(found)

    def _list(self, found: Mapping[str, str]) -> str:
        lines = "".join(self._line(variable, found) for variable in sorted(found))
        return f"BEGIN LIST VAR {self._name}\n{lines}END LIST VAR {self._name}\n"

    def _line(self, variable: str, found: Mapping[str, str]) -> str:
        if variable not in found:
            return "ERR VAR-NOT-SUPPORTED\n"
        return f'VAR {self._name} {variable} "{_escaped(found[variable])}"\n'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
