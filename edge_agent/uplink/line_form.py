"""How live batches go over the line, as the district's confirmations allow: plain, deflated, with which dictionary."""

from __future__ import annotations

import logging

from edge_agent.uplink.batches import PLAIN, Form
from edge_agent.uplink.journal_view import JournalView
from journal.model import JournalError
from telemetry import wire_pb2 as wire
from telemetry.deflate import DICTIONARY_BYTES, Dictionary

log = logging.getLogger(__name__)

_MAX_BYTES = 2 * DICTIONARY_BYTES  # the district remembers no more; beyond it, nothing is worth reading


class LineForm:
    """Follows what the district says that it remembers. It says so anew after a restart, and as soon as it cannot read
    a batch; what it could not read, it asks for."""

    def __init__(self, journal: JournalView) -> None:
        self._journal = journal
        self.live = PLAIN

    def begin(self) -> None:
        """A new connection: it may be another district by now, or one of an earlier version."""
        self.live = PLAIN

    def told(self, committed: wire.Committed) -> None:
        """A confirmation. One of another incarnation says nothing of what is sent now."""
        if committed.incarnation != self._journal.incarnation:
            return
        if not committed.HasField("remembered"):
            self.live = PLAIN
        else:
            remembered = committed.remembered
            self.live = Form(deflated=True, dictionary=self._dictionary(remembered.first, remembered.last))

    def _dictionary(self, first: int, last: int) -> Dictionary | None:
        if not 0 < first <= last:
            return None
        incarnation = self._journal.incarnation
        try:
            rows = self._journal.read(incarnation, first, last, _MAX_BYTES)
        except JournalError as error:
            log.error("no dictionary: %s", error)
            return None
        if [position for position, _ in rows] != list(range(first, last + 1)):
            return None  # pruned meanwhile, or the district remembers what this journal never wrote
        return Dictionary.of(incarnation, first, [entry for _, entry in rows])
