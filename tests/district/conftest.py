"""A hub without a broker, in virtual time: messages go in by hand, requests come out in a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.console.site import Change
from district import rebuild, ward_clocks
from district.commit_pace import CommitPace
from district.database import open_database
from district.evidence import EvidenceBook
from district.holdings import Holdings
from district.ingest import Ingest
from district.message import Message
from district.pictures.desk import PictureDesk
from district.pictures.shelf import PictureShelf
from district.records import Records
from district.replication import Replication
from district.site import DistrictSite, Proven, note
from store.base import Store
from telemetry import wire_pb2 as wire
from telemetry.clock import FakeClock
from telemetry.evidence import Evidence
from telemetry.intervals import IntervalSet
from tests.district.fakes import START_US, MemoryStore, ScriptedWard

WARDS = {"hai-chau-1": "Phường Hải Châu 1", "thach-thang": "Phường Thạch Thang"}


class Desk:
    """The hub's inside. `start` again on the same store and folder is a restart after a crash."""

    def __init__(self, folder: Path, store: MemoryStore) -> None:
        self.clock = FakeClock(wall_us=START_US + 86_400_000_000)  # the scripted wards' times are of the day before
        self.folder, self.store = folder, store
        self.broker_there = True
        self.hearing_since: float | None = self.clock.monotonic()
        self.pace = CommitPace()
        self.start()

    def start(self) -> None:
        self.sent: list[tuple[str, wire.Request]] = []
        self.changes: list[Change] = []
        self.records = Records(open_database(self.folder / "hub.db"))
        store: Store = self.store
        self.situation = rebuild.situation(self.clock, WARDS, store, self.records)
        final = rebuild.losses(store, self.records, final=True)
        self.holdings = Holdings(store, rebuild.losses(store, self.records), final)
        to = self.situation.speakers.to
        replication = Replication(self.clock, self.holdings, self._send, WARDS, self.pace, to)
        self.shelf = PictureShelf(self.folder / "pictures", WARDS, self.clock)
        presence, situation = self.situation.presence.presence, self.situation
        self.pictures = PictureDesk(
            *(self.clock, self.shelf, store, WARDS, self._send, presence, situation.cameras),
            tell=lambda change: situation.tell([change]),
        )
        self.book = EvidenceBook(store, self.clock)
        self.ingest = Ingest(
            *(self.clock, "hai-chau", self.situation, store, self.records, self.holdings, replication),
            answered=self.pictures.reply,
            proven=self._proven,
        )
        proven = Proven(self.book, self.shelf, self.pictures)
        self.site = DistrictSite(self.clock, "Quận Hải Châu", self.situation, store, self.records, self._send, proven)
        self.site.listen(self.changes.append)

    def _proven(self, ward: str, device: str, evidence: Evidence) -> None:
        note(Proven(self.book, self.shelf, self.pictures), ward, device, evidence)

    def hear(self, *messages: tuple[str, bytes] | Message) -> None:
        """One group of messages."""
        self.ingest.process(
            [each if isinstance(each, Message) else Message(*each) for each in messages],
            hearing_since=self.hearing_since if self.broker_there else None,
        )

    def wait(self, seconds: float, step: float = 0.5) -> None:
        """Time passes; the hub's thread turns its rounds."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            self.hear()

    def replays(self) -> list[wire.ReplayRange]:
        """What was asked for since the last call, and forget it."""
        found = [request.replay for _, request in self.sent if request.WhichOneof("what") == "replay"]
        self.sent = [each for each in self.sent if each[1].WhichOneof("what") != "replay"]
        return found

    def committed(self, ward: str, incarnation: bytes) -> IntervalSet:
        """What the ward was told last about this incarnation."""
        for name, request in reversed(self.sent):
            if name == ward and request.committed.incarnation == incarnation:
                return IntervalSet((each.first, each.last) for each in request.committed.ranges)
        return IntervalSet()

    def held(self, ward: ScriptedWard) -> list[tuple[int, int]]:
        """What the store has of the ward's incarnation."""
        return list(self.store.positions(ward.ward, ward.incarnation))

    def _send(self, ward: str, request: wire.Request) -> bool:
        if self.broker_there:
            self.sent.append((ward, request))
        return self.broker_there


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(ward_clocks, "OFF_SECONDS", 10 * 86_400)  # the scripted wards are of yesterday
    return Desk(tmp_path, MemoryStore())


@pytest.fixture
def ward() -> ScriptedWard:
    return ScriptedWard().started()


def answer(desk: Desk, ward: ScriptedWard, request: wire.Request, without: Callable[[int], bool] | None = None) -> None:
    """What an agent does with a replay request; `without` names positions that its journal no longer holds."""
    first, last = request.replay.first, min(request.replay.last, len(ward.entries))
    reply = wire.Reply(request_id=request.id, ok=True)
    for position in range(first, last + 1):
        if without is not None and without(position):
            reply.unavailable.add(first=position, last=position)
        else:
            desk.hear((ward.topic("replay"), ward.batch(position, position, request.id)))
    desk.hear((ward.topic("replies"), reply.SerializeToString()))
