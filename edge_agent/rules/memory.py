"""Which instances rules have seen good, kept over a restart: a port that went down while the agent was away is a
failure only if it was up before. What is open is not kept here: the journal knows that."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from edge_agent.rules.engine import Seen

log = logging.getLogger(__name__)


class SeenGood:
    """A small file. Losing it costs at most a condition that is raised one port-up later, so it is not synced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved: Sequence[Seen] | None = None

    def load(self) -> list[Seen]:
        """What was saved; nothing where there is no such file, or no sense in it."""
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            found = [Seen(str(device), str(rule), str(instance)) for device, rule, instance in rows]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s cannot be read: %s", self._path, error)
            return []
        self._saved = found
        return found

    def save(self, seen: Sequence[Seen]) -> None:
        """Write it down if it changed; a disk that refuses is tried again the next time."""
        if seen == self._saved:
            return
        beside = self._path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(seen, ensure_ascii=False), encoding="utf-8")
            beside.replace(self._path)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._path, error)
            return
        self._saved = seen
