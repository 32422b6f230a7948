"""The whole agent as a process: real files, real signals, a real broker, and devices that come and go."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent.clock_watch import ClockWatch
from edge_agent.open_conditions import open_conditions
from edge_agent.rules.engine import Seen
from edge_agent.rules.memory import SeenGood
from journal.events import events_newest_first
from journal.model import JournalError
from journal.verify import verify
from telemetry import wire_pb2 as wire
from telemetry.clock import ClockState, FakeClock
from telemetry.conditions import Condition, ConditionState, Severity
from telemetry.entry import Entry, Facts, Lifecycle, LifecycleEvent, Readings, decode, encode
from telemetry.readings import Inventory
from tests.edge_agent.conftest import DISTRICT, SECONDS, WARD, Hub, Mosquitto

AGENT = Path(sys.executable).parent / "ward-agent"


class Door:
    """A TCP service that can be shut."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def open(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", self.port), backlog=100)

    def shut(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@pytest.fixture
def door(free_port: Callable[[], int]) -> Iterator[Door]:
    made = Door(free_port())
    made.open()
    yield made
    made.shut()


class Ward:
    """A configured ward whose agent can be started, stopped and killed."""

    def __init__(self, folder: Path, broker: Mosquitto, door: Door) -> None:
        self.config = folder / "ward.toml"
        self.data = folder / "data"
        self.journal = self.data / "journal.db"
        self.log = folder / "agent.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.config.write_text(
            f'[ward]\nid = "{WARD}"\nname = "Phường Hải Châu 1"\ndistrict = "{DISTRICT}"\n'
            f'[uplink]\nbroker = "{broker.url}"\n[journal]\ncommit_interval = "100ms"\n'
            '[[device]]\nid = "self"\nkind = "server"\nprotocol = "psutil"\ninterval = 1\n'
            f'[[device]]\nid = "door"\nkind = "service"\nprotocol = "tcp"\nhost = "127.0.0.1"\nport = {door.port}\n'
            'interval = 1\nparent = "self"\n[[rule]]\nid = "unreachable"\nhold = 0.5\n',
            encoding="utf-8",
        )

    def start(self, *arguments: str) -> None:
        with self.log.open("ab") as log:
            command = [str(AGENT), "run", "-c", str(self.config), *arguments]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, with_signal: signal.Signals) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        process.send_signal(with_signal)
        return process.wait(timeout=SECONDS)

    def abandon(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)


@pytest.fixture
def ward(tmp_path: Path, broker: Mosquitto, door: Door) -> Iterator[Ward]:
    made = Ward(tmp_path, broker, door)
    yield made
    made.abandon()


class Heard:
    """The entries that a hub hears, also those that it has to ask for."""

    def __init__(self, hub: Hub, known: bytes = b"") -> None:
        """`known` is the incarnation that was heard before."""
        self._hub = hub
        self._known = known
        self.entries: list[Entry] = []

    def begin(self) -> bytes:
        """A new start of the agent: ask for what came before the connection. Its incarnation."""
        status = self._hub.status(lambda status: status.online and status.incarnation != self._known)
        if status.head_position:
            asked = wire.ReplayRange(incarnation=status.incarnation, first=1, last=status.head_position)
            self._hub.ask(wire.Request(id="start", replay=asked))
            self._hub.replies.get(timeout=SECONDS)
            while not self._hub.replayed.empty():
                self._take(self._hub.replayed.get())
        return bytes(status.incarnation)

    def until(self, wanted: Callable[[Entry], bool]) -> Entry:
        """The first entry that is as wanted, of those heard or still to come."""
        seen = 0
        deadline = time.monotonic() + SECONDS
        while True:
            for entry in self.entries[seen:]:
                if wanted(entry):
                    return entry
            seen = len(self.entries)
            self._take(self._hub.live.get(timeout=max(0.01, deadline - time.monotonic())))

    def conditions(self) -> list[tuple[str, ConditionState]]:
        found = [entry.payload for entry in self.entries if isinstance(entry.payload, Condition)]
        return [(each.device, each.state) for each in found]

    def _take(self, batch: wire.Batch) -> None:
        if batch.incarnation != self._known:
            self.entries += [decode(entry) for entry in batch.entries]


