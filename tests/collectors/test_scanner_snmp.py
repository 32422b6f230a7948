"""A scanner that tells of itself by the printer's MIBs."""

from __future__ import annotations

from typing import Any

import pytest
from pysnmp.proto import rfc1902

from telemetry.kinds import Kind
from tests.collectors.peers import SYSTEM, Agent, poll_once, snmp_device, udp_peer

_STATUS, _ERRORS = "1.3.6.1.2.1.25.3.5.1.1.1", "1.3.6.1.2.1.25.3.5.1.2.1"


@pytest.mark.parametrize(
    ("status", "errors", "told"),
    [
        (3, b"\x00", {"scanner_state": 0.0, "scanner_jammed": 0.0, "scanner_door_open": 0.0}),
        (4, b"\x00", {"scanner_state": 1.0, "scanner_jammed": 0.0, "scanner_door_open": 0.0}),
        (3, b"\x04", {"scanner_state": 2.0, "scanner_jammed": 1.0, "scanner_door_open": 0.0}),
        (1, b"\x00", {"scanner_jammed": 0.0, "scanner_door_open": 0.0}),
    ],
    ids=["idle", "scanning", "jammed", "other"],
)
async def test_a_scanners_state_is_told_in_a_scanners_words(status: int, errors: bytes, told: dict[str, float]) -> None:
    objects: dict[str, Any] = {
        **SYSTEM,
        _STATUS: rfc1902.Integer32(status),
        _ERRORS: rfc1902.OctetString(errors),
    }
    async with udp_peer(Agent(objects)) as port:
        result = await poll_once(snmp_device(port, Kind.SCANNER))
    found = {each.metric: each.value for each in result.readings if each.metric.startswith("scanner_")}
    assert found == told
