"""net-snmp's own programs ask the virtual ward, and hear what the model is."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from simulator.mibs.values import Objects, Oid, Syntax, Value, integer, oid
from simulator.net.snmp_responder import MAX_MESSAGE_BYTES
from simulator.services.snmp import SnmpEngines
from tests.simulator.conftest import OUTPUT, Lived, command, read_net_snmp

pytestmark = pytest.mark.peer("snmpwalk")
Peer = Callable[[str], str]

SNMP_DEVICES = ("ups-1", "ups-2", "switch-1", "printer-1", "printer-2", "workstation-1")
ON_BATTERY = "1.3.6.1.2.1.33.1.4.1.0"
SECONDS_ON_BATTERY = "1.3.6.1.2.1.33.1.2.2.0"
HC_IN = "1.3.6.1.2.1.31.1.1.1.6"


def everything(lived: Lived, device: str) -> dict[Oid, Value]:
    objects = lived.snmp(device).objects()
    found: dict[Oid, Value] = {}
    step = objects.next(())
    while step is not None:
        found[step[0]] = step[1]
        step = objects.next(step[0])
    return found


def place(lived: Lived, device: str) -> str:
    return f"127.0.0.1:{lived.port(device)}"


def v3(lived: Lived, device: str) -> list[str]:
    user = lived.snmp(device).user
    assert user is not None
    authentication = ("-a", "SHA", "-A", user.auth_key)
    return ["-v3", "-l", "authPriv", "-u", user.name, *authentication, "-x", "AES", "-X", user.priv_key]


@pytest.mark.parametrize("device", SNMP_DEVICES)
async def test_a_v2c_walk_finds_every_object_with_its_type_and_value(lived: Lived, peer: Peer, device: str) -> None:
    status, said = await command(peer("snmpbulkwalk"), "-v2c", "-c", "public", *OUTPUT, place(lived, device), ".1")
    assert status == 0, said
    expected = everything(lived, device)
    assert len(expected) > 20
    assert read_net_snmp(said) == expected


@pytest.mark.parametrize("device", ["ups-2", "switch-1"])
async def test_a_v1_walk_finds_all_but_64_bit_counters(lived: Lived, peer: Peer, device: str) -> None:
    status, said = await command(peer("snmpwalk"), "-v1", "-c", "public", *OUTPUT, place(lived, device), ".1")
    assert status == 0, said
    known = everything(lived, device)
    expected = {name: value for name, value in known.items() if value.syntax is not Syntax.COUNTER64}
    assert len(expected) < len(known)
    assert read_net_snmp(said) == expected


async def test_a_v3_walk_with_authentication_and_privacy_finds_every_object(lived: Lived, peer: Peer) -> None:
    status, said = await command(peer("snmpbulkwalk"), *v3(lived, "router-1"), *OUTPUT, place(lived, "router-1"), ".1")
    assert status == 0, said
    assert read_net_snmp(said) == everything(lived, "router-1")


async def test_v3_refuses_a_wrong_key_a_wrong_user_and_too_little_security(lived: Lived, peer: Peer) -> None:
    right, there = v3(lived, "router-1"), place(lived, "router-1")
    wrong_key = [*right[:-1], "not-the-private-key"]
    wrong_auth = [part if part != right[8] else "not-the-auth-key" for part in right]
    wrong_user = [part if part != "wardwatch" else "somebody" for part in right]
    no_privacy = ["-v3", "-l", "authNoPriv", *right[3:9]]
    words = ("", "Authentication failure", "Unknown user name", "security level")
    for credentials, why in zip((wrong_key, wrong_auth, wrong_user, no_privacy), words, strict=True):
        status, said = await command(peer("snmpget"), "-t", "0.5", "-r", "0", *credentials, there, "1.3.6.1.2.1.1.3.0")
        assert status != 0
        assert why.lower() in said.lower()


async def test_v3_by_community_is_not_answered(lived: Lived, peer: Peer) -> None:
    quick = ("-t", "0.3", "-r", "0", "-v2c", "-c")
    for device, community in (("router-1", "public"), ("ups-1", "private")):
        status, said = await command(peer("snmpget"), *quick, community, place(lived, device), "1.3.6.1.2.1.1.3.0")
        assert status != 0
        assert "Timeout" in said


async def test_what_is_not_there_is_said_as_the_rfc_says_it(lived: Lived, peer: Peer) -> None:
    there = place(lived, "ups-1")
    names = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.3.1", "1.3.6.1.2.1.99.1.0")
    status, said = await command(peer("snmpget"), "-v2c", "-c", "public", "-On", there, *names)
    assert status == 0
    lines = said.splitlines()
    assert "Timeticks" in lines[0]
    assert "No Such Instance" in lines[1]
    assert "No Such Object" in lines[2]
    status, said = await command(peer("snmpget"), "-v1", "-c", "public", "-On", there, *names[:2])
    assert "noSuchName" in said
    status, said = await command(peer("snmpgetnext"), "-v2c", "-c", "public", "-On", there, "1.3.6.1.9")
    assert "No more variables left" in said
    status, said = await command(peer("snmpgetnext"), "-v1", "-c", "public", "-On", there, "1.3.6.1.9")
    assert "noSuchName" in said


async def test_an_alert_table_without_alerts_is_known_but_empty(lived: Lived, peer: Peer) -> None:
    there = place(lived, "printer-1")
    _, said = await command(peer("snmpget"), "-v2c", "-c", "public", there, "1.3.6.1.2.1.43.18.1.1.7.1.1")
    assert "No Such Instance" in said


async def test_more_than_fits_is_too_big_for_get_and_cut_for_getbulk(lived: Lived, peer: Peer) -> None:
    there = place(lived, "switch-1")
    names = [f"1.3.6.1.2.1.2.2.1.2.{1 + number % 24}" for number in range(60)]
    status, said = await command(peer("snmpget"), "-v2c", "-c", "public", "-Cf", there, *names)
    assert status != 0
    assert "tooBig" in said
    status, said = await command(
        peer("snmpbulkget"), "-v2c", "-c", "public", "-Cr200", *OUTPUT, there, "1.3.6.1.2.1.2.2"
    )
    assert status == 0
    found = read_net_snmp(said)
    assert 25 < len(found) < 200
    known = everything(lived, "switch-1")
    assert all(known[name] == value for name, value in found.items())


async def test_no_answer_is_longer_than_an_ethernet_frame_carries(lived: Lived) -> None:
    request = bulk_request("1.3.6", repetitions=200)
    lengths = [len(await exchange(lived.port(device), request)) for device in SNMP_DEVICES]
    assert max(lengths) <= MAX_MESSAGE_BYTES
    assert min(lengths) > MAX_MESSAGE_BYTES // 2


async def test_nothing_can_be_set(lived: Lived, peer: Peer) -> None:
    _, said = await command(
        peer("snmpset"), "-v2c", "-c", "public", place(lived, "ups-1"), "1.3.6.1.2.1.1.5.0", "s", "mine"
    )
    assert "notWritable" in said


async def test_a_table_reads_as_a_table(lived: Lived, peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "WARDSIM-TEST-MIB.txt").write_text(SUPPLIES_MIB, encoding="ascii")
    arguments = ("-v2c", "-c", "public", "-M", tmp_path, "-m", "WARDSIM-TEST-MIB", "-Cf", ";", "-Ci")
    status, said = await command(peer("snmptable"), *arguments, place(lived, "printer-2"), "WARDSIM-TEST-MIB::supplies")
    assert status == 0, said
    rows = [line.split(";") for line in said.splitlines() if line.count(";") == 3]
    assert rows[0] == ["index", "supplyDescription", "supplyMax", "supplyLevel"]
    assert [row[1].strip('"') for row in rows[1:5]] == [
        f"{c} Cartridge" for c in ("Black", "Cyan", "Magenta", "Yellow")
    ]
    assert rows[1][2:] == ["5000", "2750"]


async def test_the_wire_follows_the_ward(lived: Lived, peer: Peer) -> None:
    there = place(lived, "ups-1")

    async def now() -> list[int]:
        arguments = ("-v2c", "-c", "public", "-Oqv", there, ON_BATTERY, SECONDS_ON_BATTERY)
        return [int(line) for line in (await command(peer("snmpget"), *arguments))[1].splitlines()]

    assert await now() == [3, 0]
    lived.ward.mains.on = False
    lived.pass_time(90.0)
    assert await now() == [5, 90]
    lived.ward.mains.on = True
    lived.pass_time(1.0)
    assert await now() == [3, 0]


async def test_counters_grow_by_what_flowed(lived: Lived, peer: Peer) -> None:
    async def walk() -> dict[Oid, Value]:
        arguments = ("-v2c", "-c", "public", *OUTPUT, place(lived, "switch-1"), HC_IN)
        return read_net_snmp((await command(peer("snmpbulkwalk"), *arguments))[1])

    before = await walk()
    lived.pass_time(60.0)
    after = await walk()
    used = {place.port for place in lived.ward.places.values() if place.port}
    for name, value in after.items():
        grown = int(value.data) - int(before[name].data)  # type: ignore[arg-type]
        assert (grown > 0) == (name[-1] in used)
    assert max(int(value.data) for value in after.values()) > 2**32  # type: ignore[arg-type]


async def exchange(port: int, datagram: bytes, seconds: float = 2.0) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setblocking(False)
        asker.connect(("127.0.0.1", port))
        await loop.sock_sendall(asker, datagram)
        async with asyncio.timeout(seconds):
            return await loop.sock_recv(asker, 65535)


def bulk_request(name: str, repetitions: int) -> bytes:
    """A v2c GetBulkRequest for one name, as pysnmp's codec writes it."""
    pdu = v2c.GetBulkRequestPDU()
    v2c.apiBulkPDU.set_defaults(pdu)
    v2c.apiBulkPDU.set_non_repeaters(pdu, 0)
    v2c.apiBulkPDU.set_max_repetitions(pdu, repetitions)
    v2c.apiBulkPDU.set_varbinds(pdu, [(oid(name), v2c.null)])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def garbage(chance: random.Random) -> list[bytes]:
    """Nothing, lengths that lie, noise, and requests with a bent octet or two."""
    valid = bulk_request("1.3.6.1.2.1", repetitions=5)
    found = [b"", b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", valid[:-3], valid + b"tail", bytes(1400)]
    for _ in range(150):
        bent = bytearray(valid)
        for _ in range(chance.randrange(1, 4)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        found += [bytes(bent), chance.randbytes(chance.randrange(1, 200))]
    return found


async def test_garbage_datagrams_harm_nobody(lived: Lived, peer: Peer, seed: int) -> None:
    sent = garbage(random.Random(seed))
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for device in ("ups-1", "router-1"):
            for datagram in sent:
                sender.sendto(datagram, ("127.0.0.1", lived.port(device)))
                await asyncio.sleep(0)
            credentials = v3(lived, device) if device == "router-1" else ["-v2c", "-c", "public"]
            arguments = ("-r", "3", "-t", "2", place(lived, device), "1.3.6.1.2.1.1.5.0")
            status, said = await command(peer("snmpget"), *credentials, *arguments)
            assert status == 0, said
            assert device in said
    assert lived.simulation.premises.shared(SnmpEngines).traffic.datagrams > len(sent)
    assert unhandled == []


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1)), max_size=5), st.integers(0, 200))
def test_next_is_always_the_smallest_name_above(extra: list[tuple[int]], start: int) -> None:
    objects = Objects()
    objects.scalar(oid("1.3.6"), integer(1))
    objects.column(oid("1.3.7"), {(5,): integer(2), (1, 9): integer(3)})
    names = sorted([(1, 3, 6, 0), (1, 3, 7, 1, 9), (1, 3, 7, 5)])
    objects.done()
    asked = (1, 3, *(part[0] for part in extra), start)
    above = [name for name in names if name > asked]
    found = objects.next(asked)
    assert (found[0] if found else None) == (above[0] if above else None)


