"""Beyond the router: two lines, and the city's applications by HTTP and HTTPS, asked by httpx and net-snmp."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from datetime import datetime

import httpx
import pytest

from simulator import faults
from simulator.mibs.values import oid
from simulator.net.http import Request, Response, talk
from simulator.net.man import Cut
from simulator.net.stream_door import StreamDoor
from tests.simulator.conftest import Lived, command
from tests.simulator.test_ward_model import new_ward

Peer = Callable[[str], str]
DEFAULT_ROUTE = oid("1.3.6.1.2.1.4.21.1.2.0.0.0.0")
IN_ERRORS, OPER = oid("1.3.6.1.2.1.2.2.1.14"), oid("1.3.6.1.2.1.2.2.1.8")


def number(lived: Lived, name: tuple[int, ...]) -> int | None:
    value = lived.snmp("router-1").objects().get(name)
    return None if value is None else int(value.data)  # type: ignore[arg-type]


def trusting(lived: Lived) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=lived.running.secrets.file("city", "ca.pem"))


async def test_an_application_answers_fails_and_is_slow(lived: Lived) -> None:
    url = f"http://127.0.0.1:{lived.port('service-2')}/"
    async with httpx.AsyncClient(timeout=20.0) as client:
        answer = await client.get(url)
        assert answer.status_code == 200
        assert "Quản lý văn bản" in answer.text
        assert (await client.head(url)).content == b""
        assert (await client.post(url, content=b"x")).status_code == 405
        faults.switch(lived.ward, "service-down", "service-2", True)
        assert (await client.get(url)).status_code == 503
        faults.switch(lived.ward, "service-down", "service-2", False)
        faults.switch(lived.ward, "service-slow", "service-2", True)
        began = time.monotonic()
        assert (await client.get(url)).status_code == 200
        assert time.monotonic() - began > 4.0


async def test_its_certificate_is_the_wards_own_authoritys_and_may_be_about_to_expire(lived: Lived) -> None:
    port = lived.port("service-1")

    async def days_left() -> float:
        async with httpx.AsyncClient(verify=trusting(lived), timeout=10.0) as client:
            answer = await client.get(f"https://127.0.0.1:{port}/")
        certificate = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert()
        expires = datetime.strptime(certificate["notAfter"], "%b %d %H:%M:%S %Y %Z")
        return expires.timestamp() / 86400 - time.time() / 86400

    lived.clock.step_wall(time.time() - lived.clock.wall_us() / 1e6)  # TLS knows no other clock than the real one
    for on, least, most in ((True, 5.0, 7.0), (False, 200.0, 300.0)):
        faults.switch(lived.ward, "certificate-expiring", "service-1", on)
        lived.simulation.show()
        assert least < await days_left() < most
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(timeout=10.0) as client:  # who does not know the authority
            await client.get(f"https://127.0.0.1:{port}/")


async def test_with_both_lines_cut_the_city_is_silent_with_one_it_answers(lived: Lived) -> None:
    url = f"http://127.0.0.1:{lived.port('service-4')}/"
    for fault, target, answers in (("line-down", "man", True), ("line-down", "backup", False)):
        faults.switch(lived.ward, fault, target, True)
        lived.simulation.show()
        async with httpx.AsyncClient(timeout=0.7) as client:
            try:
                answered = (await client.get(url)).status_code == 200
            except httpx.TimeoutException:
                answered = False
        assert answered is answers
    assert faults.FAULTS["man-down"].active(lived.ward) == ["ward"]
    faults.switch(lived.ward, "man-down", "ward", False)
    assert lived.ward.man_open
    assert faults.FAULTS["line-down"].active(lived.ward) == []


async def test_the_router_says_which_line_is_up_and_carries_the_traffic(lived: Lived) -> None:
    assert number(lived, DEFAULT_ROUTE) == 2
    faults.switch(lived.ward, "line-down", "uplink-man", True)
    before = lived.ward.router.lines["backup"].counters.in_octets if lived.ward.router else 0.0
    lived.pass_time(60.0)
    assert (number(lived, (*OPER, 2)), number(lived, (*OPER, 3)), number(lived, DEFAULT_ROUTE)) == (2, 1, 3)
    assert lived.ward.router is not None
    assert lived.ward.router.lines["backup"].counters.in_octets > before
    faults.switch(lived.ward, "line-down", "uplink-backup", True)
    assert number(lived, DEFAULT_ROUTE) is None


async def test_a_lossy_line_shows_in_the_errors_of_its_port(lived: Lived) -> None:
    lived.pass_time(60.0)
    assert (number(lived, (*IN_ERRORS, 2)), lived.ward.line_loss) == (0, 0.0)
    faults.switch(lived.ward, "line-lossy", "man", True)
    lived.pass_time(60.0)
    assert (number(lived, (*IN_ERRORS, 2)) or 0) > 100
    assert number(lived, (*IN_ERRORS, 3)) == 0
    assert lived.ward.line_loss == 0.3
    faults.switch(lived.ward, "line-down", "man", True)  # the other line is good
    assert lived.ward.line_loss == 0.0


async def test_on_a_lossy_line_the_way_to_the_district_stutters_but_stays(
    start: Callable[..., object], free_port: Callable[[], int]
) -> None:
    lived: Lived = await start(broker=f"127.0.0.1:{free_port()}")  # type: ignore[misc]
    faults.switch(lived.ward, "line-lossy", "man", True)
    line = lived.simulation.man
    assert line is not None
    cuts = []
    for _ in range(200):
        lived.simulation.show()
        cuts.append(line.cut)
    assert 30 < cuts.count(Cut.HANG) < 90
    assert cuts.count(None) == 200 - cuts.count(Cut.HANG)


def test_a_dead_router_takes_the_lines_and_the_city_with_it() -> None:
    ward = new_ward()
    faults.switch(ward, "device-dead", "router-1", True)
    gone = {device for device in ward.places if not ward.reachable(device)}
    city = {f"service-{n}" for n in range(1, 5)}
    assert gone == {"router-1", "uplink-man", "uplink-backup"} | city
    assert "uplink-man" not in faults.FAULTS["device-dead"].targets(ward)


async def test_http_takes_chunks_and_ends_at_what_is_none() -> None:
    async def answer(request: Request) -> Response:
        return Response(body=request.body[::-1])

    door = StreamDoor(talk(answer, "test"))
    url = f"http://127.0.0.1:{door.open()}/"

    async def pieces() -> object:
        yield b"abc"
        yield b"def"

    async with httpx.AsyncClient(timeout=10.0) as client:
        assert (await client.post(url, content=pieces())).content == b"fedcba"  # type: ignore[arg-type]
        for bad in (b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"\x16\x03\x01\r\n", b"GET / HTTP/1.1\r\nx\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            writer.write(bad)
            assert await asyncio.wait_for(reader.read(), 10.0) == b""
            writer.close()
        assert (await client.post(url, content=b"12")).content == b"21"
    door.close()


@pytest.mark.peer("snmpget")
async def test_a_full_disk_is_seen_by_net_snmp(lived: Lived, peer: Peer) -> None:
    async def used() -> float:
        names = ("1.3.6.1.2.1.25.2.3.1.5.1", "1.3.6.1.2.1.25.2.3.1.6.1")
        there = ("-v2c", "-c", "public", "-Oqv", f"127.0.0.1:{lived.port('server-2')}")
        size, taken = (await command(peer("snmpget"), *there, *names))[1].split()[-2:]
        return int(taken) / int(size)

    assert await used() < 0.7
    faults.switch(lived.ward, "disk-full", "server-2", True)
    assert await used() > 0.97
    assert "server-1" not in faults.FAULTS["disk-full"].targets(lived.ward), "the agent's own machine is real"
