"""Connections for reading: each is used by one thread at a time, and none outlives the store."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.base import StoreError, StoreFault
from store.embedded.database import open_for_reading, translated


class Readers:
    """Lends a connection to whoever reads; makes one more when all are lent."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._condition = threading.Condition()
        self._idle: list[sqlite3.Connection] = []
        self._lent = 0
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """For reading within the block. Raises StoreError, also for what SQLite raises within."""
        with self._condition:
            if self._closed:
                raise StoreError("the store is closed", StoreFault.CLOSED)
            self._lent += 1
            connection = self._idle.pop() if self._idle else None
        try:
            with translated(self._path):
                connection = connection or open_for_reading(self._path)
                yield connection
        finally:
            with self._condition:
                self._lent -= 1
                if connection is not None:
                    self._idle.append(connection)
                self._condition.notify_all()

    def close(self) -> None:
        """Wait for those that read now; nobody reads afterwards."""
        with self._condition:
            self._closed = True
            self._condition.wait_for(lambda: self._lent == 0)
            for connection in self._idle:
                connection.close()
            self._idle.clear()