SUPPLIES_MIB = """WARDSIM-TEST-MIB DEFINITIONS ::= BEGIN
wardsimTest OBJECT IDENTIFIER ::= { iso 3 6 1 2 1 43 }
markerSupplies OBJECT IDENTIFIER ::= { wardsimTest 11 }
supplies OBJECT-TYPE SYNTAX SEQUENCE OF Supply MAX-ACCESS not-accessible STATUS current
    DESCRIPTION "t" ::= { markerSupplies 1 }
supply OBJECT-TYPE SYNTAX Supply MAX-ACCESS not-accessible STATUS current
    DESCRIPTION "t" INDEX { supplyDevice, supplyNumber } ::= { supplies 1 }
Supply ::= SEQUENCE { supplyDescription OCTET STRING, supplyMax INTEGER, supplyLevel INTEGER }
supplyDevice OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS not-accessible STATUS current DESCRIPTION "t" ::= { supply 98 }
supplyNumber OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS not-accessible STATUS current DESCRIPTION "t" ::= { supply 99 }
supplyDescription OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS read-only STATUS current DESCRIPTION "t" ::= { supply 6 }
supplyMax OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS read-only STATUS current DESCRIPTION "t" ::= { supply 8 }
supplyLevel OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS read-only STATUS current DESCRIPTION "t" ::= { supply 9 }
END
"""
