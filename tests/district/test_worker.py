"""The ingest's thread survives what goes wrong in one group, and ends when nothing can go on."""

from __future__ import annotations

import threading

import pytest

from district.config import BrokerSection
from district.inbox import Inbox
from district.link import Link
from district.message import Message
from district.worker import Worker
from store.base import StoreError, StoreFault
from tests.district.conftest import WARDS, Desk
from tests.district.fakes import ScriptedWard


def _worker(desk: Desk, inbox: Inbox, lost: threading.Event) -> Worker:
    link = Link(BrokerSection(url="mqtt://127.0.0.1"), "hai-chau", WARDS, desk.clock, lambda *_: None)
    return Worker(desk.clock, desk.ingest, inbox, link, desk.pace, lost.set)


def test_a_defect_in_one_group_costs_only_that_group(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, lost = Inbox(desk.clock, WARDS, desk.pace), threading.Event()
    commit, tries = desk.store.commit, []

    def fails_once(commits: object) -> None:
        tries.append(commits)
        if len(tries) == 1:
            raise RuntimeError("a defect of ours")
        commit(commits)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.store, "commit", fails_once)
    worker = _worker(desk, inbox, lost)
    worker.start()
    inbox.put(Message(ward.topic("entries"), ward.batch(1)))
    while not tries:
        threading.Event().wait(0.01)
    inbox.put(Message(ward.topic("entries"), ward.batch(1)))
    worker.stop()
    assert desk.held(ward) == [(1, 2)]
    assert not lost.is_set()


def test_a_store_beyond_help_ends_the_hub(desk: Desk, ward: ScriptedWard) -> None:
    inbox, lost = Inbox(desk.clock, WARDS, desk.pace), threading.Event()
    desk.store.fails = StoreError("the file is damaged", StoreFault.DAMAGED)
    worker = _worker(desk, inbox, lost)
    worker.start()
    inbox.put(Message(ward.topic("entries"), ward.batch(1)))
    assert lost.wait(10)
    worker.stop()


def test_one_ward_that_the_store_refuses_does_not_stop_the_others(
    desk: Desk, ward: ScriptedWard, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ScriptedWard(ward="thach-thang", incarnation=bytes(reversed(range(16)))).started()
    commit = desk.store.commit

    def refuses_one(commits: object) -> None:
        group = list(commits)  # type: ignore[call-overload]
        if any(each.ward == "thach-thang" for each in group):
            raise StoreError("not this one", StoreFault.REFUSED)
        commit(group)

    monkeypatch.setattr(desk.store, "commit", refuses_one)
    desk.hear((other.topic("entries"), other.batch(1)), (ward.topic("entries"), ward.batch(1)))
    assert desk.held(ward) == [(1, 2)]
    assert desk.held(other) == []
    assert desk.situation.numbers["thach-thang"].refused_entries == 1
