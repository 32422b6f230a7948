"""Talks to a running virtual ward's control port; kept light, so that `ward-sim fault` answers at once."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TIMEOUT_SECONDS = 10.0


class ControlError(Exception):
    """The virtual ward cannot be spoken to. `code` names the words, `port` where it was sought."""

    def __init__(self, code: str, port: int = 0) -> None:
        super().__init__(code)
        self.code, self.port = code, port


@dataclass(frozen=True, slots=True)
class StateFolder:
    """Where a running ward leaves its control port and, without --write-config, its configuration."""

    path: Path

    @classmethod
    def of_user(cls) -> StateFolder:
        """A folder of this user alone: XDG_RUNTIME_DIR, or one in the temporary folder that nobody else owns."""
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime and Path(runtime).is_dir():
            return cls(Path(runtime) / "ward-sim")
        return cls(Path(tempfile.gettempdir()) / f"ward-sim-{os.getuid()}")

    def make(self) -> None:
        """Raises PermissionError where somebody else made it first."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.path} belongs to somebody else")

    def remember(self, control_port: int) -> None:
        self.make()
        self._file.write_text(json.dumps({"control_port": control_port, "pid": os.getpid()}), encoding="ascii")

    def forget(self) -> None:
        """Only what this process remembered: a second ward may have begun since."""
        if self._file.exists() and json.loads(self._file.read_text(encoding="ascii")).get("pid") == os.getpid():
            self._file.unlink()

    def control_port(self) -> int:
        """Raises ControlError("no_state")."""
        try:
            return int(json.loads(self._file.read_text(encoding="ascii"))["control_port"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ControlError("no_state") from error

    @property
    def _file(self) -> Path:
        return self.path / "control.json"


def ask(port: int, **request: object) -> dict[str, Any]:
    """Send one request; the result is control.Answer as JSON. Raises ControlError."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline()
    except OSError as error:
        raise ControlError("no_simulator", port) from error
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise ControlError("bad_answer", port) from error
    if not isinstance(answer, dict) or "ok" not in answer:
        raise ControlError("bad_answer", port)
    return answer