def is_condition(device: str, state: ConditionState) -> Callable[[Entry], bool]:
    return lambda entry: isinstance(entry.payload, Condition) and (entry.device, entry.payload.state) == (device, state)


def reads(device: str, metric: str, value: float | None = None) -> Callable[[Entry], bool]:
    return lambda entry: (
        entry.device == device
        and isinstance(entry.payload, Readings)
        and any(each.metric == metric and value in (None, each.value) for each in entry.payload.readings)
    )


def test_a_ward_tells_what_stands_in_it_and_what_it_reads(ward: Ward, hub: Hub) -> None:
    ward.start()
    heard = Heard(hub)
    heard.begin()
    inventory = heard.until(lambda entry: isinstance(entry.payload, Inventory)).payload
    assert isinstance(inventory, Inventory)
    assert [(each.id, each.parent, each.interval_seconds) for each in inventory.devices] == [
        ("self", "", 1.0),
        ("door", "self", 1.0),
    ]
    assert heard.until(reads("self", "memory_used_percent")).kind == "server"
    assert heard.until(reads("door", "reachable", 1.0)).kind == "service"
    heard.until(lambda entry: isinstance(entry.payload, Facts) and entry.device == "self")


def test_a_clean_stop_leaves_a_whole_journal_that_ends_with_it(ward: Ward, hub: Hub) -> None:
    ward.start()
    heard = Heard(hub)
    heard.begin()
    heard.until(reads("self", "memory_used_percent"))
    assert ward.end(signal.SIGTERM) == 0
    assert not hub.status(lambda status: not status.online).online
    stopped = heard.until(lambda entry: isinstance(entry.payload, Lifecycle) and entry.position > 1)
    assert isinstance(stopped.payload, Lifecycle)
    assert stopped.payload.event is LifecycleEvent.STOPPED
    report = verify(ward.journal)
    assert report.ok, report.as_dict()


def test_a_stop_lingers_until_the_district_has_everything(ward: Ward, hub: Hub) -> None:
    ward.start("--linger", "15s")
    heard = Heard(hub)
    incarnation = heard.begin()
    heard.until(reads("self", "memory_used_percent"))
    assert ward._process is not None
    ward._process.send_signal(signal.SIGINT)
    last = heard.until(
        lambda entry: isinstance(entry.payload, Lifecycle) and entry.payload.event is LifecycleEvent.STOPPED
    ).position
    assert ward._process.poll() is None
    ranges = [wire.Range(first=1, last=last)]
    hub.ask(wire.Request(committed=wire.Committed(incarnation=incarnation, ranges=ranges)))
    assert ward._process.wait(timeout=5) == 0


def test_a_condition_that_cleared_while_the_agent_was_dead_is_cleared_when_it_is_back(
    ward: Ward, hub: Hub, door: Door
) -> None:
    ward.start()
    heard = Heard(hub)
    before = heard.begin()
    heard.until(reads("door", "reachable", 1.0))
    door.shut()
    raised = heard.until(is_condition("door", ConditionState.RAISED)).payload
    ward.end(signal.SIGKILL)
    door.open()
    ward.start()
    after = Heard(hub, before)
    after.begin()
    cleared = after.until(is_condition("door", ConditionState.CLEARED)).payload
    assert isinstance(raised, Condition)
    assert isinstance(cleared, Condition)
    assert cleared.since_us == raised.since_us
    assert raised.severity is Severity.FAILURE


def test_a_condition_still_true_after_a_kill_is_not_raised_twice(ward: Ward, hub: Hub, door: Door) -> None:
    ward.start()
    heard = Heard(hub)
    before = heard.begin()
    heard.until(reads("door", "reachable", 1.0))
    door.shut()
    heard.until(is_condition("door", ConditionState.RAISED))
    ward.end(signal.SIGKILL)
    ward.start()
    after = Heard(hub, before)
    after.begin()
    after.until(reads("door", "reachable", 0.0))
    hub.ask(wire.Request(id="poll", poll=wire.PollNow(device="door")))
    door.open()
    after.until(is_condition("door", ConditionState.CLEARED))
    assert after.conditions() == [("door", ConditionState.CLEARED)]


