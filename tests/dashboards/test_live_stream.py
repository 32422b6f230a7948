"""The live stream, over real sockets: at once, all of it, once, and bounded."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from dashboards.console.site import Change, Presence, Topic
from telemetry.clock import SystemClock
from telemetry.conditions import Severity
from tests.dashboards.conftest import Running, make_site
from tests.dashboards.plain_site import condition, device_state

Run = Callable[..., Running]


@dataclass(frozen=True)
class Event:
    id: str
    name: str
    data: dict[str, object]


def events(answer: httpx.Response) -> Iterator[Event]:
    """As WHATWG HTML §9.2.6 reads them."""
    last_id, name, data = "", "", ""
    for line in answer.iter_lines():
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            last_id = value
        elif field == "event":
            name = value
        elif field == "data":
            data += value
        elif not line:
            if data:
                yield Event(last_id, name, json.loads(data))
            name, data = "", ""


class Listening:
    """A page's stream, read in a thread of its own until told to stop."""

    def __init__(self, client: httpx.Client, path: str, last_event_id: str | None = None) -> None:
        self.got: list[Event] = []
        self.status = 0
        self.ended = threading.Event()
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        request = client.build_request("GET", path, headers=headers)
        self._answer = client.send(request, stream=True)
        self.status = self._answer.status_code
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for event in events(self._answer):
                self.got.append(event)
        except (httpx.HTTPError, httpx.StreamError):
            self.ended.set()  # the connection was cut: by us, or by the test
        self.ended.set()

    def named(self, name: str) -> list[Event]:
        return [event for event in list(self.got) if event.name == name]

    def close(self) -> None:
        # Not only closed: the other thread is reading, and the kernel says goodbye when nobody holds the socket.
        self._answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._answer.close()


def battery(event: Event) -> float:
    device = event.data["device"]
    assert isinstance(device, dict)
    return float(device["readings"][0]["value"])


def test_a_change_reaches_the_page_at_once(run_console: Run) -> None:
    running = run_console()
    client = running.client()
    page = client.get("/api/wards/hai-chau-1").json()
    listening = Listening(client, f"/api/events?ward=hai-chau-1&last_event_id={page['last_event_id']}")
    assert listening.status == 200
    start = time.monotonic()
    running.site.put("hai-chau-1", device_state("ups-1", 42))
    running.until(lambda: bool(listening.named("device")), "no event came")
    assert time.monotonic() - start < 2
    (event,) = listening.named("device")
    assert event.data["ward"] == "hai-chau-1" and battery(event) == 42
    assert event.data["device"] == client.get("/api/wards/hai-chau-1").json()["devices"][0]
    running.until(lambda: bool(listening.named("ward")), "the ward was not told of")


def test_a_district_page_gets_wards_only(run_console: Run) -> None:
    running = run_console(last_word_seconds=0.1, coalesce_seconds=0.05)
    client = running.client()
    listening = Listening(client, "/api/events")
    other = Listening(client, "/api/events?ward=thach-thang")
    for value in range(5):
        running.site.put("hai-chau-1", device_state("ups-1", value))
        time.sleep(0.06)
    running.site.raise_condition("hai-chau-1", condition("ups-1", "ups_on_battery", severity=Severity.ATTENTION))
    running.until(lambda: any(e.data["worst"] == "attention" for e in listening.named("ward")), "no condition came")
    running.until(lambda: any(e.data["worst"] == "attention" for e in other.named("ward")), "no condition came")
    assert {event.name for event in listening.got} == {event.name for event in other.got} == {"ward"}


def test_a_wards_user_hears_of_its_own_ward_only(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.05)
    listening = Listening(running.client("minh"), "/api/events")
    running.site.say("hai-chau-1", presence=Presence.OFFLINE)
    running.site.say("thach-thang", presence=Presence.OFFLINE)
    running.until(lambda: bool(listening.got), "nothing came")
    time.sleep(0.3)
    assert {event.data["id"] for event in listening.got} == {"thach-thang"}


def test_what_comes_between_the_page_and_its_stream_is_not_missed(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.05)
    client = running.client()
    page = client.get("/api/wards/hai-chau-1").json()
    running.site.put("hai-chau-1", device_state("ups-1", 1))
    time.sleep(0.3)
    running.site.put("hai-chau-1", device_state("ups-1", 2))
    time.sleep(0.3)
    listening = Listening(client, f"/api/events?ward=hai-chau-1&last_event_id={page['last_event_id']}")
    running.until(lambda: len(listening.named("device")) == 2, "not all came")
    assert [battery(event) for event in listening.named("device")] == [1, 2]
    assert listening.named("reset") == []


