"""Wards, devices, their past; who may see what."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import httpx
import pytest

from dashboards.console.causes import Causes, cause_of
from dashboards.console.site import History, Presence
from dashboards.console.thinning import thin
from telemetry.clock import FakeClock
from telemetry.conditions import Severity
from tests.dashboards.conftest import sign_in
from tests.dashboards.plain_site import PlainSite, condition, device_state

READ = [
    "/api/site", "/api/metrics", "/api/wards", "/api/wards/hai-chau-1", "/api/wards/hai-chau-1/devices/ups-1",
    "/api/wards/hai-chau-1/devices/ups-1/history?metric=battery_charge_percent",
    "/api/wards/hai-chau-1/devices/ups-1/conditions", "/api/events", "/api/session",
]  # fmt: skip


@pytest.mark.parametrize("path", READ)
async def test_nothing_is_told_to_who_is_not_signed_in(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_health_needs_no_sign_in(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/health")).json() == {"ok": True}


async def test_the_site_tells_its_name_version_and_time(client: httpx.AsyncClient, clock: FakeClock) -> None:
    await sign_in(client)
    expected = {"label": "Quận Hải Châu", "version": "1.2.3", "now_ms": clock.wall_us() // 1000}
    assert (await client.get("/api/site")).json() == expected


async def test_the_catalogue_is_sent_once(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    first = await client.get("/api/metrics")
    lines = {line["name"]: line for line in first.json()}
    assert lines["battery_charge_percent"]["vi"] == "Mức pin"
    again = await client.get("/api/metrics", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_wards_come_in_their_order_with_what_is_wrong(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.conditions["hai-chau-1"] = [
        condition("ups-1", "toner_low", severity=Severity.ATTENTION, since_us=1_000_000),
        condition("switch-1", since_us=9_000_000),
        condition("", "ward_silent", since_us=5_000_000),
    ]
    site.add_ward("never", [], Presence.NEVER)
    await sign_in(client)
    page = (await client.get("/api/wards")).json()
    assert [ward["id"] for ward in page["wards"]] == ["hai-chau-1", "thach-thang", "never"]
    ward = page["wards"][0]
    assert (ward["worst"], ward["device_count"], ward["devices_answering"]) == ("failure", 2, 2)
    assert [each["rule"] for each in ward["conditions"]] == ["ward_silent", "unreachable", "toner_low"]
    of_ward = ward["conditions"][0]
    assert (of_ward["device"], of_ward["device_name"], of_ward["since_ms"]) == ("", "Phường hai-chau-1", 5000)
    assert ward["conditions"][1]["device_kind"] == "switch"
    assert page["wards"][1]["worst"] is None
    assert page["wards"][2]["presence"] == "never"


async def test_a_condition_of_another_device_tells_its_name(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.conditions["hai-chau-1"] = [
        replace(condition("ups-1", "recorder_stopped"), instance="switch-1"),
        replace(condition("switch-1", "port_down", severity=Severity.ATTENTION), instance="gi5"),
    ]
    await sign_in(client)
    told = (await client.get("/api/wards/hai-chau-1")).json()["ward"]["conditions"]
    assert [(each["instance"], each["instance_name"]) for each in told] == [
        ("switch-1", "Thiết bị switch-1"),
        ("gi5", ""),
    ]


async def test_a_ward_page_holds_its_devices_with_readings_and_facts(client: httpx.AsyncClient) -> None:
    await sign_in(client)
    page = (await client.get("/api/wards/hai-chau-1")).json()
    assert [device["id"] for device in page["devices"]] == ["ups-1", "switch-1"]
    ups = page["devices"][0]
    assert ups["readings"][0]["metric"] == "battery_charge_percent" and ups["readings"][0]["value"] == 100
    assert (ups["parent"], ups["facts"]) == (None, [{"name": "vendor", "text": "APC"}])


async def test_a_device_page_holds_what_hangs_on_it(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.add_ward("big", [device_state("switch-1", 1), device_state("printer-1", 2, parent="switch-1")])
    await sign_in(client)
    page = (await client.get("/api/wards/big/devices/switch-1")).json()
    assert page["device"]["id"] == "switch-1"
    assert [child["id"] for child in page["children"]] == ["printer-1"]


@pytest.mark.parametrize(
    "path", ["/api/wards/nowhere", "/api/wards/hai-chau-1/devices/none", "/api/events?ward=nowhere", "/api/wards/A%00"]
)
async def test_an_unknown_place_is_said_in_the_readers_language(client: httpx.AsyncClient, path: str) -> None:
    await sign_in(client)
    answer = await client.get(path, headers={"Accept-Language": "en-GB,vi;q=0.2"})
    assert answer.status_code == 404
    assert answer.json() == {"code": "unknown_place", "message": "There is no such ward or device here."}
    assert (await client.get(path)).json()["message"] == "Không có phường hoặc thiết bị này."


async def test_a_number_that_is_none_is_left_out(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.add_ward("odd", [device_state("ups-1", math.nan), device_state("ups-2", math.inf)])
    await sign_in(client)
    page = json.loads((await client.get("/api/wards/odd")).text, parse_constant=lambda name: pytest.fail(name))
    assert [device["readings"] for device in page["devices"]] == [[], []]


# ---- roles ----


async def test_a_wards_user_sees_its_own_ward_only(client: httpx.AsyncClient) -> None:
    await sign_in(client, "minh")
    assert [ward["id"] for ward in (await client.get("/api/wards")).json()["wards"]] == ["thach-thang"]
    assert (await client.get("/api/wards/thach-thang")).status_code == 200
    for path in [*READ[3:7], "/api/events?ward=hai-chau-1"]:
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_place"), path


async def test_a_wards_user_polls_its_own_devices_only(client: httpx.AsyncClient, site: PlainSite) -> None:
    await sign_in(client, "minh")
    assert (await client.post("/api/wards/thach-thang/devices/ups-1/poll")).status_code == 202
    assert (await client.post("/api/wards/hai-chau-1/devices/ups-1/poll")).status_code == 404
    assert site.polled == [("thach-thang", "ups-1")]


async def test_an_auditor_reads_all_and_polls_nothing(client: httpx.AsyncClient, site: PlainSite) -> None:
    await sign_in(client, "ha")
    assert len((await client.get("/api/wards")).json()["wards"]) == 2
    answer = await client.post("/api/wards/hai-chau-1/devices/ups-1/poll")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert site.polled == []


async def test_an_impatient_finger_polls_once(client: httpx.AsyncClient, site: PlainSite, clock: FakeClock) -> None:
    await sign_in(client)
    for _ in range(5):
        assert (await client.post("/api/wards/hai-chau-1/devices/ups-1/poll")).status_code == 202
    assert len(site.polled) == 1
    clock.advance(3)
    await client.post("/api/wards/hai-chau-1/devices/ups-1/poll")
    assert len(site.polled) == 2


async def test_a_ward_out_of_contact_cannot_be_polled(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.say("hai-chau-1", presence=Presence.OFFLINE)
    await sign_in(client)
    answer = await client.post("/api/wards/hai-chau-1/devices/ups-1/poll")
    assert (answer.status_code, answer.json()["code"], site.polled) == (409, "ward_offline", [])


# ---- cause before consequence ----


async def test_what_hangs_on_a_dead_switch_names_the_switch(client: httpx.AsyncClient, site: PlainSite) -> None:
    chain = [
        device_state("core", 1),
        device_state("switch-2", 1, parent="core"),
        device_state("ap", 1, parent="switch-2"),
    ]
    site.add_ward("tree", [*chain, device_state("printer", 1, parent="ap")])
    site.conditions["tree"] = [condition("switch-2"), condition("printer"), condition("printer", "toner_low")]
    await sign_in(client)
    found = (await client.get("/api/wards/tree")).json()["ward"]["conditions"]
    causes = {(each["device"], each["rule"]): each["cause_device"] for each in found}
    assert causes == {
        ("switch-2", "unreachable"): None, ("printer", "unreachable"): "switch-2", ("printer", "toner_low"): None,
    }  # fmt: skip


async def test_what_is_reached_over_a_line_that_is_down_names_the_line(
    client: httpx.AsyncClient, site: PlainSite
) -> None:
    site.add_ward("cut", [device_state("uplink-man", 1), device_state("mail", 1, parent="uplink-man")])
    site.conditions["cut"] = [condition("uplink-man", "line_down"), condition("mail")]
    await sign_in(client)
    found = (await client.get("/api/wards/cut")).json()["ward"]["conditions"]
    assert {each["device"]: each["cause_device"] for each in found} == {"uplink-man": None, "mail": "uplink-man"}


async def test_a_line_that_is_cut_explains_its_port_and_the_use_of_the_other_line(
    client: httpx.AsyncClient, site: PlainSite
) -> None:
    lines = [device_state(line, 1, parent="router-1") for line in ("uplink-man", "uplink-backup")]
    site.add_ward("cut", [device_state("router-1", 1), *lines])
    site.conditions["cut"] = [
        condition("uplink-man", "line_down"),
        condition("uplink-backup", "on_backup_line"),
        condition("router-1", "wan_port_down"),
        condition("router-1", "port_half_duplex"),
    ]
    await sign_in(client)
    found = (await client.get("/api/wards/cut")).json()["ward"]["conditions"]
    assert {each["rule"]: each["cause_device"] for each in found} == {
        "line_down": None, "on_backup_line": "uplink-man", "wan_port_down": "uplink-man", "port_half_duplex": None,
    }  # fmt: skip


def test_a_port_that_fell_long_before_the_line_is_a_failure_of_its_own() -> None:
    line = condition("uplink-man", "line_down")
    port = replace(condition("router-1", "wan_port_down"), since_us=line.since_us - 3_600_000_000)
    assert Causes({"uplink-man": "router-1"}, [line, port]).of(port) is None


async def test_the_port_that_a_device_is_plugged_into_is_told(client: httpx.AsyncClient, site: PlainSite) -> None:
    printer = device_state("printer-1", 2, parent="switch-1")
    plugged = replace(printer, info=replace(printer.info, port="gi7"))
    site.add_ward("big", [device_state("switch-1", 1), plugged])
    await sign_in(client)
    devices = (await client.get("/api/wards/big")).json()["devices"]
    assert [(each["parent"], each["port"]) for each in devices] == [(None, None), ("switch-1", "gi7")]


def test_the_nearest_dead_ancestor_is_the_cause() -> None:
    parents = {"d": "c", "c": "b", "b": "a", "a": ""}
    assert cause_of("d", parents, {"a", "b", "d"}) == "b"
    assert cause_of("a", parents, {"a"}) is None


@pytest.mark.timeout(5)
def test_a_ring_of_parents_ends() -> None:
    ring = {"a": "b", "b": "c", "c": "a", "own": "own", "tail": "a"}
    assert cause_of("a", ring, {"a"}) is None
    assert cause_of("own", ring, {"own"}) is None
    assert cause_of("tail", ring, {"z"}) is None
    assert cause_of("a", ring, {"c"}) == "c"


# ---- the past ----


async def test_a_history_is_thinned_without_hiding_its_extremes(client: httpx.AsyncClient, site: PlainSite) -> None:
    end = site.now_us()
    times = [end - n * 10_000_000 for n in range(8640, 0, -1)]
    values = [50.0] * 8640
    values[4000], values[7000] = -5.0, 99.0
    site.series = History(times, values)
    await sign_in(client)
    answer = await client.get(
        "/api/wards/hai-chau-1/devices/ups-1/history", params={"metric": "battery_charge_percent", "points": 200}
    )
    body = answer.json()
    assert len(body["times_ms"]) == len(body["values"]) == len(body["low"]) == len(body["high"]) == 200
    assert (min(body["low"]), max(body["high"])) == (-5.0, 99.0)
    assert body["times_ms"] == sorted(body["times_ms"])


def test_a_short_history_is_left_as_it_is() -> None:
    out = thin("m", "", History([1_000_000, 2_000_000], [1.0, 2.0]), 0, 3_000_000, 10)
    assert (out.times_ms, out.values, out.low, out.high) == ([1000, 2000], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0])


def test_thinning_keeps_the_extremes_that_the_store_found_and_leaves_gaps() -> None:
    times = [n * 1000 for n in range(100)] + [900_000 + n * 1000 for n in range(100)]
    ones = [1.0] * 200
    history = History(times, ones, [0.0, *ones[1:]], [*ones[1:], 7.0])
    out = thin("m", "", history, 0, 1_000_000, 10)
    assert len(out.times_ms) == 2  # nothing was invented for the hole between
    assert (out.low[0], out.high[-1]) == (0.0, 7.0)


@pytest.mark.parametrize(
    "query",
    [
        "", "metric=", "metric=UPPER", "metric=a&from_ms=x", "metric=a&from_ms=-1", "metric=a&from_ms=5&to_ms=5",
        "metric=a&from_ms=9&to_ms=5", "metric=a&from_ms=1e9", "metric=a&to_ms=99999999999999999999",
        "metric=a&from_ms=0&to_ms=1790000000000", "metric=a&points=1", "metric=a&points=100000",
        "metric=a&instance=%00", "metric=a&instance=" + "x" * 201, "metric=" + "a" * 65, "metric=a%0A",
    ],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_refused_in_our_shape(client: httpx.AsyncClient, query: str) -> None:
    await sign_in(client)
    answer = await client.get(f"/api/wards/hai-chau-1/devices/ups-1/history?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_request")
    assert set(answer.json()) == {"code", "message"}


async def test_conditions_of_the_past_come_as_spans(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.conditions["hai-chau-1"] = [condition("ups-1", "ups_on_battery", since_us=7_000_000)]
    await sign_in(client)
    spans = (await client.get("/api/wards/hai-chau-1/devices/ups-1/conditions")).json()["spans"]
    assert spans == [
        {"rule": "ups_on_battery", "instance": "", "severity": "failure", "start_ms": 7000, "end_ms": None}
    ]


async def test_a_broken_store_is_an_answer_too(client: httpx.AsyncClient, site: PlainSite) -> None:
    await sign_in(client)
    site.broken = OSError("disk I/O error at /var/lib/secret-path")
    answer = await client.get("/api/wards/hai-chau-1")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret-path" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_large_answer_is_packed_for_those_who_can(client: httpx.AsyncClient, site: PlainSite) -> None:
    site.add_ward("big", [device_state(f"ups-{n}", n, readings=10) for n in range(40)])
    await sign_in(client)
    packed = await client.get("/api/wards/big", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/api/wards/big", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert plain.headers["cache-control"] == packed.headers["cache-control"] == "no-store"


async def test_the_openapi_names_every_route_and_nothing_is_loaded_from_elsewhere(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    assert {"/api/wards/{ward}", "/api/events", "/api/session", "/api/password"} <= set(paths)
    assert all(path.startswith("/api/") for path in paths)
    assert (await client.get("/docs")).status_code == 503  # the app's own pages, which are not built here