def test_readings_go_on_into_the_journal_without_a_broker(ward: Ward, broker: Mosquitto) -> None:
    broker.kill()
    ward.start()
    deadline = time.monotonic() + SECONDS
    while not _has_facts(ward, "self"):
        assert time.monotonic() < deadline, ward.log.read_text(encoding="utf-8")
        time.sleep(0.05)
    assert ward.end(signal.SIGTERM) == 0
    assert "no uplink" in ward.log.read_text(encoding="utf-8")
    assert verify(ward.journal).readings > 3


def _has_facts(ward: Ward, device: str) -> bool:
    try:
        entries = [decode(entry) for entry in events_newest_first(ward.journal)]
    except JournalError:
        return False  # the agent is only just making it
    return any(entry.device == device and isinstance(entry.payload, Facts) for entry in entries)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk needs mount(8), and that needs root")
def test_a_full_disk_is_told_and_the_agent_goes_on(ward: Ward, hub: Hub) -> None:
    ward.data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "none", str(ward.data)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode()}")
    try:
        ward.start()
        heard = Heard(hub)
        heard.begin()
        heard.until(reads("self", "memory_used_percent"))
        ballast = ward.data / "ballast"
        try:
            with ballast.open("wb") as file:
                while file.write(b"x" * 4096):
                    file.flush()
        except OSError as error:
            assert "No space" in str(error)
        assert hub.status(lambda status: bool(status.trouble)).trouble == "disk_full"
        ballast.unlink()
        hub.status(lambda status: not status.trouble)
        heard.until(
            lambda entry: (
                isinstance(entry.payload, Lifecycle) and entry.payload.event is LifecycleEvent.JOURNAL_RECOVERED
            )
        )
        assert ward.end(signal.SIGTERM) == 0
        assert verify(ward.journal).ok
    finally:
        ward.abandon()
        subprocess.run(["umount", str(ward.data)], check=True)


# ---- in small ------------------------------------------------------------------------------------------------------


def test_a_step_of_the_wall_clock_is_noticed_once_and_drift_is_not() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    for _ in range(100):
        clock.advance(1)
        clock.step_wall(0.05)
        assert watch.step() is None
    clock.step_wall(-3600)
    step = watch.step()
    assert step == pytest.approx(-3600)
    assert watch.step() is None


def condition(rule: str, state: ConditionState, since_us: int = 1) -> Condition:
    return Condition("d", rule, "", state, Severity.FAILURE, since_us)


def test_open_is_what_was_not_cleared_since() -> None:
    raised, changed, cleared = ConditionState.RAISED, ConditionState.CHANGED, ConditionState.CLEARED
    written = [
        condition("a", raised, 5),
        condition("b", raised, 3),
        condition("b", changed, 3),
        condition("a", cleared),
        condition("c", cleared),
        condition("c", raised, 1),
    ]
    entries = [
        encode(Entry(b"i" * 16, number + 1, 0, b"b" * 16, 0, ClockState.UNKNOWN, "ups", "d", each))
        for number, each in enumerate(written)
    ]
    assert [(each.rule, each.state) for each in open_conditions([*reversed(entries), b"\xff"])] == [
        ("c", raised),
        ("b", changed),
    ]


def test_what_was_seen_good_outlives_a_restart_and_a_damaged_file_costs_no_more_than_that(tmp_path: Path) -> None:
    seen = [Seen("switch-1", "port_down", "Gi 1/1"), Seen("switch-1", "port_down", "cổng 2")]
    memory = SeenGood(tmp_path / "seen.json")
    assert memory.load() == []
    memory.save(seen)
    assert SeenGood(tmp_path / "seen.json").load() == seen
    (tmp_path / "seen.json").write_text('[["a"]', encoding="utf-8")
    assert SeenGood(tmp_path / "seen.json").load() == []
    memory = SeenGood(tmp_path / "no such folder" / "seen.json")
    memory.save(seen)  # told in the log, and the agent goes on