def test_a_stream_cut_at_random_loses_and_doubles_nothing(run_console: Run, seed: int) -> None:
    rng = random.Random(seed)
    running = run_console(coalesce_seconds=0.01, last_word_seconds=0.02)
    client = running.client()
    whole = Listening(client, "/api/events?ward=hai-chau-1")
    start = client.get("/api/wards/hai-chau-1").json()["last_event_id"]
    done = threading.Event()

    def change() -> None:
        wards = ("hai-chau-1", "thach-thang")
        for value in range(250):
            running.site.put(rng.choice(wards), device_state("ups-1", value))
            time.sleep(rng.random() * 0.02)
        running.site.put("hai-chau-1", device_state("ups-1", 999))
        done.set()

    threading.Thread(target=change, daemon=True).start()
    got: list[Event] = []
    cuts = 0
    last = start
    while not (done.is_set() and any(event.name == "device" and battery(event) == 999 for event in got)):
        part = Listening(client, "/api/events?ward=hai-chau-1&last_event_id=0:0", last)
        time.sleep(rng.random() * 0.15)
        part.close()
        got += part.got
        last = got[-1].id if got else start
        cuts += 1
        assert cuts < 400, "the last change never came"
    running.until(
        lambda: any(e.name == "device" and battery(e) == 999 for e in whole.got), "the whole stream ends early"
    )
    until = next(n for n, event in enumerate(got) if event.name == "device" and battery(event) == 999)
    both = [[event.id for event in each] for each in (got[: until + 1], whole.got)]
    first = both[1].index(both[0][0])
    assert both[0] == both[1][first : first + until + 1]
    assert len(set(both[0])) == len(both[0]) and cuts > 5
    assert not [event for event in got if event.name == "reset"]


@pytest.mark.parametrize("last", ["0badc0de:5", "nonsense", "0"])
def test_a_page_from_before_a_restart_is_told_to_fetch_anew(run_console: Run, last: str) -> None:
    running = run_console()
    client = running.client()
    listening = Listening(client, "/api/events", last)
    running.until(lambda: bool(listening.got), "no reset came")
    assert [event.name for event in listening.got] == ["reset"]
    running.site.say("hai-chau-1", presence=Presence.OFFLINE)
    running.until(lambda: bool(listening.named("ward")), "the stream did not go on after the reset")
    assert len(listening.named("reset")) == 1


def test_a_page_that_was_away_too_long_is_told_to_fetch_anew(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.01, ring_events=10)
    client = running.client()
    page = client.get("/api/wards/hai-chau-1").json()
    keeps_up = Listening(client, "/api/events?ward=hai-chau-1")
    for value in range(30):
        running.site.put("hai-chau-1", device_state("ups-1", value))
        running.until(lambda value=value: len(keeps_up.named("device")) > value, "an event is missing")
    late = Listening(client, "/api/events?ward=hai-chau-1", page["last_event_id"])
    running.until(lambda: bool(late.got), "no reset came")
    assert late.got[0].name == "reset"
    assert keeps_up.named("reset") == []


def test_with_nobody_there_nothing_is_read_and_who_comes_back_fetches_anew(run_console: Run) -> None:
    running = run_console(interest_seconds=0.05, coalesce_seconds=0.01)
    client = running.client()
    before = client.get("/api/wards/hai-chau-1").json()["last_event_id"]
    time.sleep(0.2)
    reads = running.site.reads
    for value in range(50):
        running.site.put("hai-chau-1", device_state("ups-1", value))
    time.sleep(0.2)
    assert running.site.reads == reads
    late = Listening(client, "/api/events?ward=hai-chau-1", before)
    running.until(lambda: bool(late.got), "no reset came")
    assert late.got[0].name == "reset"


def test_a_storm_of_changes_is_told_four_times_a_second_and_ends_with_the_last(run_console: Run) -> None:
    running = run_console()
    client = running.client()
    listening = Listening(client, "/api/events?ward=hai-chau-1")
    start = time.monotonic()
    value = 0
    while time.monotonic() - start < 2:
        value += 1
        running.site.put("hai-chau-1", device_state("ups-1", value))
        time.sleep(0.002)
    running.until(lambda: any(battery(event) == value for event in listening.named("device")), "the last never came")
    took = time.monotonic() - start
    assert 4 <= len(listening.named("device")) <= took * 4 + 2
    assert value > 100


def test_a_ward_that_only_speaks_is_told_of_seldom_but_told_of(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.02, last_word_seconds=0.5)
    listening = Listening(running.client(), "/api/events")
    for value in range(40):
        running.site.ward_states["hai-chau-1"] = running.site.ward_states["hai-chau-1"].__class__(
            "hai-chau-1", "Phường", Presence.ONLINE, 1_000_000 + value * 1000
        )
        running.site.put("hai-chau-1", device_state("ups-1", 5))
        time.sleep(0.025)
    running.until(lambda: any(e.data["last_word_ms"] == 1039 for e in listening.named("ward")), "the last word is old")
    assert 2 <= len(listening.named("ward")) <= 6


