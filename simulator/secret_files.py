"""Keys of v3 devices, passwords of cameras and the like: in files that only their owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


class SecretFiles:
    """One folder of secrets, each made when first asked for and the same over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, device: str, what: str) -> Path:
        """Where a secret of a device is: `what` is "password", "auth", "priv" …"""
        return self.folder / f"{device}.{what}"

    def read(self, device: str, what: str) -> str:
        """The secret itself. Raises OSError where the file cannot be written."""
        file = self.file(device, what)
        if file.exists():
            return file.read_text(encoding="ascii").strip()
        key = secrets.token_hex(16)
        self.keep(file, key + "\n")
        return key

    def keep(self, file: Path, text: str) -> None:
        """Write a file that only its owner reads. Raises OSError, FileExistsError too."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(text)

    def password(self, device: str) -> str:
        """Raises OSError where the file cannot be written."""
        return self.read(device, "password")

    def named(self, device: str, what: str, beside: Path) -> str:
        """The secret's file as a configuration in the folder `beside` names it."""
        return os.path.relpath(self.file(device, what), beside)
