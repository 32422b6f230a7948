"""Against net-snmp's snmpd: every version and security level, and every way to be refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from collectors.registry import collector_for
from telemetry.clock import SystemClock
from telemetry.kinds import Kind
from telemetry.readings import Fact, ReasonCode
from tests.collectors.peers import poll_once, snmp_device, value_of

pytestmark = pytest.mark.peer("snmpd")

USERS = {
    "noauth": {"user": "noauth"},
    "authonly": {"user": "authonly", "auth": "SHA", "auth_key": "authpass123"},
    "authpriv": {
        "user": "authpriv",
        "auth": "SHA",
        "auth_key": "authpass123",
        "priv": "AES",
        "priv_key": "privpass123",
    },
    "old": {"user": "old", "auth": "MD5", "auth_key": "authpass123", "priv": "DES", "priv_key": "privpass123"},
}
VERSIONS = {"v1": {"version": "1"}, "v2c": {}, **USERS}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_computer_is_read_the_same_in_every_version(snmpd: int, version: str) -> None:
    result = await poll_once(snmp_device(snmpd, **VERSIONS[version]))
    assert result.reachable
    assert result.reason is None
    assert Fact("name", "ward-server") in result.facts
    assert Fact("location", "Counter hall") in result.facts
    for metric in ("memory_used_percent", "interfaces_count", "interfaces_up", "uptime_seconds"):
        assert value_of(result, metric) is not None, metric


async def test_a_second_poll_keeps_the_session_and_brings_the_same_metrics(snmpd: int) -> None:
    collector = collector_for(snmp_device(snmpd, Kind.SWITCH, **USERS["authpriv"]), clock=SystemClock())
    first = await collector.poll()
    second = await collector.poll()
    await collector.close()
    assert {(r.metric, r.instance) for r in first.readings} <= {(r.metric, r.instance) for r in second.readings}
    assert value_of(second, "port_in_bits_per_second", "lo") is None  # a loopback is no port
    assert any(r.metric == "port_in_bits_per_second" for r in second.readings) == any(
        r.metric == "port_up" for r in first.readings
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {**USERS["authpriv"], "user": "nobody"},
        {**USERS["authpriv"], "auth_key": "not-the-key"},
        {**USERS["authpriv"], "auth": "MD5"},
        {**USERS["authpriv"], "priv_key": "not-the-key"},
        {"user": "authpriv"},
    ],
    ids=["user", "auth key", "auth algorithm", "priv key", "no security"],
)
async def test_wrong_v3_credentials_are_called_wrong_credentials(snmpd: int, wrong: dict[str, str]) -> None:
    result = await poll_once(snmp_device(snmpd, **wrong))
    assert result.reason is not None
    assert result.reason.code is ReasonCode.WRONG_CREDENTIALS
    if wrong != {"user": "authpriv"}:
        assert not result.reachable
        assert not result.readings


async def test_a_wrong_community_is_silence_and_the_reason_says_that_it_may_be_one(snmpd: int) -> None:
    started = time.monotonic()
    result = await poll_once(snmp_device(snmpd, community="wrong"))
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.NO_ANSWER_SNMP
    assert time.monotonic() - started < 1.5  # one time-out, its retry within it
    assert "wrong" not in result.reason.detail  # a community is a secret


async def test_a_closed_port_is_told_at_once(free_port: Callable[[int], int]) -> None:
    started = time.monotonic()
    result = await poll_once(snmp_device(free_port(2)))
    assert not result.reachable
    assert result.reason is not None
    assert result.reason.code is ReasonCode.PORT_CLOSED
    assert time.monotonic() - started < 0.5


async def test_a_name_that_does_not_resolve_is_told() -> None:
    device = snmp_device(161).model_copy(update={"host": "no-such-host.invalid"})
    result = await poll_once(device)
    assert result.reason is not None
    assert result.reason.code is ReasonCode.NAME_UNKNOWN
    assert not result.reachable