def test_another_inventory_sends_the_wards_own_pages_for_it(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.02)
    client = running.client()
    client.get("/api/wards/hai-chau-1")
    own = Listening(client, "/api/events?ward=hai-chau-1")
    other = Listening(client, "/api/events")
    running.site.device_states["hai-chau-1"] = {"new-1": device_state("new-1", 1)}
    running.site.tell(Change(Topic.WARD, "hai-chau-1"))
    running.until(lambda: bool(own.named("reset")), "no reset came")
    running.until(lambda: any(event.data["device_count"] == 1 for event in other.named("ward")), "the ward is old")
    assert other.named("reset") == []


def test_a_store_that_fails_for_a_while_loses_no_change(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.02)
    client = running.client()
    listening = Listening(client, "/api/events?ward=hai-chau-1")
    running.site.broken = OSError("disk I/O error")
    running.site.put("hai-chau-1", device_state("ups-1", 77))
    time.sleep(0.3)
    assert listening.got == []
    running.site.broken = None
    running.until(lambda: any(battery(event) == 77 for event in listening.named("device")), "the change was lost")


def test_a_quiet_stream_has_a_heartbeat_that_moves_its_id_on(run_console: Run) -> None:
    running = run_console(heartbeat_seconds=0.1, coalesce_seconds=0.02)
    client = running.client()
    with client.stream("GET", "/api/events?ward=thach-thang") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        lines: list[str] = []
        watched = Listening(client, "/api/events?ward=hai-chau-1")
        running.site.put("hai-chau-1", device_state("ups-1", 5))
        running.until(lambda: bool(watched.named("device")), "no event came")
        for line in answer.iter_lines():
            lines.append(line)
            if line == f"id: {watched.got[-1].id}" and lines.count(": ") >= 3:
                break
    assert lines[0] == "retry: 2000"


def test_a_reader_that_takes_nothing_costs_nobody_and_is_let_go(run_console: Run) -> None:
    running = run_console(coalesce_seconds=0.01, stall_seconds=1.0, ring_bytes=500_000)
    client = running.client()
    slow = socket.create_connection(("127.0.0.1", running.port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    cookie = client.cookies["wardwatch_session"]
    slow.sendall(
        f"GET /api/events?ward=hai-chau-1 HTTP/1.1\r\nHost: x\r\nCookie: wardwatch_session={cookie}\r\n\r\n".encode()
    )
    fast = Listening(client, "/api/events?ward=hai-chau-1")
    fanout = running.app.state.console.fanout
    running.until(lambda: fanout.readers == 2, "the streams did not open")
    for value in range(5000):
        running.site.put("hai-chau-1", device_state("ups-1", value, readings=400))
        time.sleep(0.01)
        if fanout.readers == 1:
            break
    assert fanout.readers == 1, "the slow reader is still held"
    running.site.put("hai-chau-1", device_state("ups-1", 9999))
    running.until(lambda: any(battery(event) == 9999 for event in fast.named("device")), "the fast reader was held up")
    assert fast.named("reset") == []
    slow.close()


def test_one_session_cannot_open_streams_without_end(run_console: Run) -> None:
    running = run_console(streams_per_session=3)
    client = running.client()
    open_ones = [Listening(client, "/api/events") for _ in range(3)]
    answer = client.get("/api/events")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    assert running.client("ha").get("/api/site").status_code == 200
    open_ones[0].close()
    fanout = running.app.state.console.fanout
    running.until(lambda: fanout.readers == 2, "the closed stream still counts")
    assert Listening(client, "/api/events").status == 200


def test_signing_out_ends_the_sessions_streams_and_no_others(run_console: Run) -> None:
    running = run_console()
    leaving, staying = running.client(), running.client()
    gone, kept = Listening(leaving, "/api/events"), Listening(staying, "/api/events")
    assert leaving.delete("/api/session").status_code == 204
    assert gone.ended.wait(5)
    assert not kept.ended.is_set()


def test_the_stream_of_a_session_that_ended_elsewhere_ends_too(run_console: Run) -> None:
    running = run_console(heartbeat_seconds=0.05)
    listening = Listening(running.client(), "/api/events")
    running.app.state.console.accounts.reset_password("lan")
    assert listening.ended.wait(5)


def test_a_fan_out_that_cannot_go_on_shows_in_the_health(run_console: Run) -> None:
    site = make_site(SystemClock())
    site.listen = lambda listener: 1 / 0  # type: ignore[assignment,method-assign]
    running = run_console(site)
    running.until(lambda: httpx.get(f"{running.url}/api/health").status_code == 503, "the health hides it")
    assert running.client().get("/api/wards").status_code == 200


def test_the_server_stops_at_once_though_streams_are_open(run_console: Run) -> None:
    running = run_console()
    listening = Listening(running.client(), "/api/events")
    start = time.monotonic()
    running.stop()
    assert time.monotonic() - start < 2
    assert listening.ended.wait(5)
    assert running.site.listeners == []
