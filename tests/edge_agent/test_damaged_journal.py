"""A ward whose journal is damaged goes on, gives the district what could be saved, and says so until that is done."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.salvaging import Salvaging, WithSalvaged
from edge_agent.uplink.status import Status
from journal.database import place
from journal.journal import Journal
from journal.model import JournalError, JournalFault
from journal.pages import Pages
from journal.verify import verify
from telemetry import wire_pb2 as wire
from telemetry.clock import SystemClock
from telemetry.conditions import Condition, ConditionState
from telemetry.entry import Entry, Readings
from telemetry.readings import Reading
from tests.edge_agent.conftest import SECONDS, Hub, Mosquitto
from tests.edge_agent.test_agent import Door, Heard, Ward

PAGE = 4096


@pytest.fixture
def ward(tmp_path: Path, broker: Mosquitto, free_port: Callable[[], int]) -> Iterator[Ward]:
    door = Door(free_port())
    door.open()
    made = Ward(tmp_path, broker, door)
    yield made
    made.abandon()
    door.shut()


def written(path: Path) -> tuple[bytes, dict[int, bytes]]:
    """A journal of some hundred entries: its incarnation, and every entry by its position."""
    journal = Journal.open(path, clock=SystemClock(), agent_version="1")
    for number in range(300):
        readings = [Reading("port_up", float(number), str(port)) for port in range(8)]
        journal.append(Readings(readings), kind="switch", device="switch-1")
    journal.finish()
    entries = dict(journal.read(journal.incarnation, 1, 10_000, 10**9))
    journal.close()
    return journal.incarnation, entries


def overwrite(path: Path, page: int) -> set[int]:
    """Which positions lay on it."""
    pages = Pages(path)
    found = {place(row.id)[1] for row in pages.rows(page) if row is not None}
    pages.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * PAGE : page * PAGE] = b"\xa5" * PAGE
    path.write_bytes(data)
    return found


def leaf(path: Path) -> int:
    """A page full of readings in the middle of the file."""
    pages = Pages(path)
    found = [number for number in range(2, len(pages) + 1) if sum(row is not None for row in pages.rows(number)) > 5]
    pages.close()
    return found[len(found) // 2]


def says(state: ConditionState) -> Callable[[Entry], bool]:
    """The agent's word of its damaged journal."""

    def is_it(entry: Entry) -> bool:
        payload = entry.payload
        return isinstance(payload, Condition) and (payload.rule, payload.state) == ("journal_damaged", state)

    return is_it


@pytest.mark.parametrize("when", ["at the start", "while in use"])
def test_what_could_be_saved_of_a_damaged_journal_reaches_the_district(ward: Ward, hub: Hub, when: str) -> None:
    incarnation, entries = written(ward.journal)
    lost = overwrite(ward.journal, 1 if when == "at the start" else leaf(ward.journal))
    ward.start()
    ask = wire.ReplayRange(incarnation=incarnation, first=1, last=len(entries))
    before = b""
    if when == "while in use":
        before = hub.online().incarnation
        hub.ask(wire.Request(id="finds it", replay=ask))
        assert not hub.replies.get(timeout=SECONDS).ok  # and nothing is called lost before it is known
    heard = Heard(hub, before)
    heard.begin()
    assert heard.until(says(ConditionState.RAISED)).incarnation not in (incarnation, before)
    told = hub.status(lambda status: any(held.incarnation == incarnation for held in status.held))
    hub.ask(wire.Request(id="again", replay=ask))
    reply = hub.replies.get(timeout=SECONDS)
    assert (reply.request_id, reply.ok) == ("again", True)
    found: dict[int, bytes] = {}
    while not hub.replayed.empty():
        batch = hub.replayed.get()
        if batch.request_id == "again":
            found |= dict(enumerate(batch.entries, batch.first_position))
    assert found.items() <= entries.items()
    named = {at for each in reply.unavailable for at in range(each.first, each.last + 1)}
    assert named == entries.keys() - found.keys() == lost

    for held in told.held:
        everything = [wire.Range(first=held.first_position, last=held.last_position)]
        hub.ask(wire.Request(committed=wire.Committed(incarnation=held.incarnation, ranges=everything)))
    heard.until(says(ConditionState.CLEARED))
    assert ward.end(signal.SIGTERM) == 0
    assert verify(ward.journal).ok


def told_by(view: WithSalvaged) -> wire.Status:
    status = Status(view, SystemClock(), "1", heartbeat_seconds=15.0, news_seconds=5.0)
    return wire.Status.FromString(status.message(online=True))


def test_before_the_damaged_file_is_read_the_ward_says_that_there_may_be_more_and_calls_nothing_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    incarnation, entries = written(path)
    overwrite(path, 1)
    journal = Journal.open(path, clock=SystemClock(), agent_version="1", set_damaged_aside=True)
    view = WithSalvaged(journal)
    salvaging = Salvaging(path, journal, view, SystemClock())
    done: list[bool] = []
    try:
        told = told_by(view)
        assert (told.held_in_part, list(told.held)) == (True, [])
        with pytest.raises(JournalError, match="still to be read"):
            view.read(incarnation, 1, len(entries), 1000)
        assert view.read(journal.incarnation, 1, 1, 1000)  # what it knows of it gives meanwhile
        salvaging.start(lambda: done.append(view.is_whole()))
        deadline = time.monotonic() + SECONDS
        while not done:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        told = told_by(view)
        assert (told.held_in_part, [held.incarnation for held in told.held]) == (False, [incarnation])
        assert view.read(incarnation, 1, len(entries), 1000)
        assert view.read(b"n" * 16, 1, 9, 1000) == []  # now that is known
        salvaging.stop()
        assert told_by(view).held_in_part  # a last word, without what was saved
    finally:
        if not done:
            salvaging.stop()
        journal.close()
    assert done == [True]


def test_a_damaged_file_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    written(path)
    overwrite(path, 1)
    journal = Journal.open(path, clock=SystemClock(), agent_version="1", set_damaged_aside=True)
    (damaged,) = [each for each in tmp_path.glob("*.damaged-*") if not each.name.endswith(("-wal", "-shm"))]
    damaged.with_name(damaged.name.replace("damaged", "salvaged")).mkdir()  # as a disk that takes no new file
    view = WithSalvaged(journal)
    salvaging = Salvaging(path, journal, view, SystemClock())
    try:
        salvaging.read()
        assert told_by(view).held_in_part
    finally:
        view.close()
        journal.close()


def test_where_the_journal_cannot_say_what_it_holds_the_status_does_not_call_that_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(tmp_path / "journal.db", clock=SystemClock(), agent_version="1")
    view = WithSalvaged(journal)

    def fails() -> None:
        raise JournalError(JournalFault.UNREADABLE, tmp_path, "the disk is away")

    try:
        monkeypatch.setattr(journal, "held", fails)
        assert told_by(view).held_in_part
        monkeypatch.undo()
        assert not told_by(view).held_in_part
    finally:
        journal.close()
