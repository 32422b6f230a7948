"""What a district asks of an agent when it doubts itself, or when two agents speak as one ward."""

from __future__ import annotations

from journal.journal import Journal
from telemetry import wire_pb2 as wire
from tests.edge_agent.conftest import SECONDS, Hub
from tests.edge_agent.test_uplink import Start, start, wait_for, write

__all__ = ["start"]  # the fixture


def test_an_agent_tells_what_it_was_told_is_committed_and_takes_that_back(
    start: Start, hub: Hub, journal: Journal
) -> None:
    last = write(journal, 5)
    uplink = start()
    hub.online()
    ranges = [wire.Range(first=1, last=last)]
    hub.ask(wire.Request(committed=wire.Committed(incarnation=journal.incarnation, ranges=ranges)))
    assert uplink.wait_until_committed(SECONDS)
    journal.flush()
    hub.ask(wire.Request(tell_committed=wire.TellCommitted()))
    (told,) = hub.status(lambda status: bool(status.committed)).committed
    assert (told.incarnation, [(each.first, each.last) for each in told.ranges]) == (journal.incarnation, [(1, last)])
    back = wire.TakeBack(incarnation=journal.incarnation, ranges=[wire.Range(first=2, last=3)])
    hub.ask(wire.Request(take_back=back))
    wait_for(lambda: list(journal.committed()[journal.incarnation]) == [(1, 1), (4, last)])
    assert not uplink.wait_until_committed(0)


def test_what_is_for_another_agent_of_the_ward_is_not_ours_to_do(start: Start, hub: Hub, journal: Journal) -> None:
    asked: list[str] = []
    start(asked)
    hub.online()
    hub.ask(wire.Request(id="theirs", to=b"another agent...", poll=wire.PollNow(device="ups-1")))
    hub.ask(wire.Request(id="ours", to=journal.incarnation, poll=wire.PollNow(device="ups-1")))
    assert hub.replies.get(timeout=SECONDS).request_id == "ours"
    assert asked == ["ups-1"]
