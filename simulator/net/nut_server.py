"""NUT's network protocol (RFC 9271), as far as reading goes: what upsd says of one UPS on its computer's USB."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Mapping

from simulator.net.listener import Door, Listener

_MAX_LINE = 512  # bytes, as upsd has it
_IDLE_SECONDS = 120.0
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')

Variables = Callable[[], Mapping[str, str] | None]  # None: the driver hears nothing from the UPS


class NutServer:
    """One port at which one UPS is told of."""

    def __init__(self, name: str, description: str, variables: Variables) -> None:
        self._name, self._description, self._variables = name, description, variables
        self._listener = Listener(self._serve)
        self._talking: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        return self._listener.port

    def open(self, port: int = 0) -> int:
        """Raises OSError where the port is taken."""
        return self._listener.open(port)

    def set_reachable(self, reachable: bool) -> None:
        """A computer without power or cable is silent; those who were connected hear nothing more."""
        door = Door.OPEN if reachable else Door.SILENT
        if door is not self._listener.door:
            self._listener.set(door)
            if not reachable:
                self._hang_up()

    def close(self) -> None:
        self._hang_up()
        self._listener.close()

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

    def _hang_up(self) -> None:
        for task in self._talking:
            task.cancel()

    def _serve(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._talk(connection))
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    async def _talk(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with connection:
            rest = b""
            try:
                while len(rest) <= _MAX_LINE:
                    async with asyncio.timeout(_IDLE_SECONDS):
                        data = await loop.sock_recv(connection, 4096)
                    if not data:
                        return
                    *lines, rest = (rest + data).split(b"\n")
                    for line in lines:
                        said = self.answer(line.decode("utf-8", errors="replace").strip())
                        await loop.sock_sendall(connection, said.encode())
                        if said.startswith("OK Goodbye"):
                            return
            except (OSError, TimeoutError):
                return


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
